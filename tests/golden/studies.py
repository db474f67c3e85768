"""A tiny study for every kind that a spec may name.

Some stand here, for metrics and for kinds that need company. Any other kind has one of its own,
from its first line in tests/contracts/table.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tests.contracts.table import Asked, Learner, Line, first

from genloss.core.abilities import CategoricalLaw
from genloss.spec.registry import CATALOG

Spec = dict[str, Any]

MEASURED_IN = {
    "laws": "laws",
    "modes": "laws",
    "tokens": "tokens",
    "curation": "curated",
    "regression": "regression",
    "text": "text",
    "text_rows": "text",
    "text_judged": "text",
    "text_models": "text",
    "text_languages": "languages",
    "images": "images",
    "training": "images",
    "classes": "images",
}
"""The study that measures the metrics of a file of genloss/metrics; of others, that of rows."""


def metrics(*kinds: str) -> list[Spec]:
    return [first("metric", kind).table for kind in kinds]


def measured_in(study: str) -> list[Spec]:
    """Return the metrics of all files that a study measures."""
    files = {
        kind: path.partition(":")[0].split(".")[-1] for kind, path in CATALOG["metric"].items()
    }
    return metrics(
        *(kind for kind, file in files.items() if MEASURED_IN.get(file, "rows") == study)
    )


GAUSS: Spec = {
    "reality": {"kind": "gaussian", "d": 2},
    "learner": {"kind": "gaussian", "ddof": 1},
}
MIXED: Spec = {
    "reality": {"kind": "mode_grid", "side": 2, "std": 0.1},
    "learner": {"kind": "mixture", "k": 4, "max_iter": 5},
}
SYMBOLS: Spec = {
    "reality": {"kind": "zipf_mandelbrot", "k": 6},
    "learner": {"kind": "categorical", "k": 6, "smoothing": 0.1},
}
TEXT: Spec = {"reality": {"kind": "text"}, "learner": {"kind": "ngram", "order": 2}}
IMAGES: Spec = {"reality": "digits8x8", "n_real": 60, "held_out": 60}
SHORT = {"epochs": 1, "batch": 20, "device": "cpu"}

TOGETHER: dict[str, Spec] = {
    "laws": {**MIXED, "metrics": measured_in("laws")},
    "rows": {**MIXED, "metrics": [*measured_in("rows"), *metrics("fid", "sigma")]},
    "line": {
        **GAUSS,
        "reality": {"kind": "gaussian", "d": 1},
        "metrics": metrics("sigma_error", "w2"),
    },
    "tokens": {**SYMBOLS, "metrics": measured_in("tokens")},
    "counts": {**SYMBOLS, "form": {"kind": "counts"}},
    "moments": {**GAUSS, "form": {"kind": "moments"}},
    "endless": {
        **GAUSS,
        "form": {"kind": "endless"},
        "learner": {"kind": "gaussian", "ddof": 1, "source_rows": 20},
    },
    "curated": {
        **GAUSS,
        "curator": {"kind": "thinning", "keep": 0.5},
        "metrics": measured_in("curated"),
    },
    "regression": {
        "reality": {"kind": "regression", "d": 2},
        "learner": {"kind": "least_squares"},
        "sampler": {"kind": "relabelling"},
        "metrics": measured_in("regression"),
    },
    "verified": {
        **MIXED,
        "curator": first("curator", "verifier").table,
        "metrics": [{"kind": "accepted_by_group", "groups": 4, "by": "mode"}],
    },
    "logistic": {
        "reality": {"kind": "logistic", "d": 2},
        "learner": {"kind": "logistic_regression", "ridge": 0.1},
        "metrics": metrics("coefficient_error"),
    },
    "tumours": {
        "reality": "breast_cancer",
        "learner": {"kind": "logistic_regression", "ridge": 0.1},
        "sampler": {"kind": "relabelling"},
        "metrics": metrics("response_nll"),
    },
    "text": {**TEXT, "metrics": measured_in("text")},
    "languages": {
        **TEXT,
        "reality": {"kind": "text", "block": 32},
        "held_out": 5,
        "metrics": measured_in("languages"),
    },
    "images": {
        **IMAGES,
        "learner": {"kind": "vae", "latent": 3, "training": SHORT},
        "metrics": measured_in("images"),
    },
    "labels": {
        **IMAGES,
        "learner": {
            "kind": "diffusion",
            "steps": 4,
            "channels": 4,
            "conditioning": "labels",
            "training": SHORT,
        },
        "sampler": {"kind": "denoising", "steps": 3},
        "metrics": metrics("label_accuracy"),
    },
}

LEFT_OUT = {
    "hugging_face": "needs a saved model; held to transformers elsewhere",
    "vision": "needs a saved model; held to transformers elsewhere",
    "hub_text": "needs the network; its rows are cut as those of text are",
    "mnist": "needs files that are not shipped; held to its format elsewhere",
}

ROWS: dict[str, Spec] = {
    "line": {"reality": {"kind": "gaussian", "d": 1}},
    "space": {"reality": {"kind": "gaussian", "d": 3}},
    "labels": {"reality": {"kind": "logistic", "d": 2}},
    "symbols": {"reality": {"kind": "uniform_tokens", "k": 5}},
    "images": IMAGES,
    "text": {"reality": {"kind": "text", "block": 8}},
}
"""Rows of the kinds that `genloss.testing` knows, as realities."""


def of_reality(line: Line) -> Spec:
    """Return a study with a learner that suits the rows: symbols, or numbers."""
    if line.kind == "table_file":
        return {**GAUSS, "reality": line.table}
    law = line.build("reality").realise(1, np.random.default_rng(0))
    if not isinstance(law, CategoricalLaw):
        return {**GAUSS, "reality": line.table}
    k = law.probabilities().shape[1]
    return {"reality": line.table, "learner": {"kind": "categorical", "k": k, "smoothing": 0.1}}


def of_learner(line: Learner) -> Spec:
    """Return a study of its rows; a text brings its own vocabulary."""
    known = {k: v for k, v in line.table.items() if k != "vocabulary"}
    return {**ROWS[line.rows], "learner": known}


def of_sampler(line: Asked) -> Spec:
    """Return a study of text for a decoding, else of a Gaussian."""
    return {**(TEXT if line.rows == "text" else GAUSS), "sampler": line.table}


LEARNED_BY: dict[str, Spec] = {
    "symbols": {"kind": "categorical", "k": 5, "smoothing": 0.1},
    "text": {"kind": "ngram", "order": 2},
}
"""A learner that suits rows of a kind; that of others is `GAUSS`."""


def of_score(line: Asked) -> Spec:
    """Return a study whose curator chooses by a score."""
    curator = {"kind": "top_k", "keep": 0.5, "score": line.table}
    if line.kind == "residual":
        reality = {"kind": "regression", "d": 2}
        return {"reality": reality, "learner": {"kind": "least_squares"}, "curator": curator}
    learner = LEARNED_BY.get(line.rows, GAUSS["learner"])
    return {**ROWS[line.rows], "learner": learner, "curator": curator}


def of_curator(line: Any) -> Spec:
    """Return a study with a curator; a detector of text needs text."""
    rows = TEXT if line.kind in ("taught_detector", "near_deduplication") else GAUSS
    return {**rows, "regime": "accumulate", "curator": line.table}


STUDY_OF: dict[str, Callable[[Any], Spec]] = {
    "reality": of_reality,
    "learner": of_learner,
    "sampler": of_sampler,
    "regime": lambda line: {**GAUSS, "regime": line.table},
    "curator": of_curator,
    "score": of_score,
}


def kind_in(spec: Spec, role: str) -> str:
    """Return the kind of a role that a spec names, "" without one."""
    part = spec.get(role, "")
    return part["kind"] if isinstance(part, dict) else part


def apart() -> dict[str, Spec]:
    """Return "role kind" to a study for every kind of these roles that none above names."""
    named = {(role, kind_in(spec, role)) for spec in TOGETHER.values() for role in STUDY_OF}
    return {
        f"{role} {kind}": of(first(role, kind))
        for role, of in STUDY_OF.items()
        for kind in CATALOG[role]
        if (role, kind) not in named and kind not in LEFT_OUT
    }


STUDIES = TOGETHER | apart()


def has_network(spec: Spec) -> bool:
    """Whether its numbers are those of a network: float32, and seconds."""
    return ".torch." in CATALOG["learner"][kind_in(spec, "learner")]


ENGLISH = """
the river ran past our old house and all the children would play there until evening when their
mother called them home because it was getting dark so they could eat some bread with cheese
"""
"""What a detector takes for English in any order."""


def whole(spec: Spec, folder: Path) -> Spec:
    """Return a whole spec; files that a reality reads lie below folder."""
    spec = {"n_real": 20, "held_out": 20, "generations": 2, "chains": 2, **spec}
    spec |= {"keep": {"at": [2]}, "seed": 5}
    kind = kind_in(spec, "reality")
    if kind == "table_file":
        np.save(folder / "rows.npy", np.random.default_rng(1).normal(size=(60, 2)))
        spec["reality"] = {"kind": kind, "path": str(folder / "rows.npy")}
    if kind == "text":
        draw = np.random.default_rng(2)
        # Words that differ, or documents would count as copies of one another.
        words = ["".join(draw.choice(list("aeinorst"), 4)) for _ in range(3000)]
        if spec.get("metrics") == measured_in("languages"):
            words = ENGLISH.split()
        parts = [" ".join(draw.choice(words, 10)) for _ in range(300)]
        (folder / "text.txt").write_text("\n\n".join(f"The {part}." for part in parts))
        pieces = {"path": str(folder / "text.txt"), "documents": "pieces", "vocabulary": 300}
        spec["reality"] = {"block": 16, **spec["reality"], **pieces}
    return spec
