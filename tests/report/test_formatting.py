import pytest

from genloss.core.view import Direction
from genloss.report.formatting import axis_title, count, number, percent


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (0.0, "0"),
        (0.00629, "0.00629"),
        (0.5, "0.5"),
        (-0.25, "−0.25"),
        (999.6, "1,000"),
        (20000.0, "20,000"),
        (4.1e-30, "4.1×10⁻³⁰"),
        (2e-9, "2×10⁻⁹"),
        (1.5e12, "1.5×10¹²"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (0.99996, "1"),
    ],
)
def test_numbers_are_readable(x, said):
    assert number(x) == said


def test_shares_and_counts():
    assert percent(0.0613) == "6.13 %"
    assert percent(0.995) == "99.5 %"
    assert count(1, "run") == "1 run"
    assert count(1200, "run") == "1,200 runs"


def test_axis_titles_carry_unit_and_direction():
    assert axis_title("nats", Direction.LOWER) == "nats · ↓ lower is closer to reality"
    assert axis_title("1", Direction.ONE) == "ratio or share · 1 is reality"
