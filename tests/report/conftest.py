"""Run folders with chosen numbers, written through the store: no study runs here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genloss.core.over_chains import MEAN
from genloss.core.view import Direction
from genloss.report.titles import split_address
from genloss.store.block import BlockStore, Checkpoint
from genloss.store.files import write_sealed
from genloss.store.folder import block_path, create_or_match, run_path
from genloss.store.header import Header
from genloss.store.manifest import Machine
from genloss.store.provenance import append
from genloss.store.reader import Run
from genloss.store.table import absent_row, metric_row
from genloss.store.theory_file import TheoryLine, write_theory

from .words_of_ours import words

MACHINE = Machine(1, "any", {})

UNITS = {
    "trace_ratio": ("1", Direction.ONE),
    "w2_squared": ("squared units", Direction.LOWER),
    "rarefied_types": ("different tokens", Direction.START),
    "rarefied_types(n=2)": ("different 2-grams", Direction.START),
}

MakeRun = Callable[..., Run]


def make_run(
    root: Path,
    name: str = "run",
    *,
    metrics: dict[str, Any] | None = None,
    t: Any = None,
    theory: dict[str, TheoryLine] | None = None,
    kept: dict[int, Any] | None = None,
    absent: dict[str, str] | None = None,
    blocks: int = 1,
    about: Any = None,
    parts: dict[int, dict[int, Any]] | None = None,
    vocabulary: int | None = None,
    **spec: Any,
) -> Run:
    """Write a finished run: metrics {name: values (T, C)}, kept {t: rows (m, ...)} of one chain.

    about: what about.json says; as our own classes have it.
    parts: what else was kept, {t: {block: {part: arrays}}}. vocabulary: of a text.
    """
    metrics = {"trace_ratio": decay(20, 8)} if metrics is None else metrics
    values = next(iter(metrics.values()))
    times = list(range(len(values))) if t is None else list(t)
    chains = values.shape[1]
    described = {
        "reality": {"kind": "gaussian", "d": 1},
        "learner": {"kind": "gaussian", "ddof": 0},
        "n_real": 100,
        "generations": times[-1],
        "regime": {"kind": "replace"},
        "sampler": {"kind": "ancestral"},
        "form": {"kind": "rows"},
        "chains": chains,
        "chains_per_block": chains // blocks,
        "n_synthetic": 100,
        "warm_start": False,
        "measure": {"every": 1, "at": []},
        "seed": 0,
        "metrics": [{"kind": m} for m in components(metrics)],
        "name": name,
        **spec,
    }
    identity = {k: v for k, v in described.items() if k != "name"}
    several = components(metrics)
    heads = [_about(m, several.get(m)) for m in (*several, *(absent or {}))]
    header = Header(name, identity, described, tuple(heads))
    folder = run_path(root, header)
    names = [*several, *(absent or {})]
    create_or_match(folder, header, about or words(described, names))
    write_theory(folder, header, theory or {})
    (folder / "blocks").mkdir(exist_ok=True)
    for b, part in enumerate(np.split(np.arange(chains), blocks)):
        store = BlockStore(block_path(folder, b), header.fingerprint, b, MACHINE)
        store.resume()
        rows = []
        for i, s in enumerate(times):
            rows += [metric_row(s, m, _at(metrics, m, n, i, part)) for m, n in several.items()]
            rows += [absent_row(s, m, why) for m, why in (absent or {}).items()]
        store.append(rows)
        for s, x in (kept or {}).items():
            more = (parts or {}).get(s, {}).get(b, {})
            store.keep(s, {"samples": {"x": np.asarray(x)[None]}, **more}, {"chains": 1})
        store.checkpoint(Checkpoint(times[-1], 0, {}, vocabulary=vocabulary))
    for line in (
        {
            "event": "start",
            "time": "2026-01-01T00:00:00+00:00",
            "seed": 0,
            "versions": {"numpy": "2"},
        },
        {"event": "done", "time": "2026-01-01T00:01:00+00:00"},
    ):
        append(folder / "provenance.jsonl", header.fingerprint, line)
    return Run(folder)


def components(metrics: dict[str, Any]) -> dict[str, list[str]]:
    """Return the labels of each metric, given the names of columns: 'm' or 'm[label]'."""
    out: dict[str, list[str]] = {}
    for name in metrics:
        metric, label = split_address(name)
        out.setdefault(metric, []).extend([label] if label else [])
    return out


def _at(metrics: dict[str, Any], metric: str, labels: list[str], i: int, part: Any) -> Any:
    if not labels:
        return np.asarray(metrics[metric])[i, part]
    return np.stack([np.asarray(metrics[f"{metric}[{k}]"])[i, part] for k in labels], axis=1)


def decay(last: int, chains: int, rate: float = 0.1, seed: int = 0) -> Any:
    """Return (last + 1, chains) positive values that start at 1 and fall by `rate` a step."""
    noise = np.random.default_rng(seed).standard_normal((last + 1, chains)) * 0.2
    noise[0] = 0.0
    return np.exp(-rate * np.arange(last + 1)[:, None] + noise)


def verdict(**changes: Any) -> dict[str, Any]:
    """Return one verdict as targets.json holds it."""
    return {
        "id": "T1",
        "what": "mean trace ratio after 20 generations",
        "published": 0.9,
        "low": 0.8,
        "high": 1.0,
        "measured": 0.87,
        "passed": True,
        "band": "law",
        "source": "Shumailov et al. 2024",
        "chains": 8,
        "run": "n=10,replace",
        **changes,
    }


def make_experiment(root: Path, verdicts: list[dict[str, Any]] | None = None) -> Path:
    """Write an experiment of four runs, n in {10, 100} under two regimes, with its targets."""
    folder = root / "kazdan-2024-gaussian-smoke"
    runs = {}
    for n in (10, 100):
        for regime in ("replace", "accumulate"):
            rate = 1 / n if regime == "replace" else 0.0
            law = np.exp(-rate * np.arange(21)).tolist()
            run = make_run(
                folder,
                f"n={n},{regime}",
                metrics={
                    "trace_ratio": decay(20, 20, rate, seed=n),
                    "w2_squared": 1e-4 * np.arange(21)[:, None] * np.ones(20) / n,
                },
                theory={"trace_ratio": TheoryLine("exp(-t/n)", MEAN, tuple(range(21)), tuple(law))},
                n_real=n,
                regime={"kind": regime},
            )
            runs[run.header.name] = run.path.name
    verdicts = (
        [verdict(), verdict(id="T2", passed=False, measured=1.4)] if verdicts is None else verdicts
    )
    passed = sum(v["passed"] for v in verdicts)
    content = {
        "experiment": "kazdan-2024-gaussian",
        "address": "kazdan-2024-gaussian",
        "scale": "smoke",
        "title": "Replace against accumulate",
        "passed": passed,
        "failed": len(verdicts) - passed,
        "targets": verdicts,
        "runs": runs,
    }
    write_sealed(folder / "targets.json", content)
    return folder


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an experiment and loose runs that kept rows of every shape."""
    root = tmp_path_factory.mktemp("lab")
    make_experiment(root)
    rng = np.random.default_rng(1)
    loose = root / "loose"
    plane = {t: rng.standard_normal((50, 2)) / (t + 1) for t in (0, 5, 20)}
    make_run(loose, "moons", kept=plane, reality={"kind": "two_moons", "noise": 0.05})
    line = {t: rng.standard_normal((50, 1)) / (t + 1) for t in (0, 20)}
    make_run(loose, "line", kept=line, absent={"precision": "no held-out rows; set held_out"})
    digits = {t: rng.integers(0, 17, (60, 64)) / 16 for t in (0, 20)}
    make_run(loose, "digits", kept=digits, reality={"kind": "digits8x8"})
    tokens = {t: rng.integers(0, 30 // (t + 1), 200) for t in (0, 20)}
    make_run(loose, "tokens", kept=tokens, reality={"kind": "zipf_mandelbrot", "k": 30})
    return root


def _about(metric: str, labels: list[str] | None) -> dict[str, Any]:
    unit, direction = UNITS.get(metric, ("1", Direction.START))
    return {"name": metric, "unit": unit, "direction": direction} | (
        {"labels": labels} if labels else {}
    )
