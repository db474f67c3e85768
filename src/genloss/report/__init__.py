"""One self-contained page from run folders: what happened, what was expected, what it looked like.

Reads the store alone; needs the extra `report` (Jinja2, vl-convert). Pure: the same folders, the
same bytes.

sections          which runs belong together: experiments with targets, and loose runs by reality
measured          metrics at the generations that are drawn
swept           what varies in the runs of a sweep
factors           what differs between runs
labels            short labels, and runs spread over panels
published_values  values that others reported, from the targets of an experiment
theme             colours and type of the charts, light and dark
kept_samples      rows and texts that runs kept
texts             kept texts, the same prompts through the generations
formatting        numbers and figures in plain language
figures           one file for each kind of figure
corpus            the page on a corpus, from audit.json
titles            titles and meanings, as about.json of the runs has them
tables            verdicts, numbers, what did not apply, how to run it again
references        the citations of exactly what the runs used
vega              Vega and vl-convert, loaded when charts are drawn
page              render and write_report
chart_files       charts as SVG, PDF and PNG files
arrow             the long table in Arrow's form, a batch at a time
profiles          the collapse profiles of runs: a sentence, a small matrix, numbers
budget            what a page spends on one run
chapter           one section of the page, worked out
citation          how to cite a report or a run
frame             the numbers of runs as a data frame
long_table        the numbers of runs as one long table: a row per value
markup            text and data as safe parts of a page
answer            what runs answer, in sentences
summary           what a reader sees first beside it
provenance        how a run came to be
question          one sentence for a section of runs
captions          what a figure shows, in a sentence or two
over_chains       the long table with its chains taken together: medians and intervals
table_files       tables as Parquet, CSV, JSON, Markdown or LaTeX
uniform_baseline  models that are no better than guessing
verdict_rows      targets beside our numbers, with the band that decides
glossary          the words that every page uses, and the classes of its runs
run_rows          the runs of a section, a row each
"""
