"""The page on laboratories: its spec has an exact line, and its numbers are those of theory."""

import re
import tomllib
from pathlib import Path

import numpy as np

from genloss.judge.predictions import theory_lines
from genloss.study.study import study_from
from genloss.theory import regression, shares, weighting

PAGE = (Path(__file__).parents[2] / "docs" / "laboratories.md").read_text()
REGIMES = (Path(__file__).parents[2] / "docs" / "choosing-a-regime.md").read_text()


def test_its_spec_has_the_line_that_the_page_promises():
    spec = tomllib.loads(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL).group(1))
    line = theory_lines(study_from(spec))["excess_risk"]
    doses = np.array(line.value) / regression.dose(111, 10)
    np.testing.assert_allclose(doses[[1, 2, 3]], [1, 1.25, 1.25 + 1 / 9])
    assert doses[-1] < np.pi**2 / 6


def test_the_best_weights_are_those_of_theory():
    assert "0.618 for equal numbers, 0.27\nand 0.095 for ten and a hundred times as many" in PAGE
    best = weighting.optimal_real_weight(1, [1, 10, 100])
    np.testing.assert_allclose(best, [0.618, 0.270, 0.095], atol=5e-4)
    assert "w = 0.55 instead of 0.618 costs 2.5 %" in PAGE
    flat = weighting.weighted_mean_error_limit(100, 100, real_weight=[0.55, best[0]])
    np.testing.assert_allclose(flat[0] / flat[1], 1.025, atol=5e-4)


def test_the_price_of_a_share_is_that_of_theory():
    assert "times at 1 %, 5.3 times at 10 %, 1.33 times at a half" in REGIMES
    found = shares.share_inflation(1e9, [0.01, 0.1, 0.5])
    np.testing.assert_allclose(found, [50, 5.3, 1.33], rtol=0.01)
