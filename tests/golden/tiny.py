"""A tiny run for every kind that a spec may name, and its numbers.

    python -m tests.golden.tiny [STUDY...]

writes numbers.json anew, all of it or these studies; refuses what moved without a revision.

Numbers of a kind that move must not be taken for those of before: give its class
`numbers_revision = 2` (one more than it had), which becomes part of every identity.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genloss.errors import StoreError
from genloss.run.runner import run_study
from genloss.spec.build import describe, find_class
from genloss.spec.parts import parts
from genloss.spec.registry import CATALOG
from genloss.study.study import study_from

FILE = Path(__file__).with_name("numbers.json")

LAWS = [k for k, path in CATALOG["metric"].items() if ".metrics.laws" in path]
ROWS = [k for k, path in CATALOG["metric"].items() if ".metrics.rows" in path]
TOKENS = [k for k, path in CATALOG["metric"].items() if ".metrics.tokens" in path]
TEXT = [k for k, path in CATALOG["metric"].items() if ".metrics.text" in path]
FIELDS: dict[str, dict[str, Any]] = {
    "manifold": {"k": 3},
    "symbol_probability": {"symbol": 1},
    "mode_share": {"mode": 1},
    "class_share": {"features": {"kind": "classifier", "steps": 5}},
    "class_entropy": {"features": {"kind": "classifier", "steps": 5}},
    "confidence": {"features": {"kind": "classifier", "steps": 5}},
    "label_accuracy": {"features": {"kind": "classifier", "steps": 5}},
    "perplexity_tail": {"q": 0.25},
    "rarefied_types": {"tokens": [20, 40]},
    "copy_rate": {"q": 0.2},
    "self_bleu": {"rows": 10},
    "tail_mass": {"q": 0.2},
    "quantile_coverage": {"q": 0.2},
}


def metrics(*kinds: str) -> list[dict[str, Any]]:
    return [{"kind": k, **FIELDS.get(k, {})} for k in kinds]


GAUSS = {"reality": {"kind": "gaussian", "d": 2}, "learner": {"kind": "gaussian", "ddof": 1}}
MIXED = {
    "reality": {"kind": "mode_grid", "side": 2, "std": 0.1},
    "learner": {"kind": "mixture", "k": 4, "max_iter": 5},
}
SYMBOLS = {
    "reality": {"kind": "zipf_mandelbrot", "k": 6},
    "learner": {"kind": "categorical", "k": 6, "smoothing": 0.1},
}
SHORT = {"epochs": 1, "batch": 20, "device": "cpu"}
IMAGES = {"reality": "digits8x8", "n_real": 60, "held_out": 60}
TWO = {"kind": "static_contamination", "law": {"kind": "uniform_tokens", "k": 6}, "n_foreign": 4}
TUNED = {"epochs": 1, "batch": 8, "device": "cpu"}
SCRATCH = {"kind": "transformer", "start": "scratch", "width": 8, "layers": 1, "heads": 2}


def on(reality: str, **fields: Any) -> dict[str, Any]:
    return {**GAUSS, "reality": {"kind": reality, **fields}}


def under(regime: str, **fields: Any) -> dict[str, Any]:
    return {**GAUSS, "regime": {"kind": regime, **fields}}


STUDIES: dict[str, dict[str, Any]] = {
    "laws": {**MIXED, "metrics": metrics(*LAWS, "surviving_modes", "mode_share")},
    "rows": {
        **MIXED,
        "metrics": metrics(
            *ROWS, "average_modal_variance", "nearest_train", "copy_rate", "fid", "sigma"
        ),
    },
    "line": {**on("gaussian", d=1), "metrics": metrics("sigma_error", "w2")},
    "tokens": {**SYMBOLS, "metrics": metrics(*TOKENS)},
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
        "metrics": metrics("acceptance_rate", "shortfall"),
    },
    "shrunk": {**GAUSS, "sampler": {"kind": "shrinkage", "lam": 0.7}},
    "kde": {**on("two_moons"), "learner": {"kind": "kde", "bandwidth": 0.2}},
    **{f"on {r}": on(r) for r in ("single_blob", "two_blobs", "blobs", "circles", "swiss_roll")},
    "on token_law": {
        **SYMBOLS,
        "reality": {"kind": "token_law", "p": [0.4, 0.3, 0.1, 0.1, 0.05, 0.05]},
    },
    **{f"under {r}": under(r) for r in ("replace_multiple", "accumulate", "augment")},
    "under accumulate_subsample": under("accumulate_subsample", size=7),
    "under mix": under("mix", real_fraction=0.3),
    "under fresh": under("fresh", n_real=3),
    "under window": under("window", k=2),
    "under switch": under("switch", first="replace", at=1, then="accumulate"),
    "under static_contamination": {**SYMBOLS, "regime": TWO},
    "on table_file": on("table_file"),
    "text": {
        "reality": {"kind": "text"},
        "learner": {"kind": "ngram", "order": 2},
        "metrics": metrics(*TEXT),
    },
    "sampled text": {
        "reality": {"kind": "text"},
        "learner": {"kind": "ngram", "order": 2},
        "sampler": {"kind": "sampling", "max_new": 12, "top_k": 5},
    },
    "searched text": {
        "reality": {"kind": "text"},
        "learner": {"kind": "ngram", "order": 2},
        "sampler": {"kind": "beam_search", "beams": 2, "max_new": 12, "min_new": 0},
    },
}
NETWORKS: dict[str, dict[str, Any]] = {
    "vae": {
        **IMAGES,
        "learner": {"kind": "vae", "latent": 3, "training": SHORT},
        "metrics": metrics("latent_spread", "latent_mean", "train_loss", "fid")
        + metrics("class_share", "class_entropy", "confidence"),
    },
    "diffusion": {
        **IMAGES,
        "learner": {
            "kind": "diffusion", "steps": 4, "channels": 4, "conditioning": "labels",
            "training": SHORT,
        },
        "sampler": {"kind": "denoising", "steps": 3},
        "metrics": metrics("label_accuracy"),
    },
    "flow": {
        **on("two_moons"),
        "learner": {"kind": "flow_matching", "steps": 4, "width": 8, "training": SHORT},
    },
    "transformer": {"reality": {"kind": "text"}, "learner": {**SCRATCH, "training": TUNED}},
}  # fmt: skip
LEFT_OUT = {
    "hugging_face": "needs a saved model; held to transformers elsewhere",
    "vision": "needs a saved model; held to transformers elsewhere",
    "hub_text": "needs the network; its rows are cut as those of text are",
    "mnist": "needs files that are not shipped; held to its format elsewhere",
}


def spec_of(spec: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a whole spec; files that a reality reads lie below folder."""
    spec = {"n_real": 20, "held_out": 20, "generations": 2, "chains": 2, **spec}
    spec |= {"keep": {"at": [2]}, "seed": 5}
    kind = spec["reality"]["kind"] if isinstance(spec["reality"], dict) else spec["reality"]
    if kind == "table_file":
        np.save(folder / "rows.npy", np.random.default_rng(1).normal(size=(60, 2)))
        spec["reality"] = {"kind": kind, "path": str(folder / "rows.npy")}
    if kind == "text":
        draw = np.random.default_rng(2)
        # Words that differ, or documents would count as copies of one another.
        words = ["".join(draw.choice(list("aeinorst"), 4)) for _ in range(3000)]
        parts = [" ".join(draw.choice(words, 10)) for _ in range(300)]
        text = "\n\n".join(f"The {part}." for part in parts)
        (folder / "text.txt").write_text(text)
        spec["reality"] = {
            "kind": kind,
            "path": str(folder / "text.txt"),
            "block": 16,
            "vocabulary": 300,
        }
        spec["reality"]["documents"] = "pieces"
    return spec


