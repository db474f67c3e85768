"""Whether conformal promises hold: 1,000 calibrations on an endless human law; where they break.

The human law is an n-gram model of novels, the machine law one of texts by machines, so that both
are endless; the score is the mean log-probability per byte under the machine law. Every calibration
is drawn anew (199 texts of 100 bytes) and held to 100 further ones of each arm: the same law;
edited texts, of which the machine law rewrote a tenth; a shifted law, of human abstracts.
Then real novels: pieces of few novels as if they were independent, against one piece of each.

    python benchmarks/detection_law.py NOVELS LABELLED [calibrations=1000] [level=0.01]

NOVELS: the folder of novels-0.jsonl.xz and novels-1.jsonl.xz; LABELLED: that of liang-2023.jsonl.
"""

import json
import lzma
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chisquare

from genloss.audit.conformal.guarantee import flags_law, held
from genloss.audit.conformal.thresholds import p_values, threshold
from genloss.audit.conformal.units import one_per_source
from genloss.audit.scorers.ngram import mean_log_probs, tokens
from genloss.core.samples import Samples
from genloss.models.ngram.ngram import NGramLearner

N, M, BYTES = 199, 100, 100
TOGETHER = 25
"""Calibrations whose texts are drawn at a time."""

EDITED = 0.1
"""Share of a text that the machine law rewrites."""

CHUNK, CHUNKS, FEW = 1500, 60, 12
"""Characters of a piece of a novel, pieces of a novel, and novels that are cut into many."""


