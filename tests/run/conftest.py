"""Small studies of every kind, for tests of running and resuming."""

import numpy as np
import pytest

LINE = {"reality": "gaussian", "learner": {"kind": "gaussian", "ddof": 1}, "n_real": 12}
WORDS = {"reality": {"kind": "zipf_mandelbrot", "k": 8}, "learner": {"kind": "categorical", "k": 8}}
MOONS = {"reality": "two_moons", "learner": {"kind": "kde", "bandwidth": 0.2}, "n_real": 12}
MIXED = {"reality": {"kind": "two_blobs", "d": 1}, "learner": {"kind": "mixture", "k": 2}}
SYSTEMS = {
    "moments_replace": {**LINE, "form": "moments"},
    "rows_accumulate": {**LINE, "regime": "accumulate", "held_out": 20},
    "rows_subsample": {**LINE, "regime": {"kind": "accumulate_subsample", "size": 9}},
    "rows_mix": {**LINE, "regime": {"kind": "mix", "real_fraction": 0.25}},
    "moments_window": {**LINE, "form": "moments", "regime": {"kind": "window", "k": 3}},
    "endless_augment": {
        **LINE,
        "form": "endless",
        "learner": {"kind": "gaussian", "ddof": 1, "source_rows": 30},
        "regime": {"kind": "augment", "synthetic": "pool"},
    },
    "finite_fresh": {
        **LINE,
        "reality": "a file of 40 rows",
        "regime": {"kind": "fresh", "n_real": 3},
        "held_out": 5,
    },
    "finite_curated": {
        **LINE,
        "reality": "a file of 40 rows",
        "n_real": 6,
        "regime": {"kind": "fresh", "n_real": 1},
        "curator": {"kind": "thinning", "keep": 0.6, "rounds": 3, "covers": "all"},
    },
    "rows_detected": {
        **LINE,
        "regime": "accumulate",
        "curator": {"kind": "detector", "tpr": 0.5, "fpr": 0.2, "tilt": 4.0},
    },
    "rows_chosen": {
        **LINE,
        "regime": {"kind": "window", "k": 2},
        "curator": {"kind": "top_k", "keep": 0.4, "score": {"kind": "likelihood"}},
    },
    "kde_accumulate": {**MOONS, "regime": "accumulate"},
    "kde_shrunk": {**MOONS, "sampler": {"kind": "shrinkage", "lam": 0.5}},
    "counts_replace": {**WORDS, "n_real": 30, "form": "counts"},
    "symbols_contaminated": {
        **WORDS,
        "n_real": 30,
        "regime": {
            "kind": "static_contamination",
            "law": {"kind": "uniform_tokens", "k": 8},
            "n_foreign": 4,
        },
    },
    "mixture_warm": {**MIXED, "n_real": 40, "warm_start": True},
    "mixture_cold": {**MIXED, "n_real": 40, "regime": {"kind": "replace_multiple"}},
}
METRICS = ["real_share", "trace_ratio", "entropy", "duplicate_rate", "held_out_nll"]


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Return a function from the name of a small study to its spec.

    Three chains in blocks of two, 7 generations, a checkpoint every third, three kept.
    """
    path = tmp_path_factory.mktemp("rows") / "rows.npy"
    np.save(path, np.random.default_rng(8).normal(size=(40, 2)))

    def spec_of(name: str, **more) -> dict:
        spec = {
            **SYSTEMS[name],
            "name": name,
            "generations": 7,
            "chains": 3,
            "chains_per_block": 2,
            "metrics": METRICS,
            "keep": {"at": [0, 4, 7], "chains": 1, "rows": 5},
            "checkpoint_every": 3,
            **more,
        }
        if name.startswith("finite"):
            spec["reality"] = {"kind": "table_file", "path": str(path)}
        return spec

    return spec_of


@pytest.fixture(params=SYSTEMS)
def system(request, small) -> dict:
    """Return the spec of each small study in turn."""
    return small(request.param)
