"""What takes independent texts: a lower bound, three origins, alarms. Of every unit, one text.

`pair` and `words` count a unit's texts by how much they differ. The methods here know of no units;
texts of one author, taken as independent, raise alarms where only prevalence differs.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genloss.audit.share.bound import FEWEST as FEWEST_OF_BOUND
from genloss.audit.share.bound import Bound, lower_bound
from genloss.audit.share.judged import Judged
from genloss.audit.share.pair import FEWEST
from genloss.audit.share.power import Power, alarm_powers, wording_power
from genloss.audit.share.shift import LEVEL, Alarm, alarms
from genloss.audit.share.ternary import Ternary, ternary_share
from genloss.audit.share.wording import Moments, common, line_p, moments

WORDING = "common words and marks"
"""What the alarm over many features is about."""


@dataclass(frozen=True)
class OneEach:
    """That one text of every unit was taken, and how many with a score that leaves."""

    unit: str
    corpus: int
    human: int
    machine: int | None
    edited: int | None

    @property
    def are_few(self) -> bool:
        """Whether alarms, three origins and a bootstrap have fewer than 50 of a sort."""
        parts = (self.corpus, self.human, self.machine, self.edited)
        return any(n is not None and n < FEWEST for n in parts)


@dataclass(frozen=True, eq=False)
class Independent:
    """A corpus and what calibrates it; of every unit, one text. one_each: None if all have one."""

    corpus: Judged
    human: Judged
    machine: Judged | None
    edited: Judged | None
    one_each: OneEach | None

    @cached_property
    def wording(self) -> tuple[Moments, Moments, Moments] | None:
        """Return how often common words occur in each sort; None without machine texts or words."""
        if self.machine is None:
            return None
        known = common(self.human.texts, self.machine.texts)
        sets = (self.human, self.machine, self.corpus)
        human, machine, corpus = (moments(s.texts, known) for s in sets)
        return (human, machine, corpus) if known else None

    @classmethod
    def drawn(
        cls,
        corpus: Judged,
        human: Judged,
        machine: Judged | None,
        edited: Judged | None,
        seed: int = 0,
    ) -> "Independent":
        """Draw one text of every unit."""
        rng = np.random.default_rng([seed, 1])
        own, people = corpus.one_each(rng), human.one_each(rng)
        made = machine and machine.one_each(rng)
        both = edited and edited.one_each(rng)
        left, given = (own, people, made, both), (corpus, human, machine, edited)
        if sum(len(s) for s in left if s) == sum(len(s) for s in given if s):
            return cls(*given, None)
        counts = [None if s is None else s.scored() for s in (made, both)]
        one_each = OneEach(corpus.unit, own.scored(), people.scored(), *counts)
        return cls(*left, one_each)

    @property
    def are_few(self) -> bool:
        """Whether there are too few units for anything but a bound."""
        return self.one_each is not None and self.one_each.are_few

    def bound(self, level: float) -> Bound | None:
        """Return the lower bound, each unit counting once; None below 200 of a side."""
        if min(self.human.scored(), self.corpus.scored()) < FEWEST_OF_BOUND:
            return None
        return lower_bound(self.human.scores, self.corpus.scores, level)

    def ternary(self, level: float) -> Ternary | None:
        """Return three shares, each unit counting once; None without edited texts, or of few."""
        if self.edited is None or self.machine is None or self.are_few:
            return None
        known = (self.human.scores, self.edited.scores, self.machine.scores)
        return ternary_share(*known, self.corpus.scores, level)

    def alarms(self) -> tuple[Alarm, ...]:
        """Test scores, lengths and common words; none where units are few."""
        if self.machine is None or self.are_few:
            return ()
        sets = (self.human, self.machine, self.corpus)
        lengths = [np.array([len(t) for t in s.texts], float) for s in sets]
        looked = {"length in characters": (lengths[0], lengths[1], lengths[2])}
        p = {WORDING: line_p(*self.wording)} if self.wording else {}
        return alarms(self.human.scores, self.machine.scores, self.corpus.scores, looked, p)

    def powers(self, share: float) -> tuple[Power, ...]:
        """Return what two alarms would see at this share; none where units are few."""
        if self.machine is None or not (raised := self.alarms()):
            return ()
        each, n = LEVEL / len(raised), self.corpus.scored()
        by_scores = alarm_powers(self.human.scores, self.machine.scores, n, share, each)
        return (*by_scores, *((wording_power(self.wording, share, each),) if self.wording else ()))
