"""Learners and the models they fit.

gaussian      GaussianLearner, GaussianModel: maximum likelihood or unbiased, rows or Moments
categorical   CategoricalLearner, CategoricalModel: rows or Counts
kde           KDELearner, KDEModel: fixed, Scott or Silverman bandwidth
mixture       MixtureLearner, MixtureModel: expectation-maximisation, on
mixture_em    its arrays in and out, mixture_em_start and mixture_em_loop its compiled steps,
kmeans_start  its k-means start (kmeans_loop compiled), and
mixture_draw  the rows of a mixture
ngram         NGramLearner, NGramModel: Kneser-Ney or add-k; ngram_counts its tree, ngram_tables
              its probabilities, ngram_draw its compiled walks
compiled, threads, columns   how compiled code is made, spread over cores and fed
"""
