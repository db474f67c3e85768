"""A profile in a sentence or two, for somebody who has never heard of it."""

from __future__ import annotations

from genloss.judge.profile.verdicts import Answer, Profile, Verdict
from genloss.spec.wording import listed

HAPPENED = {
    1: "it has lost most of what training on real data teaches",
    5: "most of its variety is gone",
    6: "whole groups are gone",
    7: "what is rare is gone",
    8: "it makes up what is unlike anything real",
}
"""What each kind of collapse means; the second verdict is none, only a loss."""

NOT_SURE = {
    1: "whether most of what it had learnt is lost",
    2: "whether it is any worse",
    5: "how much of its variety is left",
    6: "whether groups are gone",
    7: "whether what is rare is gone",
    8: "whether it makes things up",
}


def in_short(profile: Profile, generations: int, why: str = "") -> str:
    """Return what the profile says, worst first.

    why: what it is short of as a whole, such as a control, without which nothing can be said.
    """
    if why:
        return f"Whether this is a collapse cannot be told: {why}."
    verdicts = [v for v in profile.verdicts if v.rule.aspect is not None]
    happened = [
        HAPPENED[v.rule.number]
        for v in verdicts
        if _is(v, Answer.YES) and v.rule.number in HAPPENED
    ]
    open_ = [NOT_SURE[v.rule.number] for v in verdicts if _is(v, Answer.UNKNOWN) and v.metric]
    after = f"After {generations:,} generation{'' if generations == 1 else 's'}"
    worse = profile[2].answer
    if happened:
        text = f"{after} this is a collapse: {listed(happened, 'and')}."
    elif worse is Answer.YES:
        text = f"{after} it is worse than training on real data alone, and {_not_collapsed(open_)}."
    elif judged := [v for v in verdicts if _is(v, Answer.NO)]:
        text = f"{after} no collapse: {_as_good(judged)}."
    else:
        text = "Whether this is a collapse cannot be told yet."
    return f"{text} Not clear yet: {listed(open_, 'and')}." if open_ else text


def _is(v: Verdict, answer: Answer) -> bool:
    return v.answer is answer


def _not_collapsed(unclear: list[str]) -> str:
    return "whether it has collapsed is not clear" if unclear else "has not collapsed"


KEPT = {5: "its variety", 6: "its groups", 7: "what is rare"}


def _as_good(judged: list[Verdict]) -> str:
    numbers = [v.rule.number for v in judged]
    kept = [words for number, words in KEPT.items() if number in numbers]
    said = ["is as good as one trained on real data alone"] if 2 in numbers else []
    said += [f"keeps {listed(kept, 'and')}"] if kept else []
    said += ["makes nothing up"] if 8 in numbers else []
    return f"the model {listed(said or [LEARNT], 'and')}"


LEARNT = "keeps most of what training on real data teaches"
