"""Learners built on torch; the only folder that imports it.

vae        the variational autoencoder: net, model, learner
denoising  diffusion and flow matching: processes, networks, samplers, learners
lm         language models
features   what image metrics compare: a classifier of the real digits, any vision model
device     where the numbers live, and generators that are functions of (seed, step)
feeds      batches: shuffled rows, or fresh draws of an endless source
training   the loop: Adam, precision, early stop, resuming inside a fit
fits       what all fits do alike: a look at the rows, chain after chain
images     what counts as an image
memory     free memory, and rows in batches that fit
notebook   one notebook for a fit of several chains
"""

from genloss.core.extras import optional

optional("torch", "this learner")
