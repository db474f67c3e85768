"""One block of chains, from its last checkpoint to the last generation."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from genloss.core.abilities import ResumableLearner
from genloss.core.progress import listening
from genloss.core.resources import explained_shortage, memory_shared_by
from genloss.core.roles import History, Learner
from genloss.run.checkpoint import restored
from genloss.run.events import Phase, Tell
from genloss.run.inputs import check_inputs, reads_again
from genloss.run.other_machine import machine_of
from genloss.run.recorder import Recorder, unchecked
from genloss.run.setup import Setup, set_up
from genloss.run.task import Task
from genloss.run.threads import computing_on
from genloss.run.watch import Watch, WatchedLearner, WatchedSampler
from genloss.spec.code import code_of
from genloss.store.block import BlockStore, Checkpoint
from genloss.store.folder import block_path
from genloss.store.header import read_header
from genloss.store.lock import locked_block
from genloss.store.same_code import check_code

ADVICE = (
    "run the same command again: it resumes; fewer workers, and fewer chains that advance together "
    "(chains_per_block, of a new run), need less"
)


def run_block(
    task: Task,
    tell: Tell = lambda step: None,
    vouched: Callable[[Path], None] = lambda block: None,
) -> None:
    """Run or resume one block, telling where it is.

    vouched: hears of the block's folder whenever its manifest vouches for more.

    Raises:
        GenlossError: whatever a learner, metric or the disk refuses; what was stored resumes.
    """
    path = block_path(task.run, task.block)
    with explained_shortage(ADVICE), locked_block(path):
        header, machine = read_header(task.run), machine_of(task.study, task.threads)
        store = BlockStore(path, header.origin, task.block, machine, header.accepted, vouched)
        check_code(task.run, header.code, code_of(task.study))
        checkpoint, watch = store.resume(task.study.generations), Watch(tell)
        if checkpoint is not None and checkpoint.t >= task.study.generations:
            watch.enter(Phase.DONE, checkpoint.t)
            return
        with (
            memory_shared_by(task.memory_parts),
            computing_on(store.machine.threads, task.study),
            listening(watch.reached),
        ):
            check = partial(check_inputs, task.study, header)
            setup = set_up(task.study, task.block, watch)
            check()
            _run(setup, store, checkpoint, watch, check)


def _run(
    setup: Setup,
    store: BlockStore,
    checkpoint: Checkpoint | None,
    watch: Watch,
    check: Callable[[], None],
) -> None:
    recorder = Recorder(setup, store, watch)
    if checkpoint is None:
        recorder.record(setup.zero, check if reads_again(setup.study) else unchecked)
        after = setup.zero.history
    else:
        after, recorder.first = restored(setup, checkpoint)
        recorder.shortfall = checkpoint.shortfall
    learner = setup.study.learner
    if isinstance(learner, ResumableLearner):
        learner = learner.with_notebook(store.notebook())
    record_chain(setup, recorder, after, learner, watch, check)


def record_chain(
    setup: Setup,
    recorder: Recorder,
    after: History,
    learner: Learner,
    watch: Watch,
    check: Callable[[], None] = unchecked,
) -> None:
    """Run a chain from its history to the last generation, and record every one.

    check: called before the rows of a generation are stored whose fit or metrics have read files:
    of the first, which reads what all begin at, and of all where they read a base again.
    """
    again = reads_again(setup.study)
    watched = WatchedLearner(learner, watch, after.t - 1)
    for generation in setup.chain(after, watched, WatchedSampler(setup.study.sampler, watch)):
        recorder.record(generation, check if again or generation.t == after.t else unchecked)
        # Not while the next one is fitted.
        del generation
