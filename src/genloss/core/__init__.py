"""The recursion and the roles around it; numpy only.

samples      Samples: rows with origin and weight
statistics   Moments and Counts: sufficient statistics that concatenate like rows
source       Source: endless data, drawn from models on demand
forms        which of these three the chain carries
roles        Model, Learner, Sampler, Regime, Curator and their capabilities
streams      named random streams
history      what a regime remembers of the past
regimes      what generation t trains on
samplers     how rows are drawn from a model
decoding     how a language model writes text
text         rows of tokens, and what text needs of realities and models
view         what a metric may look at, and what it answers
features     the space in which rows are compared
chain        the loop itself
"""
