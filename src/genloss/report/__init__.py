"""One self-contained page from run folders: what happened, what was expected, what it looked like.

Reads the store alone; needs the extra `report` (Jinja2, vl-convert). Pure: the same folders, the
same bytes.

sections     which runs belong together: experiments with targets, and loose runs by reality
reading      metrics at the generations that are drawn
factors      what differs between runs
naming       short labels, and runs spread over panels
published    values that others reported, from the targets of an experiment
theme        colours and type of the charts, light and dark
kept         rows and texts that runs kept
texts        kept texts, the same prompts through the generations
words        numbers and figures in plain language
figures/     one file for each kind of figure
wording      titles and meanings, as about.json of the runs has them
tables       verdicts, numbers, what did not apply, how to run it again
toml         a spec as TOML
references   the citations of exactly what the runs used
runtime      the optional dependencies
page         render and write_report
static       one chart as a PNG or SVG file
"""
