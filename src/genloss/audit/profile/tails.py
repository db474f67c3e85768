"""Words by band of frequency, against a reference; how much of the words was never seen."""

from collections import Counter
from math import log, sqrt
from typing import Any

from genloss.audit.profile.proportions import share

BANDS = ((1, 100), (101, 1000), (1001, 10_000), (10_001, 10**9))
"""Ranks of words in the reference, the commonest first."""

NAMES = ("the 100 commonest", "rank 101 to 1,000", "rank 1,001 to 10,000", "rarer, but known")

UNKNOWN = "not in the reference"

CONFIDENCE = 0.05


def missing_mass(counts: Counter[str]) -> dict[str, Any]:
    """Return the Good-Turing estimate N1 / N of the probability of words never seen.

    N words, N1 of them once. The interval is the bound of McAllester and Schapire (2000), which
    holds with probability 95 %: N1/N +- (2 sqrt 2 + sqrt 3) sqrt(log(3/.05) / N). It takes words as
    drawn independently, which those of texts are not.
    """
    n = counts.total()
    if not n:
        return {"words": 0, "distinct": 0, "share": None}
    once = sum(count == 1 for count in counts.values())
    half = (2 * sqrt(2) + sqrt(3)) * sqrt(log(3 / CONFIDENCE) / n)
    estimate = once / n
    return {
        "words": n,
        "distinct": len(counts),
        "once": once,
        "share": estimate,
        "low": max(0.0, estimate - half),
        "high": min(1.0, estimate + half),
    }


def bands(counts: Counter[str], reference: Counter[str]) -> list[dict[str, Any]]:
    """Return the share of words in each band of the reference, here and there.

    kept: of the words of the band that the reference holds, how many occur here at all.
    """
    ranked = [word for word, _ in sorted(reference.items(), key=lambda item: (-item[1], item[0]))]
    n, m = counts.total(), reference.total()
    rows = []
    for name, (first, last) in zip(NAMES, BANDS, strict=True):
        words = ranked[first - 1 : last]
        if not words:
            continue
        rows.append(
            {
                "band": name,
                "here": share(sum(counts[w] for w in words), n, whole=True)["share"],
                "reference": share(sum(reference[w] for w in words), m, whole=True)["share"],
                "kept": share(sum(w in counts for w in words), len(words), whole=True),
            }
        )
    outside = sum(count for word, count in counts.items() if word not in reference)
    rows.append({"band": UNKNOWN, "here": outside / n if n else None, "reference": 0.0})
    return rows


def thinned(counts: Counter[str], size: int, seed: int) -> Counter[str]:
    """Return the counts of `size` words drawn without replacement, so that corpora compare."""
    import numpy as np

    names = sorted(counts)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(size,)))
    drawn = rng.multivariate_hypergeometric([counts[w] for w in names], size, method="marginals")
    return Counter({w: int(k) for w, k in zip(names, drawn, strict=True) if k})
