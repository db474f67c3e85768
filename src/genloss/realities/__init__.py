"""Realities: p_0 as frozen recipes, realised for any number of chains.

gaussians    Gaussian in d dimensions, RandomGaussian with a law of its own in every chain
laplace      RandomLaplace: heavy tails, a law of its own in every chain
mixtures     SingleBlob, TwoBlobs, Blobs, ModeGrid: laws with named modes
shapes       TwoMoons, Circles, SwissRoll: curves with Gaussian noise
regression   Regression, Logistic, Halfspace: features and a response that depends on them
tokens       UniformTokens, ZipfMandelbrot, TokenLaw: laws over k symbols
finite       FiniteRows: rows that are handed out once each, and run dry
digits       Digits8x8: the handwritten digits that scikit-learn bundles
breast_cancer  BreastCancer: the tumours that scikit-learn bundles
idx          read_idx, and Mnist: MNIST or any look-alike in IDX files
from_file    TableFile: your own rows from .npy, .csv or .tsv
csv_table    the rows of a .csv, .tsv or array, and what was read as what
csv_looks    its header, row numbers and decimal commas, or doubt
texts        Texts: documents of your own
text_rows    TextRows: the blocks of a corpus as p_0
hub_texts    HubTexts: data sets of the hub
mnist_files  MNIST's files under the names that archives give them
text_recipe  TextRecipe: what both share
"""
