"""theory.json: what it says is what was written, and what is not whole is computed again."""

import pytest

from genloss.core.over_chains import MEAN, MEDIAN, Statistic
from genloss.errors import SpecError
from genloss.store.files import read_sealed, write_sealed
from genloss.store.header import Header
from genloss.store.theory_file import TheoryLine, read_theory, write_theory

HEADER = Header("r", {}, {}, ())
LINES = {
    "sigma": TheoryLine("typical chain", MEDIAN, (0, 3), (1.0, 0.25)),
    "m[x]": TheoryLine("worst of twenty", Statistic("quantile", 0.05), (0,), (0.1,)),
    "trace_ratio": TheoryLine("median of means", MEAN, (), ()),
}


def test_lines_come_back_with_what_they_predict(tmp_path):
    write_theory(tmp_path, HEADER, LINES)
    assert read_theory(tmp_path, HEADER) == (LINES, {})


@pytest.mark.parametrize(
    "change",
    [
        {"statistic": "typical"},
        {"statistic": "variance"},
        {"statistic": None},
        {"t": [0]},
        {"label": 3},
    ],
)
def test_a_line_that_does_not_say_what_it_predicts_is_computed_again(tmp_path, change):
    write_theory(tmp_path, HEADER, LINES)
    content = read_sealed(tmp_path / "theory.json")
    content["lines"]["sigma"] |= change
    content = {k: v for k, v in content.items() if k not in ("format", "digest")}
    write_sealed(tmp_path / "theory.json", content)
    assert read_theory(tmp_path, HEADER) is None


def test_a_line_has_a_value_for_each_generation():
    with pytest.raises(SpecError, match="has 1 values at 2 generations"):
        TheoryLine("law", MEAN, (0, 1), (1.0,))
    with pytest.raises(SpecError, match="predicts sd; expected mean, median or quantile:Q"):
        TheoryLine("law", Statistic("sd"), (0,), (1.0,))
    assert LINES["sigma"].at(3) == 0.25
    assert LINES["sigma"].at(1) is None
