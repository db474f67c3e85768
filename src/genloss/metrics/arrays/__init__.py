"""Pure array functions, one module per question asked of a generation.

Axis 0 of every argument is the chain, and every metric returns one value per chain, shape (C,).
Each docstring states formula, unit, direction, range, cost, bias and source. Nothing is imported
here; take a metric from its module:

* `moments`: means, covariances and the Wasserstein distance between Gaussians;
* `mixtures`: squared L2 distance between Gaussian mixtures, component widths;
* `distances`: Wasserstein in 1-D, sliced Wasserstein, energy distance, MMD;
* `categorical`: divergences and entropies of discrete laws; `support`: symbols lost or rare;
* `tails`: tail mass, quantile coverage; `modes`: surviving modes and their variance;
* `manifold`: precision, recall, density, coverage;
* `diversity`: Vendi score, duplicate rate;
* `frechet`, `classes`, `memorisation`: images as a classifier sees them;
* `text_ngrams`, `text_bleu`, `text_likelihood`, `text_mauve`, `text_rows`: variety, repetition,
  perplexity, overlap and faults of generated text;
* `likelihood`: held-out negative log-likelihood.

Peak memory is linear in the number of rows for every metric: pairwise work runs in blocks.
"""
