"""Tests run in a fork of this process, under limits of processor time, memory and waiting.

The parent imports numpy, scipy, torch and pytest, once; every fork imports genloss and the tests.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest

HEAVY = (
    "numpy scipy.stats scipy.special scipy.spatial scipy.optimize numba pydantic typer rich jinja2 "
    "hypothesis safetensors.numpy sklearn.datasets torch transformers tokenizers"
)
SPARE = 10.0
"""Seconds of processor time beyond TIMES those without a change; a test that needs more hangs."""
TIMES = 10.0
MEMORY = 12 << 30
"""Bytes of address space: a change that asks for a million times the rows must fail, not swap."""


def warm() -> None:
    """Import what every fork needs, once, and let the environment of the tests be theirs."""
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in HEAVY.split():
            importlib.import_module(name)
    gc.freeze()


@dataclass(frozen=True)
class Outcome:
    """What became of one test: passed, failed, slow (past its limit) or skipped.

    test: its id; that of a file where it can't be imported; '' of a fork that crashed or waited.
    lines: those of the package that it runs, by path, where they were asked for.
    """

    test: str
    how: str
    seconds: float
    lines: dict[str, list[int]] = field(default_factory=dict)


@dataclass(eq=False)
class Watch:
    """A plugin of pytest: order, limits, and a line for every test as it ends."""

    out: Path
    order: Callable[[str], float | None]
    limit: Callable[[str], float]
    lines: coverage.Coverage | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list) -> None:
        """Keep and sort the tests that are asked for; None is not."""
        ranked = [
            (rank, i) for i, t in enumerate(items) if (rank := self.order(t.nodeid)) is not None
        ]
        items[:] = [items[i] for _, i in sorted(ranked)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        """Stop the whole process where a test takes too long: nothing in it can catch that."""
        self.how, start = "skipped", _used()

        def stop(*_: object) -> None:
            self._write(Outcome(item.nodeid, "slow", _used() - start))
            os._exit(1)

        signal.signal(signal.SIGPROF, stop)
        signal.setitimer(signal.ITIMER_PROF, self.limit(item.nodeid))
        if self.lines:
            self.lines.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._write(Outcome(item.nodeid, self.how, _used() - start, self._lines_of(item)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the worst of set-up, call and clean-up."""
        if report.failed:
            self.how = "failed"
        elif report.when == "call" and report.passed and self.how != "failed":
            self.how = "passed"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that can't be imported is a test that fails."""
        if report.failed:
            self._write(Outcome(report.nodeid, "failed", 0.0))

    def _lines_of(self, item: pytest.Item) -> dict[str, list[int]]:
        if not self.lines:
            return {}
        self.lines.switch_context("between")
        data = self.lines.get_data()
        data.set_query_context(item.nodeid)
        root = f"{item.config.rootpath}/"
        files = ((name, data.lines(name)) for name in data.measured_files())
        return {name.removeprefix(root): sorted(lines) for name, lines in files if lines}

    def _write(self, outcome: Outcome) -> None:
        with self.out.open("a") as file:
            file.write(json.dumps(vars(outcome)) + "\n")


def _used() -> float:
    own, children = (
        resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def trial(
    checkout: Path,
    files: Iterable[str],
    order: Callable[[str], float | None],
    limit: Callable[[str], float],
    waiting: float,
    words: tuple[str, ...] = (),
    lines: bool = False,
) -> list[Outcome]:
    """Run tests of a checkout in a fork and return what became of them, as far as they came.

    order: the rank of a test by its id, None where it is not to run. limit: seconds of processor
    time of a test. waiting: seconds after which the fork is ended, whatever it does.
    """
    out = checkout.parent / "outcomes.jsonl"
    out.write_text("")
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            _run(checkout, [*words, *files], Watch(out, order, limit), lines)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(1)
    status = _waited(child, time.monotonic() + waiting)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    outcomes = [Outcome(**json.loads(line)) for line in out.read_text().splitlines()]
    if status != 0 and not any(outcome.how == "slow" for outcome in outcomes):
        outcomes.append(Outcome("", "slow" if status is None else "failed", waiting))
    return outcomes


def _waited(child: int, end: float) -> int | None:
    """Return how a process ended; None where it had to be ended."""
    pause = 0.01
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(pause)
        pause = min(0.2, pause * 1.3)


def _run(checkout: Path, words: list[str], watch: Watch, lines: bool) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    log = os.open(checkout.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(checkout)
    os.environ["PYTHONPATH"] = str(checkout / "src")
    sys.path.insert(0, str(checkout / "src"))
    for name in [n for n in sys.modules if n.partition(".")[0] == "genloss"]:
        del sys.modules[name]
    if lines:
        # `source` would walk through the package after every test for files that none has run.
        package = f"{checkout}/src/*"
        watch.lines = coverage.Coverage(data_file=None, include=[package], config_file=False)
        watch.lines.start()
    here = [f"--rootdir={checkout}", f"-c{checkout}/pyproject.toml"]
    quiet = ["-q", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # Hypothesis was imported before its assertions could be rewritten.
    quiet.append("-Wignore::pytest.PytestAssertRewriteWarning")
    code = pytest.main([*here, *quiet, *words], plugins=[watch])
    sys.stdout.flush()
    if code not in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        os._exit(0)
