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
figures      one file for each kind of figure
wording      titles and meanings, as about.json of the runs has them
tables       verdicts, numbers, what did not apply, how to run it again
toml         a spec as TOML
references   the citations of exactly what the runs used
runtime      the optional dependencies
page         render and write_report
static       one chart as a PNG or SVG file
arrow        the long table in Arrow's form, a batch at a time
budget       what a page spends on one run
chapter      one section of the page, worked out
citation     how to cite a report or a run
frame        the numbers of runs as a data frame
guide        what a reader needs before the figures
long_table   the numbers of runs as one long table: a row per value
markup       text and data as safe parts of a page
opening      what a reader sees first
origins      how a run came to be
question     one sentence for a section of runs
sentences    what a figure shows, in a sentence or two
table_files  the long table as Parquet, CSV, JSON, Markdown or LaTeX
uniform      models that are no better than guessing
verdicts     targets beside our numbers, with the band that decides
"""
