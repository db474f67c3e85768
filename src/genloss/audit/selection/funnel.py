"""What every rule refuses, by origin and band of words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from genloss.audit.selection.policy import Answer, Policy
from genloss.audit.selection.rules import AnyRule
from genloss.corpus.record.record import Record, Value

KEPT = "kept"


@dataclass(frozen=True)
class Decision:
    """The first rule that refuses a record, '' if none does, and why; what the policy answers."""

    rule: str
    reason: str
    answer: Answer | None = None

    @property
    def is_kept(self) -> bool:
        """Whether no rule refuses it."""
        return not self.rule

    @property
    def beside(self) -> dict[str, Value]:
        """The attributes that tell it beside the text."""
        told: dict[str, Value] = {}
        if self.answer is not None:
            told |= {"policy_verdict": self.answer.verdict, "policy_ground": self.answer.ground}
        if not self.is_kept:
            told |= {"refused_by": self.rule, "refused_because": self.reason}
        return told


@dataclass
class Funnel:
    """Counts of (rule or 'kept', origin, band), and of what each rule refuses by itself.

    answers: of kept records, what the policy said of them.
    """

    read: int = 0
    first: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Funnel") -> None:
        """Add the counts of another part of the corpus."""
        self.read += other.read
        self.first.update(other.first)
        self.alone.update(other.alone)
        self.answers.update(other.answers)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain values, in order."""
        rows = [[*key, n] for key, n in sorted(self.first.items())]
        counts = {"alone": self.alone, "answers": self.answers}
        plain = {name: dict(sorted(counted.items())) for name, counted in counts.items()}
        return {"read": self.read, "first": rows, **plain}

    @classmethod
    def from_json(cls, plain: Any) -> "Funnel":
        """Return the funnel of such values."""
        first = Counter({(r, o, b): n for r, o, b, n in plain["first"]})
        return cls(plain["read"], first, Counter(plain["alone"]), Counter(plain["answers"]))


def decide(record: Record, rules: Sequence[AnyRule | Policy], funnel: Funnel) -> Decision:
    """Ask every rule about a record, and count it, but for its band."""
    reasons = [(rule.name, rule.refusal(record)) for rule in rules]
    against = [Decision(name, reason) for name, reason in reasons if reason]
    answer = next((rule.answer(record) for rule in rules if isinstance(rule, Policy)), None)
    decision = replace(against[0] if against else Decision("", ""), answer=answer)
    if answer is not None and decision.is_kept:
        funnel.answers[answer.verdict] += 1
    funnel.read += 1
    funnel.alone.update(d.rule for d in against)
    return decision
