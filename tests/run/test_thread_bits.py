"""Where bits do depend on threads, a run keeps those it began with, here and in workers."""

import sys
from contextlib import suppress

import numpy as np
import pytest

from genloss.run.block import run_block
from genloss.run.events import Phase
from genloss.run.runner import header_of, run_study
from genloss.run.task import Task
from genloss.spec.parts import entries
from genloss.store.folder import create_or_match, run_path
from genloss.store.reader import Run
from genloss.study.study import study_from

OWN = """
from dataclasses import dataclass, replace

from genloss.models.gaussian import GaussianLearner


@dataclass(frozen=True)
class Summing(GaussianLearner):
    uses_threads = True

    def fit(self, train, rng, **options):
        import torch

        draws = torch.as_tensor(rng.normal(size=100_000), dtype=torch.float32)
        model = super().fit(train, rng, **options)
        # A sum in float32: its last bits depend on how it is shared out.
        return replace(model, mean=model.mean + float(draws.sum()))
"""


class Stopped(Exception):
    pass


@pytest.mark.slow
def test_bits_that_depend_on_threads_are_those_of_the_first_start(
    tmp_path, monkeypatch, folder_bytes
):
    (tmp_path / "summing.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    study = study_from(
        {
            "reality": "gaussian",
            "learner": {"kind": "summing:Summing", "ddof": 1},
            "n_real": 20,
            "generations": 3,
            "chains": 2,
            "chains_per_block": 1,
            "metrics": ["mean_error"],
            "checkpoint_every": 1,
        }
    )

    def begun(root, threads, until):
        header = header_of(study)
        run = run_path(tmp_path / root, header)
        create_or_match(run, header, entries(study))

        def tell(step):
            if step.phase == Phase.DONE and step.t == until:
                raise Stopped

        for block in (0, 1):
            with suppress(Stopped):
                run_block(Task(study, run, block, threads), tell)
        return run

    one, two = begun("one", 1, None), begun("two", 2, None)
    values = [Run(path).series["mean_error"].values for path in (one, two)]
    assert not np.array_equal(*values), "here nothing depends on threads: choose a longer sum"
    np.testing.assert_allclose(*values, rtol=1e-3)
    for workers in (1, 2):
        for threads, unbroken in ((1, one), (2, two)):
            root = f"{workers}-{threads}"
            run = begun(root, threads, 1)
            assert run_study(study, tmp_path / root, workers=workers).path == run
            assert folder_bytes(run) == folder_bytes(unbroken)
    sys.modules.pop("summing")
