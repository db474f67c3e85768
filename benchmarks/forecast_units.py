"""The runs that forecasts are made from and scored on: small studies of every cheap system.

A unit is (experiment, seed). The split was fixed before any of them was run: of each system's
experiments, in the order of the CRC-32 of their names, the first third develops the rate model, all
others score it. No experiment is on both sides, and seeds differ too.

A run has twice its chains, in two blocks with streams of their own: forecasts are made from the
first block; its own mean at N, and the chains of the second one, are what they are held against.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

TO = (3, 6, 12)
"""Last generations that a forecast may see."""

TIMES = (2, 5, 10)
"""Horizons as multiples of them."""

SEEDS = {"develop": range(1000, 1004), "score": range(4)}


@dataclass(frozen=True)
class Experiment:
    """One study; system is what a reader calls it, seeds how many of the seeds it runs."""

    system: str
    name: str
    spec: Spec
    seeds: int = 4


def split() -> dict[str, list[Experiment]]:
    """Return the experiments that develop the rate model, and those that score it."""
    sides: dict[str, list[Experiment]] = {"develop": [], "score": []}
    ordered = sorted(experiments(), key=lambda e: zlib.crc32(e.name.encode()))
    for system in dict.fromkeys(e.system for e in experiments()):
        mine = [e for e in ordered if e.system == system]
        third = max(1, len(mine) // 3)
        sides["develop"] += mine[:third]
        sides["score"] += mine[third:]
    return sides


def measured(generations: int) -> list[int]:
    """Return the generations that forecasts see and those that they are asked for."""
    seen = set(range(max(TO) + 1))
    return sorted(t for t in seen | {t * k for t in TO for k in TIMES} if t <= generations)


REPLACE, ACCUMULATE = {"kind": "replace"}, {"kind": "accumulate"}
SUBSAMPLE, AUGMENT = {"kind": "accumulate_subsample"}, {"kind": "augment"}
MULTIPLE, WINDOW = {"kind": "replace_multiple"}, {"kind": "window", "k": 3}

WRITING = {"kind": "sampling", "max_new": 32, "min_new": 32, "prompts": {"kind": "none"}}
DIAGONAL = {"covariance": "diagonal", "reg_covar": 1e-4, "tol": 1e-3}
TRAINING = {"epochs": 4, "batch": 64, "learning_rate": 2e-3}


def mix(share: float, rows: str = "redrawn") -> Spec:
    """Return a regime of so large a share of real rows."""
    return {
        "kind": "mix",
        "real_fraction": share,
        **({} if rows == "redrawn" else {"real_rows": "same"}),
    }


def fresh(n: int) -> Spec:
    """Return a regime with n fresh real rows."""
    return {"kind": "fresh", "n_real": n}


def called(regime: Spec) -> str:
    """Return a regime as names of experiments show it."""
    options = [f"{v}" for k, v in regime.items() if k != "kind"]
    return "-".join([regime["kind"], *options])


def experiments() -> Iterator[Experiment]:
    """Yield all of them."""
    yield from _gaussians()
    yield from _symbols()
    yield from _densities()
    yield from _mixtures()
    yield from _texts()
    yield from _digits()


def _one(
    system: str, regime: Spec, n: int, chains: int, label: str, seeds: int = 4, **spec: Any
) -> Experiment:
    whole: Spec = {"n_real": n, "generations": 60, "regime": regime, **spec}
    whole |= {"chains": 2 * chains, "chains_per_block": chains}
    whole |= {"measure": {"at": measured(whole["generations"])}, "keep": {"at": []}}
    name = f"{system},{label},n={n},{called(regime)}"
    return Experiment(system, name, whole | {"checkpoint_every": 1000}, seeds)


def _gaussians() -> Iterator[Experiment]:
    regimes = (
        REPLACE,
        ACCUMULATE,
        SUBSAMPLE,
        AUGMENT,
        MULTIPLE,
        WINDOW,
        mix(0.1),
        mix(0.4, "same"),
    )
    metrics = ["trace_ratio", "squared_mean_error", "w2_squared"]
    for d, chains in ((1, 20), (5, 8)):
        for n in (40, 200):
            for regime in (*regimes, fresh(n // 4)):
                yield _one(
                    "gaussian", regime, n, chains, f"d={d}",
                    reality={"kind": "gaussian", "d": d},
                    learner={"kind": "gaussian", "ddof": 1},
                    metrics=[*metrics, *(["sigma"] if d == 1 else [])],
                )  # fmt: skip


def _symbols() -> Iterator[Experiment]:
    laws = {
        "zipf": {"kind": "zipf_mandelbrot", "k": 100},
        "uniform": {"kind": "uniform_tokens", "k": 20},
    }
    for label, law in laws.items():
        for n, chains in ((50, 20), (300, 10)):
            for regime in (REPLACE, ACCUMULATE, SUBSAMPLE, mix(0.2), fresh(n // 4)):
                yield _one(
                    "discrete", regime, n, chains, label,
                    reality=law,
                    learner={"kind": "categorical", "k": law["k"]},
                    metrics=["diversity", "surviving_symbols", "entropy_ratio", "rare_mass"],
                )  # fmt: skip


def _densities() -> Iterator[Experiment]:
    for reality in ("two_moons", "circles"):
        for width in (0.1, 0.4):
            for regime in (REPLACE, ACCUMULATE, mix(0.2)):
                yield _one(
                    "kde", regime, 100, 8, f"{reality},h={width}",
                    reality=reality,
                    learner={"kind": "kde", "bandwidth": width},
                    held_out=200,
                    metrics=["trace_ratio", "held_out_nll", "sliced_wasserstein"],
                )  # fmt: skip


def _mixtures() -> Iterator[Experiment]:
    systems = {"two_blobs": (2, 100), "mode_grid": (9, 200), "single_blob": (2, 100)}
    for label, (k, n) in systems.items():
        for regime in (REPLACE, ACCUMULATE, SUBSAMPLE, mix(0.2)):
            grid = {"side": 3, "std": 0.1} if label == "mode_grid" else {}
            modes = ["surviving_modes", "average_modal_variance"] if grid else ["squared_l2"]
            yield _one(
                "mixture", regime, n, 8, label,
                reality={"kind": label, **grid},
                learner={"kind": "mixture", "k": k},
                metrics=["trace_ratio", *modes],
            )  # fmt: skip


def _texts() -> Iterator[Experiment]:
    metrics = ["perplexity", "surviving_vocabulary", {"kind": "distinct_n", "n": 2}]
    for order in (2, 3):
        for n in (40, 100):
            for regime in (REPLACE, ACCUMULATE, mix(0.2)):
                yield _one(
                    "n-gram", regime, n, 4, f"order={order}", seeds=2,
                    generations=30,
                    reality={"kind": "text", "vocabulary": 512},
                    learner={"kind": "ngram", "order": order},
                    sampler=WRITING,
                    held_out=50,
                    metrics=metrics,
                )  # fmt: skip


def _digits() -> Iterator[Experiment]:
    for k in (10, 20):
        for regime in (REPLACE, ACCUMULATE, SUBSAMPLE, mix(0.2)):
            yield _one(
                "digits", regime, 300, 4, f"k={k}", seeds=2,
                generations=30,
                reality="digits8x8",
                learner={"kind": "mixture", "k": k, **DIAGONAL},
                held_out=300,
                metrics=["trace_ratio", "energy_distance", "vendi_score"],
            )  # fmt: skip
    for regime in (REPLACE, ACCUMULATE, mix(0.2)):
        yield _one(
            "vae", regime, 400, 3, "digits", seeds=1,
            generations=12,
            reality="digits8x8",
            learner={"kind": "vae", "net": "small", "latent": 8, "training": TRAINING},
            held_out=300,
            metrics=["trace_ratio", "energy_distance"],
        )  # fmt: skip
