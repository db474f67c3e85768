"""Figures: one file for each kind, and what they share.

bands        quantiles over chains
axes         linear, log or symlog: what an axis shows
lines        one figure per metric as Vega-Lite
layers       the bands, lines, published points and hover numbers of its charts
families     metrics that are read together, and the function that draws them
combined     what a figure of several metrics is
drawing      a figure of another package: one function from numbers to a chart
chart_rules  what such a chart must be, so that a page can show it on any paper
beside       controls in a chart over generations
areas        K shares as stacked areas
doses        a metric over a swept number
heat         a metric over two swept numbers
multiples    a chart for each cell of a sweep, on the same axes
explorer     runs that were made, chosen by sliders
fans         the quantiles of one law as a fan
rarefaction  types against tokens, a line per generation
histograms   histograms of the perplexity of texts, with both tails
paths        one metric against another, a path per run
samples      kept rows as scatter panels, histograms, rank-frequency lines
images       kept images as grids that one slider moves, PNG without a library
markers      shapes, so that colour is never the only code
overlaps     curves that lie on one another
size         a chart at the width that a page of print has for it
"""
