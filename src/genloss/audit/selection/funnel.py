"""What every rule refuses, by origin and band of words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from genloss.audit.selection.bands import Bands
from genloss.audit.selection.policy import Policy
from genloss.audit.selection.rules import AnyRule
from genloss.corpus.record.record import Record

KEPT = "kept"


@dataclass(frozen=True)
class Decision:
    """The first rule that refuses a record, '' if none does, and why."""

    rule: str
    reason: str

    @property
    def is_kept(self) -> bool:
        """Whether no rule refuses it."""
        return not self.rule


@dataclass
class Funnel:
    """Counts of (rule or 'kept', origin, band), and of what each rule refuses by itself."""

    read: int = 0
    first: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Funnel") -> None:
        """Add the counts of another part of the corpus."""
        self.read += other.read
        self.first.update(other.first)
        self.alone.update(other.alone)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain values, in order."""
        rows = [[*key, n] for key, n in sorted(self.first.items())]
        return {"read": self.read, "first": rows, "alone": dict(sorted(self.alone.items()))}

    @classmethod
    def from_json(cls, plain: Any) -> "Funnel":
        """Return the funnel of such values."""
        first = Counter({(r, o, b): n for r, o, b, n in plain["first"]})
        return cls(plain["read"], first, Counter(plain["alone"]))


def decide(
    record: Record, rules: Sequence[AnyRule | Policy], bands: Bands, funnel: Funnel
) -> Decision:
    """Ask every rule about a record, and count it."""
    reasons = [(rule.name, rule.refusal(record)) for rule in rules]
    against = [Decision(name, reason) for name, reason in reasons if reason]
    decision = against[0] if against else Decision("", "")
    funnel.read += 1
    funnel.alone.update(d.rule for d in against)
    funnel.first[(decision.rule or KEPT, record.origin, bands.band(record.text or ""))] += 1
    return decision
