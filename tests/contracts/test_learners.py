"""One table of learners, held to the laws of `genloss.testing`; a new learner costs one line."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from genloss.core.roles import Learner
from genloss.core.samples import Samples
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.models.kde import KDELearner
from genloss.models.mixture.mixture import MixtureLearner, MixtureModel
from genloss.models.ngram.ngram import NGramLearner
from genloss.models.torch.denoising.diffusion import DiffusionLearner
from genloss.models.torch.denoising.flow import FlowLearner
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.models.torch.training import Training
from genloss.models.torch.vae.vae_learner import VAELearner
from genloss.spec.build import kind_of
from genloss.spec.registry import CATALOG
from genloss.testing import check_learner


@dataclass(frozen=True)
class Case:
    """A learner, the kind of data it is tried on, exactly the forms it refuses, what it skips."""

    learner: Learner
    kind: str
    refuses: tuple[str, ...]
    skips: tuple[str, ...] = ()
    init: Any = None


def near(train: Samples) -> MixtureModel:
    """Start components at -3 and 3, so that no random start decides."""
    c, _, d = train.x.shape
    means = np.stack([np.full((c, d), -3.0), np.full((c, d), 3.0)], axis=1)
    return MixtureModel(np.full((c, 2), 0.5), means, np.tile(np.eye(d), (c, 2, 1, 1)))


SHORT = Training(epochs=2, batch=30, device="cpu", save_every=1)
PLANE, PIXELS = {"width": 8, "training": SHORT}, {"channels": 4, "training": SHORT}
FINE = FineTuning(epochs=2, batch=30, learning_rate=3e-3, device="cpu", save_every=1)
SIZES = {"vocabulary": 12, "width": 16, "layers": 1, "heads": 2, "positions": 12, "training": FINE}
OPT = {
    "model_type": "opt",
    "vocab_size": 12,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "ffn_dim": 16,
    "num_attention_heads": 2,
    "max_position_embeddings": 12,
    "word_embed_proj_dim": 16,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}

STATISTICS = ("moments", "counts")
NO_TOKENS = (*STATISTICS, "symbols", "text")
ONLY_ROWS = (*NO_TOKENS, "source")
ONLY_TEXT = (*STATISTICS, "rows", "symbols")
NO_TEXT = (
    "next tokens have probabilities that sum to 1",
    "what fills a row is not scored",
    "rows are written with their own probabilities",
)
NO_MOMENTS = "samples have their own moments"
NO_DENSITY = "samples match their own density"
NO_NOTES = "a broken fit goes on to the same model"
BY_CHANCE = ("chains do not know their place", "weights are frequencies")
EXACT = (*NO_TEXT, NO_NOTES)
NETWORK = (*NO_TEXT, NO_MOMENTS, NO_DENSITY, *BY_CHANCE)
LANGUAGE = (NO_MOMENTS, NO_DENSITY, *BY_CHANCE)
COLD = "a warm start is accepted"

slow = pytest.mark.slow
TABLE = {
    "gaussian_0": Case(GaussianLearner(0), "line", ("counts", "symbols", "text"), EXACT),
    "gaussian_1": Case(GaussianLearner(1), "space", ("counts", "symbols", "text"), EXACT),
    "categorical": Case(
        CategoricalLearner(5), "symbols", ("moments", "rows", "text"), (*EXACT, NO_MOMENTS)
    ),
    "categorical_smoothed": Case(
        CategoricalLearner(5, 0.5), "symbols", ("moments", "rows", "text"), (*EXACT, NO_MOMENTS)
    ),
    "kde": Case(KDELearner(0.4), "line", ONLY_ROWS, EXACT),
    "kde_3d": Case(KDELearner(0.4), "space", ONLY_ROWS, EXACT),
    "mixture_full": Case(MixtureLearner(2), "line", ONLY_ROWS, EXACT, near),
    "mixture_full_3d": Case(MixtureLearner(2), "space", ONLY_ROWS, EXACT, near),
    "mixture_diagonal": Case(MixtureLearner(2, "diagonal"), "space", ONLY_ROWS, EXACT, near),
    "mixture_spherical": Case(MixtureLearner(2, "spherical"), "space", ONLY_ROWS, EXACT, near),
    "vae": Case(VAELearner(training=SHORT), "images", NO_TOKENS, NETWORK),
    "diffusion": Case(DiffusionLearner(4, **PLANE), "space", NO_TOKENS, NETWORK),
    "diffusion_images": Case(DiffusionLearner(4, **PIXELS), "images", NO_TOKENS, NETWORK),
    "diffusion_labels": Case(
        DiffusionLearner(4, conditioning="labels", **PIXELS), "images", NO_TOKENS, NETWORK
    ),
    "flow": Case(FlowLearner(4, **PLANE), "space", NO_TOKENS, NETWORK),
    "flow_images": Case(FlowLearner(4, **PIXELS), "images", NO_TOKENS, NETWORK),
    "ngram": Case(NGramLearner(12), "text", ONLY_TEXT, (NO_MOMENTS, NO_DENSITY, NO_NOTES)),
    "ngram_add_k": Case(
        NGramLearner(12, 2, "add_k", k=0.5), "text", ONLY_TEXT, (NO_MOMENTS, NO_DENSITY, NO_NOTES)
    ),
    "transformer": Case(
        TransformerLearner(start="scratch", **SIZES), "text", ONLY_TEXT, (*LANGUAGE, COLD)
    ),
    "transformer_last": Case(
        TransformerLearner(start="last", family="llama", **SIZES), "text", ONLY_TEXT, LANGUAGE
    ),
    "hugging_face": Case(
        HuggingFaceLearner(start="scratch", config=OPT, training=FINE),
        "text",
        ONLY_TEXT,
        (*LANGUAGE, COLD),
    ),
    "hugging_face_last": Case(
        HuggingFaceLearner(start="last", config=OPT, training=FINE), "text", ONLY_TEXT, LANGUAGE
    ),
}
SLOW = ("vae", "diffusion_", "flow_", "hugging_face", "transformer")
"""Twenty fits of these take seconds."""


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks gain nothing from threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=slow) if n.startswith(SLOW) else n for n in TABLE]
)
def test_every_learner_keeps_the_laws(name):
    case = TABLE[name]
    outcome = check_learner(case.learner, case.kind, init=case.init, refuses=case.refuses)
    # What a learner can do may not be lost unnoticed.
    assert set(outcome.skipped) == set(case.skips), outcome.skipped


def test_every_learner_is_in_the_table():
    assert {kind_of(type(case.learner)) for case in TABLE.values()} == set(CATALOG["learner"])
