"""The eight verdicts on a run, after the eight meanings that model collapse has (Schaeffer 2025).

Each holds an interval over chains against a threshold: wholly beyond it is yes, wholly on this side
no, else it cannot tell. "No" so always says that the effect is smaller than the threshold, never
that none was seen. What the thresholds mean and why they are these: docs/verdicts.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from genloss.core.about import Aspect
from genloss.core.arrays import Floats, Ints
from genloss.judge.profile.enough import enough
from genloss.judge.profile.evidence import Evidence
from genloss.judge.profile.intervals import ABOVE, BELOW, Quotient

FEWEST_CHAINS = 4
"""Of fewer chains values are shown and nothing is judged."""

CATASTROPHIC, ANY = 0.5, 0.05
"""Excess risk, as a share of the gap from the control to a trivial predictor."""

HALF = 0.5
"""Spread or tail, as a share of the control's."""

MODES_LOST = 0.5
"""Modes fewer than the control has, on average over chains."""

NOVEL = 0.01
"""Share of rows unlike anything real, beyond the control's."""


class Answer(StrEnum):
    """What a verdict says."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Rule:
    """One verdict: its number and name, what it asks in plain words, and of which aspect.

    statistic: what is held against the threshold, in words. above: whether yes lies above it.
    """

    number: int
    name: str
    question: str
    statistic: str = ""
    aspect: Aspect | None = None
    threshold: float | None = None
    above: bool = True


GAP = "risk beyond the control's, as a share of the gap to a predictor that has learnt nothing"

RULES = (
    Rule(
        1,
        "Catastrophic increase of population risk",
        "Has it lost most of what it had learnt?",
        GAP,
        Aspect.RISK,
        CATASTROPHIC,
    ),
    Rule(
        2,
        "Any increase of population risk",
        "Is it any worse than training on real data?",
        GAP,
        Aspect.RISK,
        ANY,
    ),
    Rule(3, "Asymptotically diverging population risk", "Does it get worse without end?"),
    Rule(4, "Change in scaling law", "Does more data help less than it should?"),
    Rule(
        5,
        "Collapsing variance",
        "Is most of the variety gone?",
        "variety as a share of the control's",
        Aspect.SPREAD,
        HALF,
        above=False,
    ),
    Rule(
        6,
        "Entanglement of real data modes",
        "Are whole groups gone?",
        "modes fewer than the control has",
        Aspect.MODES,
        MODES_LOST,
    ),
    Rule(
        7,
        "Disappearance of real tail data",
        "Are rare things gone?",
        "what is left of rare data, as a share of the control's",
        Aspect.TAIL,
        HALF,
        above=False,
    ),
    Rule(
        8,
        "Appearance of hallucinated data",
        "Does it make things up?",
        "share of rows unlike anything real, beyond the control's",
        Aspect.NOVELTY,
        NOVEL,
    ),
)


@dataclass(frozen=True)
class Verdict:
    """One verdict on a run at a generation.

    found: the statistic with its interval over chains; None where nothing was measured. chains,
    fits: of the run and of its control. why: in words, what the answer rests on, or what is
    missing. enough: what would decide it, where it cannot tell for lack of chains.
    """

    rule: Rule
    answer: Answer
    metric: str = ""
    found: Quotient | None = None
    chains: int = 0
    fits: int = 0
    generation: int = 0
    why: str = ""
    enough: str = ""


Path = tuple[Ints, Floats]
"""Generations (T,) and the values of a statistic there (T,)."""


def verdict(rule: Rule, evidence: Evidence, path: Path | None = None) -> Verdict:
    """Return the verdict of a rule that asks for an aspect; path: its statistic on the way."""
    e, threshold = evidence, rule.threshold
    assert threshold is not None

    def said(answer: Answer, found: Quotient | None, why: str, more: str = "") -> Verdict:
        size = e.control.size
        return Verdict(
            rule, answer, e.metric, found, len(e.run), size, e.generation, why, enough=more
        )

    if rule.aspect is Aspect.RISK and e.trivial is None:
        return said(Answer.UNKNOWN, None, NO_TRIVIAL.format(metric=e.metric))
    if e.chains < FEWEST_CHAINS:
        value = statistic(e) if e.chains > 1 else None
        return said(Answer.UNKNOWN, value, few(e.chains))
    found = statistic(e)
    if not np.isfinite([found.low, found.high]).all():
        return said(Answer.UNKNOWN, None, NO_GAP[rule.aspect is Aspect.RISK])
    beyond = found.low > threshold if rule.above else found.high < threshold
    within = found.high < threshold if rule.above else found.low > threshold
    if beyond or within:
        return said(Answer.YES if beyond else Answer.NO, found, "")
    more = str(enough(found, threshold, e.chains, path))
    return said(Answer.UNKNOWN, found, "the interval holds the threshold", more)


def few(chains: int) -> str:
    """Return why so few chains carry no verdict."""
    word = "chain carries" if chains == 1 else "chains carry"
    return f"{chains} {word} no verdict; run {FEWEST_CHAINS} or more, better 8"


NO_TRIVIAL = "what a predictor that has learnt nothing would score in {metric} is not known"

NO_GAP = {
    True: "the control is no better than a predictor that has learnt nothing",
    False: "the control has next to nothing that could be lost",
}


def statistic(e: Evidence) -> Quotient:
    """Return what verdicts on the aspect of some evidence are about, with its interval."""
    if e.aspect is Aspect.RISK:
        return e.excess(ABOVE)
    if e.aspect is Aspect.MODES:
        gained = e.beyond(BELOW)
        return Quotient(*(0.0 - x for x in (gained.estimate, gained.high, gained.low)))
    return e.beyond(ABOVE) if e.aspect is Aspect.NOVELTY else e.left(BELOW)


@dataclass(frozen=True)
class Profile:
    """Eight verdicts, and the two stages of collapse that follow from them.

    early: tails are lost (7). late: variance or support is lost (5, or half of the modes).
    """

    verdicts: tuple[Verdict, ...]
    early: Answer
    late: Answer

    def __getitem__(self, number: int) -> Verdict:
        """Return a verdict by its number, 1 to 8."""
        return self.verdicts[number - 1]


def profile(
    evidence: Mapping[Aspect, Evidence],
    missing: Mapping[Aspect, str],
    divergence: Verdict,
    scaling: Verdict,
    paths: Mapping[Aspect, Path] | None = None,
) -> Profile:
    """Return the profile of a run.

    missing: of aspects without evidence, why. divergence, scaling: the verdicts 3 and 4, which
    rest on closed forms and on several sizes.
    """
    given = {3: divergence, 4: scaling}
    verdicts = []
    for rule in RULES:
        if rule.aspect is None:
            verdicts.append(given[rule.number])
        elif (one := evidence.get(rule.aspect)) is None:
            why = missing.get(rule.aspect, f"no metric of {rule.aspect} was measured")
            verdicts.append(Verdict(rule, Answer.UNKNOWN, why=why))
        else:
            verdicts.append(verdict(rule, one, (paths or {}).get(rule.aspect)))
    return Profile(tuple(verdicts), verdicts[6].answer, _late(verdicts, evidence))


def _late(verdicts: list[Verdict], evidence: Mapping[Aspect, Evidence]) -> Answer:
    answers, modes = [verdicts[4].answer], evidence.get(Aspect.MODES)
    if modes is not None and modes.chains >= FEWEST_CHAINS:
        left = modes.left()
        answers.append(
            Answer.YES if left.high < HALF else Answer.NO if left.low > HALF else Answer.UNKNOWN
        )
    if Answer.YES in answers:
        return Answer.YES
    return Answer.NO if set(answers) == {Answer.NO} else Answer.UNKNOWN
