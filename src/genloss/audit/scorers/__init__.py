"""Scorers that need no network, and what betrays a machine without any score.

taught      the labelled texts that a scorer learns from
ngram       cross-entropy under n-grams of bytes
features    fifteen cheap numbers about a text
linear      logistic regression on them
function    a function of your own
green_list  a watermark over words, for a known key
tells       phrases and invisible marks that machines leave, a channel of its own
"""
