"""Laws: functions of a case that raise what breaks them; all of them are tried, then all are told.

The name of a law is that of its function, with spaces.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np

from genloss.core.arrays import Array
from genloss.errors import GenlossError

T = TypeVar("T")
Law = Callable[[T], None]


@dataclass(frozen=True)
class Violation:
    """A law that does not hold: what was got, what was expected."""

    law: str
    got: str
    expected: str

    def __str__(self) -> str:
        return f"{self.law}: got {self.got}; expected {self.expected}"


class ContractError(GenlossError, AssertionError):
    """An object breaks laws of its role; `violations` has all of them."""

    def __init__(self, what: str, violations: tuple[Violation, ...]) -> None:
        self.what, self.violations = what, violations
        laws = "a law" if len(violations) == 1 else f"{len(violations)} laws"
        lines = "".join(f"\n  - {v}" for v in violations)
        super().__init__(f"{what} breaks {laws} of its role:{lines}")


@dataclass(frozen=True)
class Outcome:
    """The laws that held, and those that do not apply with the reason."""

    held: tuple[str, ...]
    skipped: Mapping[str, str]


class Broken(Exception):
    """A law does not hold."""

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(got)
        self.got, self.expected = got, expected


class Skipped(Exception):
    """A law does not apply."""


def require(holds: Any, got: Any, expected: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(str(got), expected)


def check(what: str, laws: Sequence[Law[T]], case: T) -> Outcome:
    """Try every law on the case; raise ContractError where any is broken."""
    held, skipped, violations = [], {}, []
    for law in laws:
        name = law.__name__.replace("_", " ")
        try:
            law(case)
            held.append(name)
        except Skipped as why:
            skipped[name] = str(why)
        except Broken as broken:
            violations.append(Violation(name, broken.got, broken.expected))
        except Exception as error:
            # A wrong class may fail anywhere; the laws after this one are tried all the same.
            violations.append(Violation(name, _shown(error), "no error"))
    if violations:
        raise ContractError(what, tuple(violations))
    return Outcome(tuple(held), skipped)


def _shown(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
    return f"{type(error).__name__} at {where} ({error})"


def rng(key: int = 0) -> np.random.Generator:
    """Return a stream; equal keys give equal streams."""
    return np.random.default_rng(key)


def digest(arrays: Mapping[str, Array]) -> str:
    """Return what two sets of arrays share only if all names, types, shapes and bytes agree."""
    parts = sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        parts.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
    return parts.hexdigest()


def gap(one: Array, two: Array) -> str:
    """Return where two arrays differ most, in words."""
    one, two = np.asarray(one), np.asarray(two)
    if one.shape != two.shape:
        return f"shapes {one.shape} and {two.shape}"
    with np.errstate(invalid="ignore"):
        apart = np.abs(np.subtract(one, two, dtype=float))
    apart = np.where(one == two, 0.0, np.nan_to_num(apart, nan=np.inf, posinf=np.inf))
    if not apart.size:
        return "nothing"
    place = np.unravel_index(int(apart.argmax()), apart.shape)
    return f"{one[place]:.6g} and {two[place]:.6g} at {tuple(map(int, place))}"


def near(one: Array, two: Array, rtol: float = 1e-9, atol: float = 1e-12) -> bool:
    """Whether two arrays agree; infinities agree with themselves."""
    return np.shape(one) == np.shape(two) and bool(
        np.allclose(one, two, rtol=rtol, atol=atol, equal_nan=True)
    )
