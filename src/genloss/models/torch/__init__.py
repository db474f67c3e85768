"""Learners built on torch; the only folder that imports it.

vae         the variational autoencoder: net, model, learner
denoising   diffusion and flow matching: processes, networks, samplers, learners
lm          language models
features    what image metrics compare: a classifier of the real digits, any vision model

What they share:

device      where the numbers live, and generators that are functions of (seed, step)
feeds       batches: shuffled rows, or fresh draws of an endless source
training    the loop: Adam, precision, early stop, resuming inside a fit; memory: what would fit
fits        what all fits do alike: notebooks (pages), a look at the rows, chain after chain
images      what counts as an image
"""

from genloss.errors import MissingExtra

try:
    import torch  # noqa: F401
except ImportError as error:
    raise MissingExtra(
        "this learner needs torch, which is not installed; pip install 'genloss[torch]'"
    ) from error
