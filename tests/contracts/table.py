"""The contract table: one line for a class of ours, by role.

A line says with which fields the class is tried and what is known of it by hand. The laws of its
role hold every line (tests/contracts), a tiny run of the first line of a kind is frozen
(tests/golden). Kinds of other roles than learner and regime need none if their defaults say it all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genloss.core.decoding import Decoding
from genloss.core.samples import FOREIGN, Samples
from genloss.models.mixture.mixture import MixtureModel
from genloss.spec.build import build
from genloss.spec.registry import CATALOG
from genloss.testing.examples import Kind
from genloss.testing.regime import N_REAL, N

from .scorers import SCORERS, SCORERS_ELSEWHERE
from .small_networks import BASE, PIXELS, PLANE, SHORT, SIZES


@dataclass(frozen=True)
class Line:
    """A kind with fields, in the form of a spec."""

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.fields}

    def build(self, role: str) -> Any:
        return build(role, self.table)

    def __str__(self) -> str:
        options = [f"{k}={v}" for k, v in self.fields.items() if not isinstance(v, dict)]
        return "-".join([self.kind, *options])


@dataclass(frozen=True)
class Learner(Line):
    """On which rows it is tried, exactly the forms that it refuses and the laws that it skips."""

    rows: Kind = "line"
    refuses: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()
    init: Callable[[Samples], Any] | None = None


@dataclass(frozen=True)
class Regime(Line):
    """The origin of every row of D_t, the forms besides rows, and rows written and taken anew.

    There are n_real = 12 rows of reality and n = 8 of a generation: unequal, so that no two are
    mistaken for one another.
    """

    origins: Callable[[int], dict[int, int]] | None = None
    forms: tuple[str, ...] = ("moments", "counts", "source")
    synthetic: Callable[[int], int] = lambda t: N
    fresh: int = 0


@dataclass(frozen=True)
class Asked(Line):
    """A sampler, decoding or features, and the rows that it is tried on."""

    rows: Kind = "line"


@dataclass(frozen=True)
class Drawn:
    """A figure, and the labels that it is tried on, if not those of `check_figure`."""

    kind: str
    labels: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return self.kind


def near(train: Samples) -> MixtureModel:
    """Start components at -3 and 3, so that no random start decides."""
    c, _, d = train.x.shape
    means = np.stack([np.full((c, d), -3.0), np.full((c, d), 3.0)], axis=1)
    return MixtureModel(np.full((c, 2), 0.5), means, np.tile(np.eye(d), (c, 2, 1, 1)))


STATISTICS = ("moments", "counts")
ONLY_NUMBERS = ("counts", "symbols", "text")
NO_SOURCE = (*ONLY_NUMBERS, "source")
ONLY_SYMBOLS = ("moments", "rows", "text")
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
COUNTED = (*EXACT, NO_MOMENTS)
NETWORK = (*NO_TEXT, NO_MOMENTS, NO_DENSITY, *BY_CHANCE)
LANGUAGE = (NO_MOMENTS, NO_DENSITY, *BY_CHANCE)
COLD = (*LANGUAGE, "a warm start is accepted")
NGRAMS = (NO_MOMENTS, NO_DENSITY, NO_NOTES)

MAKERS = {"learners": [{"kind": "gaussian", "ddof": 1}]}

LEARNERS = [
    Learner("gaussian", {"ddof": 0}, "line", ONLY_NUMBERS, EXACT),
    Learner("gaussian", {"ddof": 1}, "space", ONLY_NUMBERS, EXACT),
    Learner("gaussian_prior", {}, "line", NO_SOURCE, EXACT),
    Learner("gaussian_prior", {"rows": 5.0, "mean": 1.0}, "space", NO_SOURCE, EXACT),
    Learner("laplace", {}, "line", ONLY_ROWS, EXACT),
    Learner("laplace", {}, "space", ONLY_ROWS, EXACT),
    Learner("least_squares", {}, "space", NO_SOURCE, EXACT),
    Learner("least_squares", {"sigma2": 0.25}, "space", NO_SOURCE, EXACT),
    Learner("logistic_regression", {}, "labels", ONLY_ROWS, (*COUNTED, NO_DENSITY)),
    Learner("logistic_regression", {"ridge": 0.5}, "labels", ONLY_ROWS, (*COUNTED, NO_DENSITY)),
    Learner("categorical", {"k": 5}, "symbols", ONLY_SYMBOLS, COUNTED),
    Learner("categorical", {"k": 5, "smoothing": 0.5}, "symbols", ONLY_SYMBOLS, COUNTED),
    Learner("kde", {"bandwidth": 0.4}, "line", ONLY_ROWS, EXACT),
    Learner("kde", {"bandwidth": 0.4}, "space", ONLY_ROWS, EXACT),
    Learner("mixture", {"k": 2}, "line", ONLY_ROWS, EXACT, near),
    Learner("mixture", {"k": 2}, "space", ONLY_ROWS, EXACT, near),
    Learner("mixture", {"k": 2, "covariance": "diagonal"}, "space", ONLY_ROWS, EXACT, near),
    Learner("mixture", {"k": 2, "covariance": "spherical"}, "space", ONLY_ROWS, EXACT, near),
    Learner("vae", {"training": SHORT}, "images", NO_TOKENS, NETWORK),
    Learner("diffusion", PLANE, "space", NO_TOKENS, NETWORK),
    Learner("diffusion", PIXELS, "images", NO_TOKENS, NETWORK),
    Learner("diffusion", {"conditioning": "labels", **PIXELS}, "images", NO_TOKENS, NETWORK),
    Learner("flow_matching", PLANE, "space", NO_TOKENS, NETWORK),
    Learner("flow_matching", PIXELS, "images", NO_TOKENS, NETWORK),
    Learner("ngram", {"vocabulary": 12}, "text", ONLY_TEXT, NGRAMS),
    Learner(
        "ngram", {"vocabulary": 12, "order": 2, "smoothing": "add_k", "k": 0.5},
        "text", ONLY_TEXT, NGRAMS,
    ),
    Learner("makers", MAKERS, "line", ONLY_ROWS, EXACT),
    Learner("makers", {**MAKERS, "enters": [1, 1]}, "space", ONLY_ROWS, EXACT),
    Learner("transformer", {"start": "scratch", **SIZES}, "text", ONLY_TEXT, COLD),
    Learner(
        "transformer", {"start": "last", "family": "llama", **SIZES}, "text", ONLY_TEXT, LANGUAGE
    ),
    Learner("truncated_transformer", {"start": "scratch", **SIZES}, "text", ONLY_TEXT, COLD),
    Learner("hugging_face", {"start": "scratch", **BASE}, "text", ONLY_TEXT, COLD),
    Learner("hugging_face", {"start": "last", **BASE}, "text", ONLY_TEXT, LANGUAGE),
]  # fmt: skip


def pool(t: int) -> dict[int, int]:
    return {0: N_REAL} | dict.fromkeys(range(1, t), N)


def last_k(t: int, k: int) -> dict[int, int]:
    return {origin: rows for origin, rows in pool(t).items() if origin >= t - k}


def rewritten(t: int, rows: list[int]) -> dict[int, int]:
    """Rows that each generation rewrote before D_t; the real ones are those that are left."""
    edits = {s: n for s, n in enumerate(rows, 1) if s < t and n}
    left = N_REAL - sum(edits.values())
    return edits | ({0: left} if left else {})


FOREIGNERS = {"law": {"kind": "gaussian", "d": 2}, "n_foreign": 4}
NOT_CHOSEN = ("counts", "source")
"""Moments hold no rows to choose from, so a regime that chooses (mix) refuses them."""

REGIMES = [
    Regime("replace", {}, lambda t: {t - 1: N}),
    Regime("replace_multiple", {}, lambda t: {t - 1: t * N}, synthetic=lambda t: (t + 1) * N),
    Regime("accumulate", {}, pool),
    Regime("accumulate_subsample", {"size": 7}, None, ()),
    Regime("accumulate_subsample", {"size": 10_000}, pool),
    Regime("accumulate_subsample", {}, None, ()),
    Regime("real_only", {}, lambda t: {0: N_REAL}, fresh=N_REAL),
    Regime(
        "real_only",
        {"rows": [5], "writes": [9, 4]},
        lambda t: {0: 5},
        synthetic=lambda t: 9 if t == 1 else 4,
        fresh=5,
    ),
    Regime("web", {"inflow": 5}, lambda t: {**pool(t), 0: N_REAL + 5 * (t - 1)}, fresh=5),
    Regime("web", {}, pool),
    Regime(
        "hybrid", {"base": "real", "rows": 0.5, "tokens": 1.0},
        lambda t: {0: 6, t - 1: 6}, (), synthetic=lambda t: N_REAL,
    ),
    Regime(
        "hybrid", {"base": "generated", "rows": 0.0},
        lambda t: {t - 1: N_REAL}, (), synthetic=lambda t: N_REAL,
    ),
    Regime("rising", {"rate": 1.0}, lambda t: {t - 1: N}),
    Regime("rising", {"rate": 0.0}, lambda t: {0: N}, fresh=N),
    Regime(
        "moving", {"regime": {"kind": "fresh", "n_real": 5}, "speed": 0.0},
        lambda t: {0: 5, t - 1: N}, (), fresh=5,
    ),
    Regime("mix", {"real_fraction": 0.25}, lambda t: {0: 2, t - 1: 6}, ("source",)),
    Regime(
        "mix", {"real_fraction": 0.25, "real_rows": "same"}, lambda t: {0: 2, t - 1: 6}, ("source",)
    ),
    Regime("mix", {"real_fraction": 0.0}, lambda t: {t - 1: N}),
    Regime("mix", {"real_fraction": 1.0}, lambda t: {0: N}, NOT_CHOSEN),
    Regime("fresh", {"n_real": 5}, lambda t: {0: 5, t - 1: N}, fresh=5),
    Regime("augment", {"synthetic": "last"}, lambda t: {0: N_REAL, t - 1: N}),
    Regime("augment", {"synthetic": "pool"}, pool),
    Regime("window", {"k": 3}, lambda t: last_k(t, 3)),
    Regime("window", {"k": 1}, lambda t: {t - 1: N}),
    Regime("window", {"k": 99}, pool),
    Regime(
        "switch", {"first": "replace", "at": 3, "then": {"kind": "mix", "real_fraction": 1.0}},
        lambda t: {t - 1: N} if t <= 3 else {0: N}, NOT_CHOSEN,
    ),
    Regime("fresh_share", {"real_share": 0.4}, None, (), fresh=N),
    Regime("fresh_share", {"real_share": 0.0}, lambda t: {t - 1: N}, (), fresh=N),
    Regime(
        "weighted_fresh", {"n_real": 5, "real_weight": 0.6}, lambda t: {0: 5, t - 1: N},
        ("moments",), fresh=5,
    ),
    Regime("discounted", {"decay": 0.5, "cap": 0.3}, pool, ()),
    Regime("discounted", {"decay": 1.0}, pool, ()),
    Regime(
        "to_edit", {"share": 0.5, "decay": 0.5},
        lambda t: rewritten(t, [6, 3, 1, 1, 1]), (), synthetic=lambda t: N_REAL,
    ),
    Regime("to_edit", {"share": 0.0}, lambda t: {0: N_REAL}, (), synthetic=lambda t: N_REAL),
    Regime(
        "to_edit", {"share": 0.75, "decay": 1.0},
        lambda t: rewritten(t, [9, 3]), (), synthetic=lambda t: N_REAL,
    ),
    Regime(
        "static_contamination", FOREIGNERS,
        lambda t: {0: N_REAL, FOREIGN: 4}, ("moments", "source"),
    ),
    Regime(
        "static_contamination", {**FOREIGNERS, "n_real": 7},
        lambda t: {0: 7, FOREIGN: 4}, ("source",),
    ),
]  # fmt: skip

REALITIES = [
    Line("gaussian", {"d": 2}),
    Line("gaussian"),
    Line("gaussian", {"d": 2, "mean": [3.0, -1.0], "variance": [4.0, 0.25]}),
    Line("gaussian", {"d": 3, "variance": [[2.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 0.5]]}),
    Line("random_gaussian", {"d": 3}),
    Line("random_gaussian"),
    Line("random_laplace", {"d": 3}),
    Line("two_blobs", {"separation": 3.0, "std": 0.5, "weight": 0.3}),
    Line("blobs", {"law": 3}),
    Line("blobs", {"law": "per_chain"}),
    Line("mode_grid", {"std": 0.3, "minority_mode": 7, "minority_weight": 0.01}),
    Line("circles", {"factor": 0.5}),
    Line("swiss_roll"),
    Line("swiss_roll", {"d": 2}),
    Line("uniform_tokens", {"k": 10}),
    Line("regression", {"d": 2}),
    Line("regression", {"d": 3, "w": [1.0, -2.0, 0.5], "sigma2": 0.25}),
    Line("halfspace", {"d": 3, "flip": 0.2}),
    Line("logistic", {"d": 2, "w": [1.0, -2.0]}),
    Line("zipf_mandelbrot", {"k": 30}),
    Line("token_law", {"p": [0.5, 0.5, 0.0]}),
    Line("table_file", {"path": "rows.npy"}),
]

WORDS = {"max_new": 6, "min_new": 2, "prompts": {"tokens": 3}}
SAMPLERS = [
    Asked("ancestral", {}, "line"),
    Asked("ancestral", {}, "symbols"),
    Asked("ancestral", {}, "text"),
    Asked("shrinkage", {"lam": 0.5}, "space"),
    Asked("beam_search", {"beams": 3, **WORDS}, "text"),
    Asked("sampling", WORDS, "text"),
    Asked(
        "sampling",
        {"temperature": 0.7, "top_k": 4, "top_p": 0.9, "repetition_penalty": 1.3, **WORDS},
        "text",
    ),
]
"""Decodings are samplers that write text. Denoising needs a network: test_sampler_laws.py."""

CURATORS = [
    Line("thinning", {"keep": 0.5}),
    Line("thinning", {"keep": 0.9, "rounds": 2}),
    Line("oracle"),
    Line("detector", {"tpr": 0.5, "fpr": 0.2, "tilt": 3.0}),
    Line("detector", {"tpr": 0.5, "fpr": 0.2, "covers": "all", "rounds": 4}),
    Line("verifier", {"phi": 0.9, "psi": 0.2}),
    Line("top_k", {"keep": 0.3, "score": {"kind": "likelihood"}}),
    Line("random_k", {"keep": 0.3}),
    Line("weighted_choice", {"keep": 0.3, "score": {"kind": "likelihood"}, "sharpness": 2.0}),
    Line("perplexity_band", {"low": 0.1, "high": 0.8}),
    Line("perplexity_band", {"low": 0.1, "high": 0.8, "under": "writer"}),
    Line("detector_resampling", {"tilt": 1.0}),
    Line("taught_detector", {"taught": "loop"}),
    Line("deduplication"),
    Line("near_deduplication", {"similarity": 0.5, "n": 2}),
]

SCORES = [
    Asked("likelihood", {}, "line"),
    Asked("likelihood", {}, "symbols"),
    Asked("likelihood", {"under": "writer"}, "text"),
    Asked("reference_distance", {}, "line"),
    Asked("reference_distance", {"width": 0.5}, "space"),
    Asked("nearest_real", {}, "space"),
    Asked("nearest_real", {"narrow": 0.5}, "line"),
    Asked("entropy_under_first", {}, "text"),
]

FEATURES = [
    Asked("pixels", {}, "space"),
    Asked("pixels", {}, "images"),
    Asked("vision", {"base": "somebody/some-model"}, "images"),
    Asked("classifier", {"steps": 5, "batch": 16, "channels": 4, "width": 8}, "images"),
]

CLASSIFIER = {"features": {"kind": "classifier", "steps": 5}}
METRICS = [
    Line("accepted_by_rarity"),
    Line("accepted_by_rarity", {"bounds": [0.3, 0.8]}),
    Line("accepted_by_group"),
    Line("accepted_by_group", {"groups": 4, "by": "mode"}),
    Line("refusal_reasons", {"reasons": ["chance"]}),
    Line("by_maker", {"metric": "trace_ratio"}),
    Line("component_std"),
    Line("component_std", {"which": "largest"}),
    Line("held_out_nll"),
    Line("held_out_nll", {"rows": 50}),
    Line("mmd_squared"),
    Line("mmd_squared", {"estimator": "biased"}),
    Line("manifold", {"k": 3}),
    Line("manifold"),
    Line("tail_mass", {"q": 0.2}),
    Line("tail_mass"),
    Line("tail_coverage", {"q": 0.2}),
    Line("tail_coverage"),
    Line("quantile_coverage", {"q": 0.2}),
    Line("quantile_coverage"),
    Line("vendi_score"),
    Line("vendi_score", {"q": 2.0}),
    Line("symbol_probability", {"symbol": 1}),
    Line("mode_share", {"mode": 1}),
    Line("mode_nll", {"mode": 1}),
    Line("copy_rate", {"q": 0.2}),
    Line("copy_rate"),
    Line("far_rows", {"q": 0.9}),
    Line("far_rows"),
    Line("class_share", CLASSIFIER),
    Line("class_entropy", CLASSIFIER),
    Line("confidence", CLASSIFIER),
    Line("label_accuracy", CLASSIFIER),
    *(Line("distinct_n", {"n": n}) for n in (2, 1, 3)),
    Line("distinct_n", {"n": 2, "tokens": 500}),
    *(Line("surviving_ngrams", {"band": band}) for band in ("all", "hapax", "rare", "common")),
    Line("surviving_ngrams", {"n": 3}),
    *(Line("good_turing_missing_mass", {"n": n}) for n in (1, 2)),
    Line("rare_token_share"),
    Line("rare_token_share", {"mass": 0.2}),
    Line("rarefied_types", {"tokens": [20, 40]}),
    Line("rarefied_types", {"tokens": [100, 200], "n": 2}),
    Line("repetition"),
    Line("repetition", {"n": 1}),
    *(Line("self_bleu", {"rows": n}) for n in (10, 100, 60)),
    Line("language_share", {"languages": ["en", "cy"]}),
    Line("language_perplexity", {"languages": ["en", "cy"]}),
    Line("mauve", {"rows": 150}),
    Line("mauve", {"rows": 150, "bound": "low"}),
    Line("perplexity"),
    Line("perplexity", {"stride": 4}),
    Line("perplexity", {"blocks": 7}),
    Line("bits_per_byte"),
    Line("bits_per_byte", {"stride": 4}),
    Line("predictive_entropy"),
    Line("predictive_entropy", {"rows": 20}),
    Line("sequence_perplexity"),
    Line("sequence_perplexity", {"q": [0.01, 0.5], "under": "base"}),
    Line("perplexity_tail", {"q": 0.25}),
    Line("perplexity_tail"),
    Line("perplexity_tail", {"q": 0.2, "under": "base"}),
]

FIGURES: list[Drawn] = [
    Drawn("area"),
    Drawn("fan"),
    Drawn("rarefaction"),
    Drawn("path"),
]
"""By the names of spec/figures.py. A `Drawing` is held to laws; the others: tests/report."""

TABLE: Mapping[str, Sequence[Line]] = {
    "learner": LEARNERS,
    "regime": REGIMES,
    "reality": REALITIES,
    "sampler": SAMPLERS,
    "curator": CURATORS,
    "score": SCORES,
    "scorer": [Line(*given) for given in SCORERS],
    "features": FEATURES,
    "metric": METRICS,
    "form": (),
}

ELSEWHERE = {
    "mnist": "reads files that are not shipped: tests/realities/test_idx.py",
    "text": "reads a file: tests/realities/test_texts.py",
    "hub_text": "reads from the network: tests/realities/test_texts.py",
    "vision": "needs a saved network: tests/models/torch/features/test_vision.py",
    "denoising": "needs a trained network: test_sampler_laws.py",
    "residual": "needs a regression: tests/core/test_residual.py",
    "relabelling": "needs a regression: test_sampler_laws.py",
} | SCORERS_ELSEWHERE
"""Kinds that the laws of their role meet in another place, and why."""


def lines(role: str) -> list[Line]:
    """Return the lines of a role, and one without fields for every kind that has none."""
    written = {line.kind for line in TABLE[role]}
    rest = [_plain(role, kind) for kind in CATALOG[role] if kind not in written]
    return [*TABLE[role], *rest]


def _plain(role: str, kind: str) -> Line:
    if role != "sampler":
        return Line(kind)
    return Asked(kind, {}, "text" if isinstance(build(role, kind), Decoding) else "line")


def first(role: str, kind: str) -> Line:
    """Return the first line of a kind."""
    return next(line for line in lines(role) if line.kind == kind)


def held(role: str) -> list[Line]:
    """Return the lines that the laws of a role hold here."""
    return [line for line in lines(role) if line.kind not in ELSEWHERE]
