"""Checks of single numbers, such as options: what was got, what was expected, what to try."""

from math import isfinite
from numbers import Real

from genloss.errors import SpecError


def real(value: object, what: str) -> float:
    """Return value as a float; raises SpecError unless it is a finite number."""
    if not isinstance(value, Real) or not isfinite(value):
        raise SpecError(f"{what} is {value!r}; expected a finite number")
    return float(value)


def positive(value: object, what: str) -> float:
    """Return value as a float; raises SpecError unless it is a finite number above 0."""
    number = real(value, what)
    if number <= 0:
        raise SpecError(f"{what} is {value!r}; expected a number above 0")
    return number


def not_negative(value: object, what: str) -> float:
    """Return value as a float; raises SpecError unless it is a finite number of at least 0."""
    number = real(value, what)
    if number < 0:
        raise SpecError(f"{what} is {value!r}; expected 0 or more")
    return number


def open_fraction(value: object, what: str) -> float:
    """Return value as a float; raises SpecError unless it lies strictly between 0 and 1."""
    number = real(value, what)
    if not 0 < number < 1:
        raise SpecError(
            f"{what} is {value!r}; must lie strictly between 0 and 1; pass 0.05, not a percentage"
        )
    return number


def whole(value: object, what: str, least: int = 1) -> int:
    """Return value as an int; raises SpecError unless it is a whole number, `least` or more."""
    number = real(value, what)
    if number != int(number) or number < least:
        raise SpecError(f"{what} is {value!r}; expected a whole number of at least {least}")
    return int(number)
