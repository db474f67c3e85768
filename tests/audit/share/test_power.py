"""The power of an alarm, simulated from a calibration: known cases, and what it is not told of."""

import numpy as np
import pytest

from genloss.audit.share.power import alarm_powers


@pytest.mark.slow
def test_power_agrees_with_corpora_that_were_drawn_from_the_laws(rng):
    """Two normals of AUROC .9: with 300 texts, half of them made, .24 of moved corpora are seen.

    That is from 400 draws of the laws (docs/share.md). Here four calibrations of 300 texts stand
    for them, whose powers differ by .08: their mean is within .04 and a bias of smoothing of .05.
    Edited texts are seen in all.
    """
    found = [
        alarm_powers(rng.normal(size=300), rng.normal(1.812, 1, 300), 300, 0.5, 0.05)
        for _ in range(4)
    ]
    assert all(edited.power > 0.95 and edited.times == 1 for edited, _ in found)
    assert abs(np.mean([moved.power for _, moved in found]) - 0.24) < 0.05 + 3 * 0.04
    assert all(moved.times in (2, 4, 8) for _, moved in found)


@pytest.mark.slow
def test_where_the_line_holds_all_no_number_of_texts_helps(rng):
    """Machine scores that are human ones moved by half a deviation: moved human texts are these."""
    human = rng.normal(size=400)
    _, moved = alarm_powers(human, human + 0.5 * human.std(), 400, 0.0, 0.05)
    assert moved.power < 0.15
    assert moved.times is None


def test_what_has_no_score_is_left_out(rng):
    sets = rng.normal(size=200), rng.normal(2, 1, 200)
    holes = [np.append(s, [np.nan] * 5) for s in sets]
    assert alarm_powers(*sets, 200, 0.2, 0.05) == alarm_powers(*holes, 200, 0.2, 0.05)
