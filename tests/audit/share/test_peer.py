"""Another hand's estimates on the same scores: QuaPy's, frozen by benchmarks/share_peer.py."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from genloss.audit.share.pair import machine_share

CASES = json.loads((Path(__file__).parent / "quapy.json").read_text())["cases"]
SIZE = 500


def scores(auroc, share):
    rng = np.random.default_rng([int(100 * auroc), int(10 * share)])
    d = np.sqrt(2) * ndtri(auroc)
    corpus = rng.normal(size=SIZE) + d * (rng.random(SIZE) < share)
    sets = rng.normal(size=SIZE), rng.normal(d, 1, SIZE), corpus
    return tuple(np.round(s, 3) for s in sets)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['auroc']}-{c['share']}")
def test_quapy_estimates_lie_well_inside_our_intervals(case):
    """Adjusted counts and maximum likelihood of the same scores.

    They differ from ours by less than half of the interval's half-width, one standard error of the
    share: the corpus is the same, so that most of their errors are the same, too.
    """
    human, machine, corpus = scores(case["auroc"], case["share"])
    ours = machine_share(human, {"m": machine}, corpus).share
    for method in ("PACC", "EMQ"):
        assert abs(case[method] - ours.estimate) < (ours.high - ours.low) / 4, (method, ours)
