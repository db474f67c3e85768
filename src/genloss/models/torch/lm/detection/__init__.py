"""Scorers that need a network: what a causal model says of texts.

judge       a model and its tokeniser, read once
token_laws  log-probability, rank, and the law of the next token, position by position
single      perplexity, log-rank, curvature: under one model
binoculars  a ratio under two models with one tokeniser
watermarks  KGW and SynthID, whose keys are known
"""
