"""What a field takes, and what a list of names offers, in plain words for errors."""

import types
import typing
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

NAMES: Mapping[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "true or false"),
    str: ("text", "texts"),
    dict: ("a table", "tables"),
}
"""Types of fields, one and many."""

UNIONS = (typing.Union, types.UnionType)

FEW = 16
"""Names that an error lists in full."""

NEAREST = 5
"""Names that it offers of more."""


def type_words(hint: Any, many: bool = False) -> str:
    """Return what values of a type are: a number, 'scott' or 'silverman'."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal or origin in UNIONS:
        return listed(_options(hint, many), "or")
    if origin is tuple and inner[-1:] == (Ellipsis,):
        return f"{'lists' if many else 'a list'} of {type_words(inner[0], many=True)}"
    named = NAMES.get(origin or hint)
    return named[many] if named else getattr(hint, "__name__", str(hint))


def _options(hint: Any, many: bool) -> list[str]:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return [repr(value) for value in inner]
    if origin in UNIONS:
        # None is how Python leaves a field out; a spec has no word for it.
        return [word for h in inner if h is not type(None) for word in _options(h, many)]
    return [type_words(hint, many)]


def listed(words: Iterable[str], last: str) -> str:
    """Return 'a', 'a and b' or 'a, b and c', with another word than 'and' as `last` says."""
    *before, end = words
    return f"{', '.join(before)} {last} {end}" if before else end


def matches(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the closest known words, and those that word is a part of; the best first."""
    words = list(known)
    parts = [w for w in words if len(word) > 2 and word in w]
    return list(dict.fromkeys([*get_close_matches(word, words, n=most), *parts]))[:most]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ' (did you mean ...?)' for the closest known word, or one it is part of, if any."""
    found = matches(word, known)
    return f" (did you mean {found[0]!r}?)" if found else ""


def offered(word: str, known: Iterable[str], all_of_them: str) -> str:
    """Return what may stand in the place of an unknown word: all of few, the nearest of many.

    all_of_them: the command that lists them.
    """
    words = list(known)
    if len(words) <= FEW:
        return f"{nearest(word, words)}; known: {', '.join(words)}"
    close = matches(word, words, NEAREST)
    like = f" (did you mean {listed([repr(w) for w in close], 'or')}?)" if close else ""
    return f"{like}; {all_of_them} lists all {len(words)}"
