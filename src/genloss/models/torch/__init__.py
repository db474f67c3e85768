"""Learners built on torch; the only folder that imports it.

device      where the numbers live, and generators that are functions of (seed, step)
nets        the networks as functions of their weights
feeds       batches: shuffled rows, or fresh draws of an endless source
training    the loop: Adam, precision, early stop, resuming inside a fit
vae         VAELearner and VAEModel
"""

from genloss.errors import MissingExtra

try:
    import torch  # noqa: F401
except ImportError as error:
    raise MissingExtra(
        "this learner needs torch, which is not installed; pip install 'genloss[torch]'"
    ) from error
