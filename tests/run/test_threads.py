"""The threads of a block's networks: which studies have some, and how many."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

from genloss.models.gaussian import GaussianLearner
from genloss.models.torch.device import on_threads
from genloss.realities.gaussians import Gaussian
from genloss.run.block import run_block
from genloss.run.events import Phase
from genloss.run.runner import header_of, run_study
from genloss.run.task import Task
from genloss.run.threads import computing_on, has_networks, threads_of
from genloss.spec.build import build
from genloss.spec.parts import entries
from genloss.store.folder import create_or_match, run_path
from genloss.study.study import Study


@dataclass(frozen=True)
class Counting(GaussianLearner):
    """A learner that notes on how many threads torch is while it learns."""

    seen: ClassVar[list[int]] = []

    def fit(self, train, rng, **options):
        self.seen.append(torch.get_num_threads())
        return super().fit(train, rng, **options)


class Stopped(Exception):
    """Enough for now."""


def study(learner, **options) -> Study:
    return Study(name="s", reality=Gaussian(), learner=learner, n_real=20, generations=2, **options)


@pytest.fixture(autouse=True)
def nothing_seen():
    Counting.seen.clear()


def test_networks_are_found_wherever_they_stand():
    assert not has_networks(study(GaussianLearner(0)))
    assert has_networks(study(Counting(0)))  # this module imports torch
    assert has_networks(build("learner", "vae"))
    assert has_networks(
        (build("metric", "entropy"), build("metric", {"kind": "fid", "features": "classifier"}))
    )


@dataclass(frozen=True)
class Declaring(GaussianLearner):
    uses_threads: ClassVar[bool] = True


Declaring.__module__ = "a_module_that_imports_torch_inside_fit"


def test_a_learner_that_imports_torch_inside_fit_says_so():
    assert has_networks(study(Declaring(0)))
    with on_threads(8):
        assert threads_of(study(Declaring(0)), 2) == 4


@pytest.mark.slow
def test_threads_are_set_although_torch_comes_later():
    """In a fresh process nothing has imported torch when a block begins."""
    code = (
        "import sys; from dataclasses import dataclass\n"
        "from genloss.models.gaussian import GaussianLearner\n"
        "from genloss.run.threads import computing_on\n"
        "from genloss.study.study import Study\n"
        "@dataclass(frozen=True)\n"
        "class Own(GaussianLearner):\n"
        "    uses_threads = True\n"
        "assert 'torch' not in sys.modules\n"
        "with computing_on(3, Study('gaussian', Own(0), 9, 2)):\n"
        "    import torch; print(torch.get_num_threads())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3"


@pytest.mark.parametrize(("blocks", "each"), [(1, 8), (2, 4), (3, 2), (8, 1), (9, 1)])
def test_threads_are_shared_out_among_blocks(blocks, each):
    with on_threads(8):
        assert threads_of(study(Counting(0)), blocks) == each
        assert threads_of(study(GaussianLearner(0)), blocks) == 1
    # What OMP_NUM_THREADS=1 asks for: the same bits by one worker and by many.
    with on_threads(1):
        assert threads_of(study(Counting(0)), blocks) == 1


def test_a_block_computes_on_its_threads_and_leaves_the_process_s_own(tmp_path):
    before = torch.get_num_threads()
    with computing_on(3, study(GaussianLearner(0))):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
    with on_threads(4):
        run_study(study(Counting(0), chains=2, chains_per_block=1), tmp_path, workers=1)
        assert Counting.seen == 4 * [4]
        assert torch.get_num_threads() == 4


@pytest.mark.slow
def test_a_block_goes_on_with_the_threads_that_it_began_with(tmp_path, folder_bytes):
    """Begun on 4 threads, gone on with on 1, on 2 and on 9: the bytes of an unbroken run on 4."""
    whole = study(Counting(0), checkpoint_every=1)
    with on_threads(4):
        unbroken = folder_bytes(run_study(whole, tmp_path / "unbroken", workers=1).path)
    assert b'"threads":4' in b"".join(unbroken.values()).replace(b" ", b"")
    header = header_of(whole)
    run = run_path(tmp_path / "broken", header)
    create_or_match(run, header, entries(whole))
    Counting.seen.clear()
    for offered in (4, 1, 2):
        done = Counting.seen[:]

        def tell(step, done=done):
            if len(Counting.seen) > len(done) and step.phase == Phase.DONE:
                raise Stopped

        with suppress(Stopped):
            run_block(Task(whole, run, 0, offered), tell)
    with on_threads(9):
        run_study(whole, tmp_path / "broken", workers=1)
    assert set(Counting.seen) == {4}
    assert folder_bytes(run) == unbroken
