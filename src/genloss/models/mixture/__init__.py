"""Gaussian mixtures by expectation-maximisation.

mixture       MixtureLearner, MixtureModel
em            its arrays in and out; em_start and em_loop its compiled steps
kmeans_start  its k-means start; kmeans_loop its compiled part
draw          the rows of a mixture
"""
