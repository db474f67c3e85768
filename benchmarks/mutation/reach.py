"""Which tests run which lines of the package, and how long each takes; once a test file."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation import trials
from mutation.trials import Outcome

ROOMS = ("core", "metrics", "theory", "models/torch/lm/writing")
"""Folders of the tests of what is changed; others, but the laws over all kinds, only use it."""
LAWS = ("contracts",)
"""Folder of those laws, which take longest to be measured."""
LONGEST = 60.0
"""Seconds of processor time after which a test is too slow to be run against mutants."""


@dataclass(frozen=True)
class Map:
    """The tests that pass, by id, with their seconds, and which of them run a line."""

    tests: dict[str, Outcome]

    def running(self, path: str, lines: range) -> list[Outcome]:
        """Return the tests that run any of these lines of a file."""
        wanted = set(lines)
        return [t for t in self.tests.values() if wanted.intersection(t.lines.get(path, ()))]


class CrashedError(Exception):
    """The process that ran a file's tests died, or had to be ended; what it said last."""


def measured(checkout: Path, cache: Path, rooms: Sequence[str] = ROOMS) -> Map:
    """Run every test file of the rooms once where nothing is known of it; a crash leaves it out."""
    cache.mkdir(parents=True, exist_ok=True)
    source = digest(checkout, "src", "*.py")
    shared = digest(checkout, "tests", "conftest.py")
    tests: dict[str, Outcome] = {}
    for file in files_of(checkout, rooms):
        key = hashlib.sha256(f"{source} {shared} True {file}".encode())
        key.update((checkout / file).read_bytes())
        place = cache / f"{key.hexdigest()[:24]}.json"
        if not place.exists():
            try:
                outcomes = _measure(checkout, file)
            except CrashedError as crash:
                # Fewer tests let more mutants live, never fewer.
                print(f"  {file}: left out, since its tests {crash}", flush=True)
                continue
            place.write_text(json.dumps([vars(outcome) for outcome in outcomes]))
            print(f"  {file}: {_summary(outcomes)}", flush=True)
        outcomes = [Outcome(**line) for line in json.loads(place.read_text())]
        tests |= {o.test: o for o in outcomes if o.how == "passed"}
    return Map(tests)


def files_of(checkout: Path, rooms: Sequence[str]) -> list[str]:
    """Return the test files of rooms, in the order of the rooms."""
    return [
        path.relative_to(checkout).as_posix()
        for room in rooms
        for path in sorted((checkout / "tests" / room).rglob("test_*.py"))
    ]


def _measure(checkout: Path, file: str) -> list[Outcome]:
    done: dict[str, Outcome] = {}
    while True:
        new = trials.trial(
            checkout,
            [file],
            lambda test, seen=frozenset(done): None if test in seen else 0.0,
            lambda _: LONGEST,
            1800,
            lines=True,
        )
        done |= {outcome.test: outcome for outcome in new}
        if "" in done or file in done:
            log = (checkout.parent / "log.txt").read_text()
            raise CrashedError(f"crashed or never ended: {log[-300:]!r}")
        # A test that is too slow ends its fork; the others go on in another one.
        if not any(outcome.how == "slow" for outcome in new):
            return list(done.values())


def _summary(outcomes: list[Outcome]) -> str:
    counts = {how: sum(o.how == how for o in outcomes) for how in ("passed", "failed", "slow")}
    words = ", ".join(f"{n} {how}" for how, n in counts.items() if n or how == "passed")
    return f"{words}, {sum(o.seconds for o in outcomes):.1f} s"


def digest(checkout: Path, folder: str, pattern: str) -> str:
    """Return a digest of the files of a folder, their names and bytes."""
    out = hashlib.sha256()
    for path in sorted((checkout / folder).rglob(pattern)):
        out.update(path.relative_to(checkout).as_posix().encode() + path.read_bytes())
    return out.hexdigest()
