"""Do alarms see what is no mixture? Power by arm, share and number of texts; what 80 % takes.

    python benchmarks/share_alarms.py                   # 400 draws a cell
    python benchmarks/share_alarms.py --draws 100 --aurocs 0.9

Two normal laws; as many human and machine calibration texts as texts in the corpus. Arms:
prevalence alone changes (an alarm in one draw of twenty at most); two texts of five are edited, so
that they score in the middle (deviation .4); all scores are moved by half a deviation. Power of
80 % is demanded of the last two. Where it is missed, sizes are doubled until it is met, to 48,000.
"""

import argparse
import time

import numpy as np
from scipy.special import ndtri

from genloss.audit.share.shift import mixture_p

SIZES, SHARES, AUROCS = (300, 1000, 3000), (0.0, 0.1, 0.5, 0.9, 1.0), (0.7, 0.9, 0.99)
LEVEL, DEMANDED, MOST = 0.05, 0.8, 48_000
ARMS = ("prevalence", "edited", "moved")


def power(auroc: float, arm: str, size: int, share: float, draws: int) -> float:
    """Share of draws with an alarm."""
    rng = np.random.default_rng([int(1000 * auroc), ARMS.index(arm), size, int(100 * share)])
    d = np.sqrt(2) * ndtri(auroc)
    raised = 0
    for start in range(0, draws, 50):
        n = min(50, draws - start)
        human, machine = rng.normal(size=(n, size)), rng.normal(d, 1, (n, size))
        corpus = rng.normal(size=(n, size)) + d * (rng.random((n, size)) < share)
        if arm == "edited":
            middle = rng.normal(d / 2, 0.4, corpus.shape)
            corpus = np.where(rng.random(corpus.shape) < 0.4, middle, corpus)
        elif arm == "moved":
            corpus = corpus + 0.5
        raised += int((mixture_p(human, machine, corpus) < LEVEL).sum())
    return raised / draws


def needed(auroc: float, arm: str, share: float, draws: int) -> str:
    """The first size of 6,000, 12,000, ... with the demanded power."""
    size = 2 * SIZES[-1]
    while size <= MOST:
        if power(auroc, arm, size, share, draws) >= DEMANDED:
            return f"{size:,}"
        size *= 2
    return f"over {MOST:,}"


def main() -> None:
    """Print a markdown row per AUROC, arm and share."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--draws", type=int, default=400)
    asked.add_argument("--aurocs", nargs="*", type=float, default=AUROCS)
    options = asked.parse_args()
    start = time.perf_counter()
    heads = " | ".join(f"{size:,}" for size in SIZES)
    print(f"| AUROC | arm | share | {heads} | texts for 80 % |")
    print("|--:|---|--:|" + "--:|" * (len(SIZES) + 1))
    for auroc in options.aurocs:
        for arm in ARMS:
            for share in SHARES:
                found = [power(auroc, arm, size, share, options.draws) for size in SIZES]
                first = next((s for s, p in zip(SIZES, found, strict=True) if p >= DEMANDED), None)
                takes = "" if arm == "prevalence" else f"{first:,}" if first else None
                takes = needed(auroc, arm, share, 100) if takes is None else takes
                row = " | ".join(f"{p:.2f}" for p in found)
                print(f"| {auroc} | {arm} | {share} | {row} | {takes} |", flush=True)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
