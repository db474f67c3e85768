"""Learners and the models they fit.

gaussian      GaussianLearner, GaussianModel: maximum likelihood or unbiased, rows or Moments
laplace       LaplaceLearner, LaplaceModel: independent coordinates with heavy tails
categorical   CategoricalLearner, CategoricalModel: rows or Counts
linear        LeastSquaresLearner, LinearModel: regression of the last column on the others
logistic      LogisticLearner, LogisticModel: probabilities of a label, with a prior or without
halfspace     HalfspaceModel: labels by the side of a plane, some of them wrong
kde           KDELearner, KDEModel: fixed, Scott or Silverman bandwidth
mixture       MixtureLearner, MixtureModel: expectation-maximisation
ngram         NGramLearner, NGramModel: Kneser-Ney or add-k
makers        MakersLearner: several that scrape one web, each for itself
makers_joint  MakersModel, MakersLaw, MakersText: what they write together
torch         whatever needs torch
columns       rows as compiled loops want them
threads       chains side by side on the cores of a machine
"""
