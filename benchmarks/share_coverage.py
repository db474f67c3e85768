"""Do intervals of a machine share hold? Known laws, calibration redrawn each time.

    python benchmarks/share_coverage.py --out cells.jsonl  # 231 cells of 1,000 draws
    python benchmarks/share_coverage.py --draws 200 --laws binormal-0.9 --shares 0 0.5

Cells are never pooled: a law, a size (human, machine and corpus texts each) and a share. The oracle
knows both laws of the score and inverts the likelihood ratio. With --out, cells that stand in the
file are not run again: stop it and give the same command. Each cell has a seed of its own, so that
their order, and a stop, change nothing. A change of the estimator takes another file.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from scipy.special import ndtri

from genloss.audit.share.pair import shares
from genloss.audit.share.shift import mixture_p
from genloss.audit.share.unified import critical, outermost

SIZES = (300, 1000, 3000)
SHARES = tuple(round(0.1 * i, 1) for i in range(11))
POOL = 200_000
BINS = 500
SYMBOLS = 12


@dataclass(frozen=True)
class Law:
    """Score laws of human and machine texts, as pools that are drawn from with replacement.

    A pool is the law itself, so that the truth is exact. ratio: machine over human density, by
    bins. weight, nodes: human probability and ratio of the bins.
    """

    name: str
    human: np.ndarray
    machine: np.ndarray
    ratio_human: np.ndarray
    ratio_machine: np.ndarray
    weight: np.ndarray
    nodes: np.ndarray

    @property
    def auroc(self) -> float:
        """The probability that a machine text scores higher."""
        place = np.searchsorted(np.sort(self.human), self.machine)
        return float(place.mean() / len(self.human))


def law(name: str, human: np.ndarray, machine: np.ndarray) -> Law:
    """Bin two pools of scores."""
    edges = np.quantile(np.concatenate([human, machine]), np.arange(1, BINS) / BINS)
    bins = [np.searchsorted(edges, s) for s in (human, machine)]
    h, m = (np.bincount(b, minlength=BINS) / len(b) for b in bins)
    h = np.maximum(h, 0.5 / POOL)
    ratio = m / h
    return Law(name, human, machine, ratio[bins[0]], ratio[bins[1]], h, ratio)


def binormal(auroc: float, rng: np.random.Generator) -> Law:
    """N(0, 1) against N(d, 1), d = sqrt(2) of the normal quantile of the AUROC."""
    d = np.sqrt(2) * ndtri(auroc)
    return law(f"binormal-{auroc}", rng.normal(size=POOL), rng.normal(d, 1, POOL))


def chains() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Human bigrams (K, K); machine ones, tempered; hidden ones (K, K, K), of the human bigrams.

    hidden: P(c | a, b) = P(c | b) (1 + s_ab v_bc) with sum_a P(a | b) s_ab = 0 and
    sum_c P(c | b) v_bc = 0: bigram frequencies stay, trigrams move.
    """
    rng = np.random.default_rng(7)
    human = rng.dirichlet(np.full(SYMBOLS, 0.7), SYMBOLS) * 0.9 + 0.1 / SYMBOLS
    tempered = human**1.5
    tempered /= tempered.sum(axis=1, keepdims=True)
    stationary = np.linalg.matrix_power(human, 200)[0]
    before = stationary[:, None] * human / (stationary @ human)  # P(a | b) at [a, b]
    side = rng.normal(size=(SYMBOLS, SYMBOLS))
    side -= (before * side).sum(axis=0)
    move = rng.normal(size=(SYMBOLS, SYMBOLS))
    move -= (human * move).sum(axis=1, keepdims=True)
    scale = 0.95 / (np.abs(side).max() * np.abs(move).max())
    return human, tempered, human * (1 + scale * side[:, :, None] * move)


