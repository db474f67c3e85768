"""Which number over the chains of a metric: what a target or a theory line is about.

    Statistic("mean"), Statistic("quantile", 0.05)

Files say it in one word: mean, median, variance, sd, share_below:X, share_above:X or quantile:Q.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from genloss.errors import SpecError

Kind = Literal["mean", "median", "variance", "sd", "share_below", "share_above", "quantile"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SHARES: tuple[Kind, Kind] = ("share_below", "share_above")
LISTING = "mean, median, variance, sd, share_below:X, share_above:X or quantile:Q"


@dataclass(frozen=True)
class Statistic:
    """A statistic over chains; option: X of a share, the level of a quantile (none: 0.5).

    Raises:
        SpecError: an unknown kind, a share of no finite number, a level outside (0, 1).
    """

    kind: Kind
    option: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SpecError(f"unknown statistic {self.kind!r}; expected {LISTING}")
        x = self.option
        if self.kind in SHARES:
            if x is None or not math.isfinite(x):
                raise SpecError(f"{self.kind} is of {x!r}; expected {self.kind}:X with a number X")
        elif self.kind == "quantile":
            if x is not None and not 0 < x < 1:
                raise SpecError(f"level of the quantile is {x}; expected 0 < Q < 1")
        elif x is not None:
            raise SpecError(f"{self.kind} has no option; got {x!r}")

    def __str__(self) -> str:
        return self.kind if self.option is None else f"{self.kind}:{_plain(self.option)}"

    @property
    def is_share(self) -> bool:
        """Whether it counts chains."""
        return self.kind in SHARES

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean."""
        return self.kind == "mean"

    @property
    def level(self) -> float | None:
        """The level of a quantile, 0.5 of the median; None for others."""
        if self.kind == "median":
            return 0.5
        if self.kind != "quantile":
            return None
        return 0.5 if self.option is None else self.option

    @property
    def is_location(self) -> bool:
        """Whether it is a value of the metric itself, which the metric's own axis can show."""
        return self.is_mean or self.level is not None


MEAN, MEDIAN = Statistic("mean"), Statistic("median")


def statistic_from(text: object) -> Statistic:
    """Read a statistic as files have it; `str` writes it.

    Raises:
        SpecError: anything else.
    """
    if not isinstance(text, str):
        raise SpecError(f"statistic is {text!r}; expected {LISTING}")
    kind, colon, option = text.partition(":")
    known = next((k for k in KINDS if k == kind), None)
    if known is None:
        raise SpecError(f"unknown statistic {text!r}; expected {LISTING}")
    try:
        number = float(option) if colon else None
    except ValueError:
        raise SpecError(f"statistic is {text!r}; expected a number after the colon") from None
    return Statistic(known, number)


def _plain(x: float) -> str:
    return repr(float(x)).removesuffix(".0")
