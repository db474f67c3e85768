"""Learners and the models they fit.

gaussian      GaussianLearner, GaussianModel: maximum likelihood or unbiased, rows or Moments
categorical   CategoricalLearner, CategoricalModel: rows or Counts
kde           KDELearner, KDEModel: fixed, Scott or Silverman bandwidth
mixture       MixtureLearner, MixtureModel: expectation-maximisation, on
mixture_em    the iteration itself, compiled, and
kmeans_start  its k-means start
"""
