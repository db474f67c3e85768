"""The search for advice where the answer is known, with closed forms switched off.

T13: the weight of real rows at which a Gaussian's mean errs least, w* = (sqrt(k^2 + 4 k) - k)/2 for
k = n/m. T15: the share at which the error of a multinomial is 1/(1 - (1 - 1/n)(1 - a)^2) times that
of one honest fit. T15b: the count of fresh real rows among N at which it is
(1 - sum p^2) N / (N^2 - (N - k)^2 + N - k). Ends with 1 where a weight is off by more than .05, or
its interval wider than +- .05, or a share or count off by more than 20 %.

    python benchmarks/advice_known.py [chains=50]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genloss.plan.advise.advice import Answer, Effort, advise, best_setting
from genloss.plan.advise.fields import field_dial
from genloss.plan.advise.question import question_of, target_of
from genloss.plan.advise.supplies import real_rows
from genloss.study.study import study_from
from genloss.theory.shares import share_inflation
from genloss.theory.weighting import optimal_real_weight

SYMBOLS, ROWS = 50, 100

MULTINOMIAL = {
    "name": "multinomial",
    "reality": {"kind": "uniform_tokens", "k": SYMBOLS},
    "learner": {"kind": "categorical", "k": SYMBOLS},
    "n_real": ROWS,
    "generations": 2,
    "metrics": ["squared_probability_error"],
}


@dataclass(frozen=True)
class Known:
    """What was found beside what is true."""

    what: str
    exact: float
    answer: Answer
    holds: bool
    seconds: float


def weight(n: int, m: int, effort: Effort) -> Known:
    """Find T13's weight of n real rows among m synthetic ones."""
    spec = {
        "name": "weights",
        "reality": {"kind": "gaussian", "d": 30},
        "learner": {"kind": "gaussian", "ddof": 1},
        "regime": {"kind": "weighted_fresh", "n_real": n, "real_weight": 0.5},
        "form": "moments",
        "n_real": n,
        "n_synthetic": m,
        "generations": 2,
        "metrics": ["squared_mean_error"],
    }
    begun = time.perf_counter()
    question = question_of(study_from(spec), target_of("squared_mean_error lowest at 30"))
    dial = field_dial(question.study, "regime.real_weight=0.02:0.98")
    [answer] = best_setting(question, dial, effort).answers
    exact = float(optimal_real_weight(n, m))
    assert answer.value is not None
    near = abs(answer.value - exact) <= 0.05 and answer.high - answer.low <= 0.1
    return Known(f"T13 weight, m/n = {m / n:g}", exact, answer, near, time.perf_counter() - begun)


def share(a: float, effort: Effort) -> Known:
    """Find T15's share from the inflation that it has."""
    spec = MULTINOMIAL | {"regime": {"kind": "fresh_share", "real_share": 0.5}}
    bound = float(share_inflation(ROWS, a)) * (1 - 1 / SYMBOLS) / ROWS
    begun = time.perf_counter()
    target = target_of(f"squared_probability_error <= {bound} at 40")
    question = question_of(study_from(spec), target, "mean")
    dial = field_dial(question.study, "regime.real_share=0.0:1.0")
    [answer] = advise(question, [dial], effort, theory=False).answers
    return _close(f"T15 share, a = {a:g}", a, answer, begun)


def count(k: int, effort: Effort) -> Known:
    """Find T15b's count from the error that it has."""
    n = ROWS
    bound = (1 - 1 / SYMBOLS) * n / (n**2 - (n - k) ** 2 + (n - k))
    begun = time.perf_counter()
    target = target_of(f"squared_probability_error <= {bound} at 60")
    question = question_of(study_from(MULTINOMIAL | {"form": "counts"}), target, "mean")
    dial = real_rows(question.study, "share", "fresh")
    [answer] = advise(question, [dial], effort, theory=False).answers
    return _close(f"T15b count, k = {k} of {n}", k, answer, begun)


def _close(what: str, exact: float, answer: Answer, begun: float) -> Known:
    near = answer.value is not None and abs(answer.value / exact - 1) <= 0.2
    return Known(what, exact, answer, near, time.perf_counter() - begun)


def all_known(effort: Effort) -> Iterator[Known]:
    """Yield every case."""
    for m in (100, 1000):
        yield weight(100, m, effort)
    for a in (0.05, 0.1, 0.2, 0.5):
        yield share(a, effort)
    for k in (2, 10, 50):
        yield count(k, effort)


def main(words: list[str]) -> int:
    """Print all of them; 1 where one is not found."""
    options = dict(word.split("=", 1) for word in words)
    failed = 0
    print(f"{'what':26} {'exact':>7} {'found':>7} {'95 %':>16} {'s':>5}")
    with tempfile.TemporaryDirectory() as folder:
        effort = Effort(Path(folder), int(options.get("chains", "50")), workers=1)
        for each in all_known(effort):
            a = each.answer
            ends = f"{a.low:.4g} to {a.high:.4g}"
            found = "none" if a.value is None else f"{a.value:.4g}"
            mark = "" if each.holds else "  MISSED"
            numbers = f"{each.exact:>7.4g} {found:>7} {ends:>16} {each.seconds:>5.0f}"
            print(f"{each.what:26} {numbers}{mark}", flush=True)
            failed += not each.holds
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