def law(texts: list[str], order: int = 4) -> Any:
    """Return the n-gram model of texts, cut into rows of BYTES."""
    flat = np.concatenate([tokens(text[i : i + 15_000]) for text in texts for i in (2000, 90_000)])
    rows = flat[: len(flat) // BYTES * BYTES].reshape(1, -1, BYTES)
    learner = NGramLearner(vocabulary=257, order=order)
    return learner.fit(Samples.of(rows, 0), np.random.default_rng(0))


def scores(judge: Any, x: np.ndarray) -> np.ndarray:
    """Return the mean log-probability of rows (n, BYTES)."""
    return judge.token_log_probs(x[None])[0].mean(axis=1)


def novels(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the novels of a file."""
    with lzma.open(folder / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def surprise(flags: np.ndarray, expected: np.ndarray) -> float:
    """Return p of chi-square over cells with 20 expected at least."""
    edges, mass = [0], 0.0
    for j, p in enumerate(expected):
        mass += p * len(flags)
        if mass >= 20:
            edges.append(j + 1)
            mass = 0.0
    edges[-1] = len(expected)
    seen = np.array([((flags >= a) & (flags < b)).sum() for a, b in pairwise(edges)])
    wanted = np.array([expected[a:b].sum() for a, b in pairwise(edges)])
    return float(chisquare(seen, wanted / wanted.sum() * len(flags)).pvalue)


def endless(
    human: Any, other: Any, machine: Any, times: int, level: float, larger: int = 1
) -> None:
    """Print what came of every arm; larger: so many times the texts."""
    n, m = N * larger, M * larger
    rng = np.random.default_rng(20261129)
    arms: dict[str, list[int]] = {"the same law": [], "edited": [], "shifted": []}
    broken, unlike = dict.fromkeys(arms, 0), dict.fromkeys(arms, 0)
    cut = int(BYTES * EDITED)
    for _ in range(times // TOGETHER):
        k = TOGETHER * m
        x = human.sample(TOGETHER * n + 2 * k, rng)[0]
        calibration = scores(machine, x[: TOGETHER * n]).reshape(TOGETHER, n)
        same, edited = x[TOGETHER * n : TOGETHER * n + k], x[TOGETHER * n + k :].copy()
        edited[:, :cut] = machine.sample(k, rng)[0][:, :cut]
        rows = same, edited, other.sample(k, rng)[0]
        new = {a: scores(machine, r).reshape(-1, m) for a, r in zip(arms, rows, strict=True)}
        for i, own in enumerate(calibration):
            bound = threshold(own, level, "marginal")
            for name in arms:
                flags = int((new[name][i] > bound.value).sum())
                arms[name].append(flags)
                said = held(bound, flags, m, float(p_values(new[name][i], np.sort(own)).sum()))
                broken[name] += said.verdict == "broken"
                unlike[name] += said.is_unlike
    expected = flags_law(m, threshold(np.zeros(n), level, "marginal"))
    print(f"{times} calibrations of {n} texts, level {level:.1%}, {m} new texts each")
    for name, counts in arms.items():
        flags = np.array(counts)
        print(
            f"  {name:13s} mean {flags.mean() / m:6.2%}  most {flags.max() / m:6.2%}  chi-square p "
            f"{surprise(flags, expected):.3g}  broken in {broken[name] / times:.1%}, unlike in "
            f"{unlike[name] / times:.1%}"
        )


def splits(books: list[dict[str, str]], machine: Any, level: float, times: int = 300) -> None:
    """Print false positives on unseen novels after a split by text, and after one by novel."""
    rng, held_out = np.random.default_rng(7), []
    pieces = np.array([pieces_of(book["text"], machine) for book in books])
    rates: dict[str, list[float]] = {"pieces": [], "novels": []}
    for _ in range(times):
        order = rng.permutation(len(books))
        known, new = order[:FEW], order[FEW:]
        own = pieces[known].ravel()
        rates["pieces"].append((pieces[new] > threshold(own, level, "confident").value).mean())
        names = np.repeat(order[:-40].astype(str), CHUNKS).tolist()
        every = pieces[order[:-40]].ravel()
        one = every[one_per_source(names, [str(i) for i in range(len(every))], len(held_out))]
        bound = threshold(one, level, "marginal")
        rates["novels"].append((pieces[order[-40:]] > bound.value).mean())
        held_out.append(bound.n)
    print(f"novels, {times} splits; level {level:.1%}, false positives on pieces of unseen novels")
    for name, said in (
        (
            "pieces",
            f"{FEW * CHUNKS} pieces of {FEW} novels as if independent, promised in 95 of 100",
        ),
        ("novels", f"one piece of each of {held_out[0]} novels, promised on average"),
    ):
        x = np.array(rates[name])
        if name == "novels" and threshold(np.zeros(held_out[0]), level, "marginal").is_refused:
            print(f"  {said}: refused, too few")
            continue
        print(f"  {said}: mean {x.mean():.2%}, above it in {(x > level).mean():.0%} of splits")


def pieces_of(text: str, machine: Any) -> np.ndarray:
    """Return the scores of pieces from all over a novel."""
    starts = np.linspace(len(text) * 0.03, len(text) * 0.97 - CHUNK, CHUNKS).astype(int)
    return mean_log_probs(machine, [text[i : i + CHUNK] for i in starts])


def main() -> None:
    """Print all of it."""
    folder, labelled = Path(sys.argv[1]), Path(sys.argv[2]) / "liang-2023.jsonl"
    given = dict(text.split("=") for text in sys.argv[3:])
    times, level = int(given.get("calibrations", 1000)), float(given.get("level", 0.01))
    books = [novels(folder, f"novels-{i}.jsonl.xz") for i in (0, 1)]
    machine_texts = [json.loads(x) for x in labelled.read_text("utf-8").splitlines()]
    generated = " ".join(t["text"] for t in machine_texts if t["origin"] == "model")
    machine = law([generated[i : i + 110_000] for i in range(0, len(generated), 110_000)])
    abstracts = [t for t in machine_texts if t["domain"] == "scientific abstract"]
    shifted = law([" ".join(t["text"] for t in abstracts if t["origin"] == "human")])
    human = law([book["text"] for book in books[0][:40]])
    endless(human, shifted, machine, times, level)
    for larger in (2, 4):
        endless(human, shifted, machine, max(TOGETHER, times // 5), level, larger)
    splits([*books[0], *books[1]], machine, level)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main()
    else:
        print(__doc__)
