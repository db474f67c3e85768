"""What `genloss advise` is asked: questions and dials from its options."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genloss.errors import SpecError
from genloss.plan.advise.advice import Advice, Effort, advise, best_setting
from genloss.plan.advise.fields import field_dial
from genloss.plan.advise.frontier import Frontier, Prices, frontier
from genloss.plan.advise.question import Estimand, Question, question_of, target_of
from genloss.plan.advise.supplies import (
    MEANING,
    SUPPLIES,
    Axis,
    Dial,
    RealRows,
    Supply,
    real_rows,
    supply_of,
)
from genloss.plan.advise.transfer import Transfer, transfers
from genloss.study.load import load_study
from genloss.study.own_text import is_text
from genloss.study.study import Study

AXES: dict[str, tuple[Axis, ...]] = {
    "share": ("share",),
    "count": ("count",),
    "both": ("share", "count"),
}

QUICK_LEARNER = ["learner.kind=ngram"]
"""What a text is advised on at once; its advice on others is another question."""

SMALL = [
    "learner.kind=transformer",
    "learner.start=scratch",
    "learner.width=64",
    "learner.layers=2",
    "learner.training.epochs=10",
    "learner.training.batch=32",
    "learner.training.learning_rate=3e-3",
    "learner.training.rate=cosine",
    "learner.training.warmup=20",
]
"""A transformer of about a hundred thousand parameters beside its vocabulary's."""


@dataclass(frozen=True)
class Told:
    """All that a command has to show."""

    advice: Advice
    frontier: Frontier | None = None
    other: Advice | None = None
    transfers: tuple[Transfer, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A question, what is searched, and what was assumed; of another learner too, where asked.

    also: what is searched by a second rule, where time permits.
    """

    question: Question
    dials: Sequence[Dial]
    assumed: str
    also: Sequence[Dial] = ()
    prices: Prices | None = None
    other: "Asked | None" = None

    def advised(self, effort: Effort, theory: bool) -> Told:
        """Answer it; see `genloss.plan.advise`."""
        if self.question.target.best:
            return Told(best_setting(self.question, self.dials[0], effort))
        advice = advise(self.question, self.dials, effort, theory=theory, also=self.also)
        risk = None
        if self.prices is not None and isinstance(dial := self.dials[0], RealRows):
            risk = frontier(
                advice.question,
                dial.supply,
                self.prices,
                effort,
                theory=theory,
                weighted=self._weighted,
            )
        if self.other is None:
            return Told(advice, risk)
        asked = self.other
        other = advise(asked.question, asked.dials, effort, theory=theory, also=asked.also)
        every = [*advice.answers, *advice.also], [*other.answers, *other.also]
        return Told(advice, risk, other, transfers(*every))

    @property
    def _weighted(self) -> bool | None:
        """Whether the best weight is asked for too: in any case, or where time permits (None)."""
        if any(isinstance(dial, RealRows) and dial.weighted for dial in self.dials):
            return True
        return None if self.also else False


def asked_of(
    spec: Path,
    overrides: Sequence[str],
    target: str,
    *,
    supply: str,
    count_as: str,
    vary: str,
    estimand: Estimand,
    level: float,
    prices: str,
    against: Sequence[str],
    weighted: bool | None,
) -> Asked:
    """Return the question that options pose.

    weighted: both rules in any case; None: the best weight of fresh rows too, where time permits;
    False: rows are pooled.

    Raises:
        SpecError: options that contradict each other, a metric that the study lacks.
    """
    if not target:
        raise SpecError('--target is missing; such as --target "trace_ratio >= 0.9 at 20"')
    wanted = target_of(target)
    if count_as not in AXES:
        raise SpecError(f"--as {count_as!r}; expected {', '.join(AXES)}")
    if vary and (supply or count_as != "both" or prices or against or weighted):
        raise SpecError(
            "--vary excludes --supply, --as, --weighted, --prices and --against: it leaves the "
            "regime as it is"
        )
    if wanted.best and not vary:
        raise SpecError(
            f"--target {target!r} needs --vary: more real rows are always as good; expected a field"
        )
    if wanted.best:
        if level != 0.95:
            raise SpecError(
                f"--level {level:g}: {target!r} is of the mean over chains; leave it out"
            )
        estimand = "mean"
    text = spec.exists() and is_text(spec)
    own = any(word.startswith("learner") for word in overrides)
    words = [*(QUICK_LEARNER if text and not own else []), *overrides]
    question = question_of(load_study(spec, words), wanted, estimand, level)
    assumed, dials, also = _dials(question.study, text, supply, count_as, vary, weighted)
    other = None
    if against:
        changed = [w for word in against for w in (SMALL if word == "transformer" else [word])]
        kept = [w for w in overrides if not w.startswith("learner")]
        study = load_study(spec, [*kept, *changed])
        asked = question_of(study, wanted, estimand, level)
        _, of_other, also_of_other = _dials(asked.study, text, supply, count_as, vary, weighted)
        other = Asked(asked, of_other, assumed, also_of_other)
    return Asked(question, dials, assumed, also, _prices(prices), other)


def _dials(
    study: Study, text: bool, supply: str, count_as: str, vary: str, weighted: bool | None
) -> tuple[str, list[Dial], list[Dial]]:
    """Return what was assumed of the supply of real rows, what is searched, and what besides."""
    if vary:
        return "as the regime of the study has them", [field_dial(study, vary)], []
    chosen, why = _supply(supply, study, text)
    pooled: list[Dial] = [real_rows(study, axis, chosen) for axis in AXES[count_as]]
    assumed = f"{chosen}, {MEANING[chosen]} ({why})"
    if not weighted and (weighted is False or chosen != "fresh"):
        return assumed, pooled, []
    best: list[Dial] = [real_rows(study, axis, chosen, weighted=True) for axis in AXES[count_as]]
    return (assumed, [*pooled, *best], []) if weighted else (assumed, pooled, best)


def _prices(words: str) -> Prices | None:
    if not words:
        return None
    try:
        real, synthetic = map(float, words.split(","))
    except ValueError:
        raise SpecError(f"--prices {words!r}; expected REAL,SYNTHETIC, such as 1,0.01") from None
    return Prices(real, synthetic)


def _supply(word: str, study: Study, text: bool) -> tuple[Supply, str]:
    if not word:
        return supply_of(study, text)
    for supply in SUPPLIES:
        if word == supply:
            return supply, "as --supply says"
    raise SpecError(f"--supply {word!r}; expected {', '.join(SUPPLIES)}")
