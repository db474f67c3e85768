"""One self-contained page from run folders: what happened, what was expected, what it looked like.

Reads the store alone; needs the extra `report` (Jinja2, vl-convert). Pure: the same folders, the
same bytes.

sections     which runs belong together: experiments with targets, and loose runs by reality
naming       short labels of runs, from what differs between their specs
bands        quantiles over chains at the generations that are drawn
axes         linear, log or symlog: what an axis shows
figures      one figure per metric as Vega-Lite
theme        colours and type of the charts, light and dark
samples      kept rows as scatter panels, histograms, rank-frequency lines
images       kept images as grids, PNG without a library
words        numbers and figures in plain language
glossary     what each metric means
tables       verdicts, numbers, what did not apply, how to run it again
toml         a spec as TOML
references   the citations of exactly what the runs used
runtime      the optional dependencies
page         render and write_report
static       one chart as a PNG or SVG file
"""
