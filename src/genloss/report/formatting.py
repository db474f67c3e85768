"""Numbers, units and directions in plain language."""

import math

from genloss.core.over_chains import Statistic
from genloss.core.view import Direction

SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(x: float, digits: int = 3) -> str:
    """Return a number for reading: 0.0063, 20,000, 4.1×10⁻³⁰, ∞."""
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    power = math.floor(math.log10(abs(float(f"{x:.{digits - 1}e}"))))
    if power < -4 or power > 6:
        mantissa, _, exponent = f"{x:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{_minus(mantissa)}×10{str(int(exponent)).translate(SUPERSCRIPT)}"
    if power >= digits - 1:
        return _minus(f"{x:,.0f}")
    return _minus(f"{x:.{digits - 1 - power}f}".rstrip("0").rstrip(".") or "0")


def percent(x: float) -> str:
    """Return a share as a percentage: 0.061 is 6.1 %."""
    return f"{number(100 * x)} %"


def count(n: int, one: str, many: str = "") -> str:
    """Return '1 run' or '1,200 runs'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


DIRECTIONS = {
    Direction.LOWER: "lower is closer to reality",
    Direction.HIGHER: "higher is closer to reality",
    Direction.ONE: "1 is reality",
    Direction.ZERO: "0 is reality",
    Direction.START: "reality is at t = 0",
}
"""Which way is closer to reality, in words."""

ARROWS = {Direction.LOWER: "↓ ", Direction.HIGHER: "↑ "}


NO_START = "no value at t = 0 to compare with"
"""What a direction says of a metric whose reality is at t = 0, and that has no value there."""


def direction_words(direction: Direction, first: int) -> str:
    """Return which way is closer to reality; first: the first generation that has a value."""
    return NO_START if direction is Direction.START and first else DIRECTIONS[direction]


def axis_title(unit: str, direction: Direction, first: int = 0) -> str:
    """Return unit and direction as a y axis says them; first as in `direction_words`."""
    what = "ratio or share" if unit == "1" else unit
    return f"{what} · {ARROWS.get(direction, '')}{direction_words(direction, first)}"


def statistic_words(statistic: Statistic) -> str:
    """Return what a statistic over chains is called: mean, median, 5 % quantile."""
    if statistic.kind == "quantile" and statistic.level is not None:
        return f"{percent(statistic.level)} quantile"
    return str(statistic)


def _minus(text: str) -> str:
    return text.replace("-", "−")
