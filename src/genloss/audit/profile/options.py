"""What an audit is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class AuditOptions:
    """group: the key of records by which people's texts are told apart (see `Record.key`).

    sample: texts that are looked into, at most. near: records among which near duplicates are
    sought, at most. similarity: of near duplicates. today: dates after it are in the future. seed:
    of the random halves. since: an earlier audit.
    """

    group: str = "domain"
    sample: int = 20_000
    near: int = 1_000_000
    similarity: float = 0.8
    today: date | None = None
    seed: int = 0
    since: Mapping[str, Any] | None = None