def written(chain: np.ndarray, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
    """Texts (n, length) of an order-1 chain (K, K) or an order-2 chain (K, K, K)."""
    cumulative = chain.cumsum(axis=-1)
    text = rng.integers(0, SYMBOLS, (n, length))
    for t in range(2, length):
        key = (text[:, t - 1],) if chain.ndim == 2 else (text[:, t - 2], text[:, t - 1])
        text[:, t] = (cumulative[key] < rng.random((n, 1))).sum(axis=1).clip(max=SYMBOLS - 1)
    return text


def bigram_scorer(human: np.ndarray, machine: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Mean log ratio of bigram frequencies, counted in texts of both sorts."""
    logs = []
    for texts in (human, machine):
        counts = np.ones((SYMBOLS, SYMBOLS))
        np.add.at(counts, (texts[:, :-1], texts[:, 1:]), 1)
        logs.append(np.log(counts / counts.sum(axis=1, keepdims=True)))
    table = logs[1] - logs[0]
    return lambda texts: table[texts[:, :-1], texts[:, 1:]].mean(axis=1)


def ngram(name: str, machine: np.ndarray, length: int, rng: np.random.Generator) -> Law:
    """Score laws of a bigram classifier, trained on 1,000 other texts of each sort."""
    human = chains()[0]
    score = bigram_scorer(*(written(c, 1000, length, rng) for c in (human, machine)))
    return law(name, *(score(written(c, POOL, length, rng)) for c in (human, machine)))


def laws() -> dict[str, Callable[[], Law]]:
    """The laws by name; n-gram texts are as long as their AUROC asks for."""
    _, tempered, hidden = chains()
    partly = 0.75 * hidden + 0.25 * tempered
    made = {
        f"binormal-{a}": lambda a=a: binormal(a, stream("binormal", a)) for a in (0.7, 0.9, 0.99)
    }
    for auroc, length in ((0.7, 10), (0.9, 34), (0.99, 100)):
        name = f"bigrams-{auroc}"
        made[name] = lambda name=name, n=length: ngram(name, tempered, n, stream(name))
    made["hidden"] = lambda: ngram("hidden", partly, 120, stream("hidden"))
    return made


def stream(*names: object) -> np.random.Generator:
    """Random numbers that depend on names alone."""
    return np.random.default_rng(crc32(repr(names).encode()))


@dataclass(frozen=True)
class Cell:
    """What was measured at one law, size and share."""

    law: str
    auroc: float
    size: int
    share: float
    covered: float
    width: float
    oracle_width: float
    alarmed: float

    @property
    def holds(self) -> bool:
        """Coverage within its band, and at most twice as wide as the oracle."""
        return self.covers and self.width <= 2 * self.oracle_width

    @property
    def covers(self) -> bool:
        """93 to 97 % inside, 93 % or more at 0 and 1."""
        return 0.93 <= self.covered <= (1.0 if self.share in (0, 1) else 0.97)


def measured(of: Law, size: int, share: float, draws: int, rng: np.random.Generator) -> Cell:
    """Draw a cell."""
    low, high, alarmed, oracle = [], [], [], []
    for start in range(0, draws, 100):
        n = min(100, draws - start)
        human = of.human[rng.integers(0, POOL, (n, size))]
        machine = of.machine[rng.integers(0, POOL, (n, size))]
        made = rng.random((n, size)) < share
        pick = rng.integers(0, POOL, (n, size))
        corpus = np.where(made, of.machine[pick], of.human[pick])
        found = shares(human, machine, corpus)
        low.append(found.low)
        high.append(found.high)
        alarmed.append(mixture_p(human, machine, corpus) < 0.05)
        if start < 200:
            oracle.append(
                oracle_widths(of, np.where(made, of.ratio_machine[pick], of.ratio_human[pick]))
            )
    lows, highs = np.concatenate(low), np.concatenate(high)
    covered = float(((lows <= share + 1e-9) & (highs >= share - 1e-9)).mean())
    widths = float((highs - lows).mean()), float(np.concatenate(oracle).mean())
    return Cell(
        of.name, of.auroc, size, share, covered, *widths, float(np.concatenate(alarmed).mean())
    )


def oracle_widths(of: Law, ratio: np.ndarray) -> np.ndarray:
    """Widths (D,) by the likelihood ratio, both laws known; ratios of the corpus (D, n)."""
    gap, node = np.clip(ratio - 1, -1 + 1e-9, None), of.nodes - 1

    def likelihood(a: np.ndarray) -> np.ndarray:
        return np.log1p(a[:, None] * gap).sum(axis=1)

    low, high = np.zeros(len(ratio)), np.ones(len(ratio))
    for _ in range(18):
        a = (low + high) / 2
        rising = (gap / (1 + a[:, None] * gap)).sum(axis=1) > 0
        low, high = np.where(rising, a, low), np.where(rising, high, a)
    best = (low + high) / 2
    top = likelihood(best)

    def accepted(a: np.ndarray) -> np.ndarray:
        inner = np.clip(a, 1e-6, 1 - 1e-6)
        information = (of.weight * node**2 / (1 + inner[:, None] * node)).sum(axis=1)
        root = np.sqrt(information * ratio.shape[1])
        return 2 * (top - likelihood(inner)) <= critical(a * root, (1 - a) * root, 0.95)

    ends = [outermost(accepted, best, np.full_like(best, e)) for e in (0.0, 1.0)]
    return ends[1] - ends[0]


def kept(file: Path | None) -> dict[tuple[str, int, float], Cell]:
    """Cells of an earlier call; a last line that a kill cut off is cut away."""
    if file is None or not file.exists():
        return {}
    whole = file.read_text()
    whole = whole[: whole.rfind("\n") + 1]
    file.write_text(whole)
    cells = [Cell(**json.loads(line)) for line in whole.splitlines()]
    return {(c.law, c.size, c.share): c for c in cells}


def shown(cell: Cell) -> str:
    """A row of the list."""
    return (
        f"{cell.law:14}{cell.auroc:6.3f}{cell.size:6}{cell.share:6.1f}{cell.covered:9.3f}"
        f"{cell.width:8.4f}{cell.width / cell.oracle_width:8.2f}{cell.alarmed:8.3f}"
        f"{'' if cell.holds else '  outside'}"
    )


def table(cells: Iterable[Cell]) -> str:
    """Two markdown tables, a cell each: covered, and the width over the oracle's; misses bold."""
    by: dict[tuple[str, int], dict[float, Cell]] = {}
    for cell in cells:
        by.setdefault((cell.law, cell.size), {})[cell.share] = cell
    shares = sorted({share for row in by.values() for share in row})
    heads = "".join(f" {share:g} |" for share in shares)
    lines = []
    for which in ("covered", "width / oracle"):
        lines += ["", f"| {which} | texts |{heads}", "|---|--:|" + "--:|" * len(shares)]
        for (name, size), row in by.items():
            own = "".join(f" {entry(row.get(share), which)} |" for share in shares)
            lines.append(f"| {name} | {size:,} |{own}")
    return "\n".join(lines)


def entry(cell: Cell | None, which: str) -> str:
    """One number, bold where it misses its band."""
    if cell is None:
        return ""
    said, holds = f"{cell.covered:.3f}".removeprefix("0"), cell.covers
    if which != "covered":
        ratio = cell.width / cell.oracle_width
        said, holds = f"{ratio:.2f}", ratio <= 2
    return said if holds else f"**{said}**"


def main() -> int:
    """Print every cell, then what failed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=1000)
    asked.add_argument("--laws", nargs="*", default=[])
    asked.add_argument("--shares", nargs="*", type=float, default=SHARES)
    asked.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    asked.add_argument("--out", type=Path, help="JSON lines, a cell each; what is there stays.")
    options = asked.parse_args()
    start, cells = time.perf_counter(), kept(options.out)
    print(
        f"{'law':14}{'AUROC':>6}{'size':>6}{'share':>6}{'covered':>9}{'width':>8}{'/oracle':>8}{'alarms':>8}"
    )
    for size in options.sizes:
        for name, make in laws().items():
            if options.laws and name not in options.laws:
                continue
            wanted = [s for s in options.shares if (name, size, s) not in cells]
            of = make() if wanted else None
            for share in wanted:
                rng = stream(name, size, share, options.draws)
                cell = measured(of, size, share, options.draws, rng)
                cells[name, size, share] = cell
                if options.out is not None:
                    with options.out.open("a") as lines:
                        lines.write(json.dumps(asdict(cell)) + "\n")
                print(shown(cell), flush=True)
    failed = [cell for cell in cells.values() if not cell.holds]
    print(table(cells.values()))
    print(f"{len(cells) - len(failed)} of {len(cells)} cells within their bands; outside:")
    print("\n".join(shown(cell) for cell in failed))
    print(f"{time.perf_counter() - start:.0f} s")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
