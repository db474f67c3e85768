"""What every test folder shares: one hypothesis profile, what may be skipped, folders as bytes."""

import gc
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from genloss.core.extras import EXTRAS
from genloss.errors import MissingExtra

# Before torch is loaded: threads of several test processes on two cores wait for one another, and
# bits depend on their number, whatever the caller's environment says.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

MEMORY = Path("/dev/shm")


def holds_tests(place: Path) -> bool:
    """Return whether a file system in memory has room for what tests write, and runs scripts."""
    if not (place.is_dir() and os.access(place, os.W_OK)):
        return False
    about = os.statvfs(place)
    return about.f_bavail * about.f_frsize > 8 << 30 and not about.f_flag & os.ST_NOEXEC


# Thousands of small runs sync their files some forty times each: on a disk, half of their time.
if holds_tests(MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Whoever starts the tests may ignore signals, as nohup and some runners do, and every command that
# a test starts would inherit that. What is caught here, and dropped, a child has by default.
CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
IGNORED = os.environ.setdefault(
    "GENLOSS_TEST_IGNORES",
    ",".join(str(int(n)) for n in CAUGHT if signal.getsignal(n) == signal.SIG_IGN),
)
if threading.current_thread() is threading.main_thread():
    for number in filter(None, IGNORED.split(",")):
        signal.signal(int(number), lambda *_: None)


@pytest.fixture(autouse=True)
def signals():
    """Put back what a test changes: a command that leaves in this process ignores signals."""
    before = {number: signal.getsignal(number) for number in (*CAUGHT, signal.SIGALRM)}
    yield
    if threading.current_thread() is threading.main_thread():
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


SEED = os.environ.get("GENLOSS_SEED", "")
"""Set by `make deep`: other cases than ever before, and many more of them."""

# The same examples on every machine, and nothing written beside the tests.
settings.register_profile("genloss", derandomize=True, deadline=None, database=None)
settings.register_profile("deep", max_examples=1000, deadline=None, database=None)
settings.load_profile("deep" if SEED else "genloss")

WITHOUT_NETWORKS = os.environ.get("GENLOSS_WITHOUT_NETWORKS") == "1"
"""Set by `.ci/deep lowest` and `newest`: what needs an extra beyond `INSTALLED` is skipped."""

INSTALLED = frozenset({"report", "digits", "text", "corpus"})
"""The extras in the environments of `.ci/deep lowest` and `newest`."""

MAY_SKIP = {
    "tests/study/test_canary.py::test_the_real_base_sings_as_it_should": "its wheel is not shipped",
    "tests/models/torch/features/test_classifier.py::test_it_reads_mnist": "MNIST is not shipped",
    "tests/realities/test_idx.py::test_the_real_mnist_where_it_is_at_hand": "MNIST is not shipped",
    **dict.fromkeys(
        (
            "tests/cli/corpus/test_verify.py::test_a_signature_says_who_signed_and_breaks_with_the_records",
            "tests/cli/corpus/test_verify.py::test_a_signature_of_something_else_is_none",
            "tests/cli/corpus/test_verify.py::test_what_is_wrong_or_not_vouched_for_is_not_signed",
        ),
        "not every machine has ssh-keygen",
    ),
    "tests/run/test_kill.py::test_workers_do_not_outlive_a_killed_parent": "macOS has no /proc",
    "tests/run/test_schedule.py::test_twenty_kills_change_nothing": "macOS has no /proc",
}
"""All that may be skipped under GENLOSS_REQUIRE_ALL=1, as .ci/run sets it: test and reason."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a skipped test that is not listed: what is never run guards nothing."""
    report = yield
    lacking = lacks(call.excinfo.value) if WITHOUT_NETWORKS and call.excinfo else None
    if lacking:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1] or 0, f"needs genloss[{lacking}]")
    return required(report, item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Fail a skipped module that is not listed."""
    return required((yield), collector.nodeid)


def lacks(error: BaseException | None) -> str | None:
    """Return the extra that an error, or one behind it, says is missing, and may be."""
    if error is None:
        return None
    if isinstance(error, MissingExtra):
        named = re.search(r"genloss\[(\w+)\]", str(error))
        extra = named[1] if named else None
    else:
        module = error.name if isinstance(error, ModuleNotFoundError) else None
        extra = EXTRAS.get((module or "").partition(".")[0])
    if extra is None or extra in INSTALLED:
        return lacks(error.__cause__ or error.__context__)
    return extra


def required(report, test: str):
    unlisted = report.skipped and test.partition("[")[0] not in MAY_SKIP
    if (
        os.environ.get("GENLOSS_REQUIRE_ALL") == "1"
        and unlisted
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"{test} was skipped and is not in MAY_SKIP: {report.longrepr}"
    return report


GROUPS = {
    "demo": ("tests/published/test_demo.py", "tests/published/test_negative_arms.py"),
    "ray": ("tests/run/cluster/test_bucket.py", "tests/run/cluster/test_ray.py"),
}
"""Files that share what takes minutes. One worker runs all of them, one after the other: beside the
demo, which takes both cores, nodes of Ray starve."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Send the tests of groups to one worker.

    xdist's own marks do nothing since pytest 9.2: a worker writes the group behind `_nodeid`, which
    pytest no longer reads.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


def group_of(test: str) -> str:
    """Return what is sent to one worker as a whole: all groups, or the test itself."""
    file = test.partition("::")[0]
    return "groups" if any(file in files for files in GROUPS.values()) else test


def pytest_report_header() -> str:
    return f"seed of generated cases: {SEED or 0}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Turn the order round under GENLOSS_REVERSE=1: workers share a module in no fixed order."""
    if os.environ.get("GENLOSS_REVERSE") == "1":
        items.reverse()


def pytest_collection_finish() -> None:
    """Leave what ten thousand tests are made of out of every later search for garbage: a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def seed() -> int:
    """Return the seed of a test's own generated cases: 0, or what `make deep` has drawn."""
    return int(SEED or 0)


@pytest.fixture(scope="session")
def mnist() -> str:
    """Return the folder that GENLOSS_MNIST names; a wrong name is a failure, none is a skip."""
    if "GENLOSS_MNIST" not in os.environ:
        pytest.skip("needs MNIST; set GENLOSS_MNIST to its folder")
    return os.environ["GENLOSS_MNIST"]


VARYING = ("provenance.jsonl", "machine.json", ".lock", "theory.json")
"""Files that differ from run to run: when, where, by whom, and whether theory was asked for."""


@pytest.fixture(scope="session")
def folder_bytes() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads every file of a folder that must be reproduced exactly."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in VARYING)
        return {str(p.relative_to(folder)): p.read_bytes() for p in files}

    return read
