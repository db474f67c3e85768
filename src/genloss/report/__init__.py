"""One self-contained page from run folders: what happened, what was expected, what it looked like.

Reads the store alone; needs the extra `report` (Jinja2, vl-convert). Pure: the same folders, the
same bytes.

sections     which runs belong together: experiments with targets, and loose runs by reality
reading      metrics at the generations that are drawn
factors      what differs between runs
naming       short labels, and runs spread over panels
bands        quantiles over chains
axes         linear, log or symlog: what an axis shows
figures      one figure per metric as Vega-Lite
layers       the bands, lines and hover numbers of its charts
theme        colours and type of the charts, light and dark
samples      kept rows as scatter panels, histograms, rank-frequency lines
images       kept images as grids, PNG without a library
words        numbers and figures in plain language
glossary     what each metric means
tables       verdicts, numbers, what did not apply, how to run it again
toml         a spec as TOML
references   the citations of exactly what the runs used
works        the works that may be cited
runtime      the optional dependencies
page         render and write_report
static       one chart as a PNG or SVG file
"""