def numbers(spec: dict[str, Any], folder: Path) -> dict[str, list[float]]:
    """Run one study and return {role/kind: what is measured of it}."""
    study = study_from(spec_of(spec, folder))
    run = run_study(study, folder, workers=1)
    # Forms without rows keep models alone.
    try:
        x = run.arrays(2, "samples")["x"]
    except StoreError:
        x = np.concatenate([a.ravel() for _, a in sorted(run.arrays(2, "state").items())])
    flat = np.asarray(x, dtype=np.float64).reshape(-1)
    shape = [float(flat.mean()), float(flat.std()), *map(float, flat[:6])]
    out = {}
    for role, part in parts(study):
        if role == "metric":
            series = run.series.get(part.name)
            values = [] if series is None else np.ravel(series.values).tolist()
            out[f"{role}/{describe(part)['kind']}"] = values
        else:
            out[f"{role}/{describe(part)['kind']}"] = shape
    return out


def measured(studies: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield "study: role/kind" with the revision of the class and its values."""
    for name, spec in studies.items():
        with tempfile.TemporaryDirectory() as folder:
            found = numbers(spec, Path(folder))
        for key, values in found.items():
            role, _, kind = key.partition("/")
            yield f"{name}: {key}", {"revision": revision(role, kind), "values": values}


def revision(role: str, kind: str) -> int:
    return int(getattr(find_class(role, kind, role), "numbers_revision", 1))


def same(a: list[float], b: list[float], networks: bool) -> bool:
    """Whether values agree as far as processors do: float64 sums, or float32 networks."""
    rtol, atol = (2e-2, 1e-3) if networks else (1e-6, 1e-9)
    return len(a) == len(b) and bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def main(*names: str) -> None:
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    studies = {k: v for k, v in (STUDIES | NETWORKS).items() if k in names or not names}
    after = {k: v for k, v in before.items() if names and k.partition(":")[0] not in names}
    new = dict(measured(studies))
    after |= new
    for key, entry in new.items():
        old = before.get(key)
        networks = key.partition(":")[0] in NETWORKS
        if old and old["revision"] == entry["revision"]:
            if not same(old["values"], entry["values"], networks):
                sys.exit(f"{key} moved; give its class a higher numbers_revision first")
            after[key] = old
    lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(after.items()))
    FILE.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
