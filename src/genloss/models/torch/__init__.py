"""Learners built on torch; the only folder that imports it.

device      where the numbers live, and generators that are functions of (seed, step)
nets        the networks as functions of their weights
feeds       batches: shuffled rows, or fresh draws of an endless source
training    the loop: Adam, precision, early stop, resuming inside a fit; memory: what would fit
fits        what all fits share: notebooks (pages), a look at the rows, chain after chain
vae         VAELearner and VAEModel
schedules, processes   noise schedules, straight paths, and the walk from noise to data
denoise_*, unet        their networks, batches and fits
diffusion, flow        DiffusionLearner and FlowLearner; diffusion_model: DenoisedModel
classifier  Classifier: features and classes of images
vision      Vision: features by a model that was trained elsewhere
lm          language models
"""

from genloss.errors import MissingExtra

try:
    import torch  # noqa: F401
except ImportError as error:
    raise MissingExtra(
        "this learner needs torch, which is not installed; pip install 'genloss[torch]'"
    ) from error
