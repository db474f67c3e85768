"""Chains by sufficient statistics against drawing every row, in the same run.

The statistics way runs the whole study; the rows way is timed on fewer generations, which the table
states, and scaled to the same number.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from genloss.core.forms import AsCounts, AsMoments, Rows
from genloss.core.roles import Form, Learner, Reality
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.realities.gaussians import Gaussian
from genloss.realities.tokens import UniformTokens
from genloss.run.runner import run_study
from genloss.study.study import Schedule, Study

ROW_GENERATIONS = 20


def seconds(study: Study) -> float:
    """Time one study in a temporary folder, one process."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        run_study(study, Path(folder), workers=1)
        return time.perf_counter() - begun


def compare(
    what: str, reality: Reality, learner: Learner, form: Form, chains: int, n: int, t: int
) -> None:
    study = Study(
        reality, learner, n, t, form=form, chains=chains, measure=Schedule(), checkpoint_every=t
    )
    statistics = min(seconds(study) for _ in range(3))
    # Rows of all chains at once would not fit into memory: blocks of them, one after another.
    few = replace(study, form=Rows(), generations=ROW_GENERATIONS, chains_per_block=200)
    rows = seconds(replace(few, chains=min(chains, 1000)))
    rows *= t / ROW_GENERATIONS * chains / min(chains, 1000)
    print(
        f"{what:<34} {chains:>7} {t:>6} {n:>6} {statistics:10.2f} {rows:12.1f} "
        f"{rows / statistics:9.0f}x"
    )


def main() -> None:
    head = ("study", "chains", "T", "n", "statistics", "every row", "ratio")
    print("{:<34} {:>7} {:>6} {:>6} {:>10} {:>12} {:>10}".format(*head))
    print(f"seconds; every row: {ROW_GENERATIONS} generations of 1,000 chains, scaled")
    learner = GaussianLearner(ddof=1)
    compare("Gaussian d = 1", Gaussian(), learner, AsMoments(), 20_000, 1000, 1000)
    compare("Gaussian d = 10", Gaussian(d=10), learner, AsMoments(), 2_000, 1000, 1000)
    compare("Gaussian d = 100", Gaussian(d=100), learner, AsMoments(), 100, 1000, 100)
    tokens = CategoricalLearner(k=100)
    compare("categorical k = 100", UniformTokens(k=100), tokens, AsCounts(), 2_000, 1000, 1000)


if __name__ == "__main__":
    main()
