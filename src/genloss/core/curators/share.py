"""Checks of rates and shares."""

from genloss.errors import SpecError


def check_rate(value: float, what: str) -> None:
    """Refuse a rate outside [0, 1]; raises SpecError."""
    # Not "value < 0": a comparison with NaN is false.
    if not 0 <= value <= 1:
        raise SpecError(f"{what} is {value}; expected a rate in [0, 1], not a percentage")


def check_share(value: float, what: str) -> None:
    """Refuse a share outside (0, 1]; raises SpecError."""
    if not 0 < value <= 1:
        raise SpecError(f"{what} is {value}; expected a number in (0, 1]")
