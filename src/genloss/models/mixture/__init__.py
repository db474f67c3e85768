"""Gaussian mixtures by expectation-maximisation.

mixture       MixtureLearner, MixtureModel
em            expectation-maximisation: arrays in, arrays out
kmeans_start  k-means as its start
draw          the rows of a mixture
em_common     the same about one centre, for many components or dimensions
em_loop       its compiled iterations
em_start      its compiled start
kmeans_loop   the compiled part of k-means
"""
