"""What a reader of captures, mail and chats finds: rows, and what it could not read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Unreadable:
    """A part of a file that is not read: a short kind, and why."""

    kind: str
    reason: str


Found = Iterator[tuple[int, Mapping[str, Any] | Unreadable]]
"""The number of each part of a file, and its row or why there is none."""

SELF, THIRD = "self", "third party"
"""Who wrote a message: one of those who were named as oneself, or anybody else."""


def party(author: str, me: frozenset[str]) -> str:
    """Return whose message it is; me: names and addresses, in lower case."""
    return SELF if author.strip().lower() in me else THIRD
