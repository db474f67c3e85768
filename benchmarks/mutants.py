"""Which small changes of the source no test notices: mutants of metrics, core, theory and decoding.

Draws n mutants, spread over the modules in proportion to the root of how many each has. Each is a
change of the syntax tree: a comparison, an operator, a number, a sign, a condition, a call. In a
copy of the checkout, with numba off, the tests that run the changed statement (for what runs at
import also all of the module's folder) run against it, those of the module's folder first and
among them files that are called like it, then cheap ones, until one fails that passes without the
change, and last the laws over all kinds; `seconds` bounds what each lot takes without it. A test
hangs where it needs ten times its usual processor time and ten seconds more.

Prints every mutant, with the difference where it survives, and ends with 1 where more than 3 % of
those that are no equivalents survive. What is known stands in .cache/mutants: which tests run what,
by source and test file, and every fate, so that the same command goes on where it was stopped.
Equivalents stand in mutants-equivalent.txt, one a line: what is printed behind the fate, two
blanks, # and why nothing can notice.

    python benchmarks/mutants.py [n=300] [seed=1] [seconds=60] [only=metrics/text]
"""

import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutation import reach, trials
from mutation.changes import Mutant, mutant, sites
from mutation.trials import Outcome

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src/genloss")
PLACES = ("metrics", "core", "theory", "models/torch/lm/writing")
EQUIVALENT = Path(__file__).with_name("mutants-equivalent.txt")
CACHE = ROOT / ".cache" / "mutants"
MOST_ALIVE = 0.03


@dataclass(frozen=True)
class Fate:
    """killed, alive or equivalent; by which test, and whether it is of the module's folder."""

    how: str
    test: str = ""
    near: bool = False
    hangs: bool = False
    left_out: int = 0


def draw(n: int, rng: random.Random, only: str) -> list[Mutant]:
    """Return up to n mutants, modules weighted by the root of how many each has."""
    files = [
        path
        for place in PLACES
        for path in sorted((ROOT / PACKAGE / place).rglob("*.py"))
        if only in path.as_posix()
    ]
    sources = {path.relative_to(ROOT): path.read_text() for path in files}
    pools = {path: pool for path, text in sources.items() if (pool := sites(text))}
    for pool in pools.values():
        rng.shuffle(pool)
    out: list[Mutant] = []
    while len(out) < n and pools:
        [path] = rng.choices(list(pools), [len(pool) ** 0.5 for pool in pools.values()])
        out.append(mutant(path, sources[path], pools[path].pop()))
        pools = {path: pool for path, pool in pools.items() if pool}
    return out


def own_folder(path: Path) -> str:
    """Return the folder of the tests of a module."""
    folder = Path("tests", *path.parent.parts[2:])
    while not (ROOT / folder).is_dir():
        folder = folder.parent
    return f"{folder.as_posix()}/"


def chosen(found: Mutant, tests: reach.Map) -> list[Outcome]:
    """Return the tests that run what has changed; what runs at import, the whole folder may."""
    path = found.path.as_posix()
    if found.owner:
        return tests.running(path, found.lines)
    own = own_folder(found.path)
    return [t for t in tests.tests.values() if t.test.startswith(own) or path in t.lines]


def fate(
    found: Mutant, checkout: Path, maps: Sequence[Callable[[], reach.Map]], seconds: float
) -> Fate:
    """Run the tests against a mutant, map by map, the near ones of each first."""
    left_out = 0
    for tests in maps:
        one = fate_by(found, checkout, tests(), seconds)
        if one.how == "killed":
            return one
        left_out += one.left_out
    return Fate("alive", left_out=left_out)


def fate_by(found: Mutant, checkout: Path, tests: reach.Map, seconds: float) -> Fate:
    """Run the tests of one map against a mutant, the near ones first."""
    running, own = chosen(found, tests), own_folder(found.path)
    left_out = 0
    for near in (True, False):
        lot, costs = [], 0.0
        for test in sorted(running, key=lambda t: t.seconds):
            if test.test.startswith(own) == near and costs + test.seconds <= seconds:
                lot.append(test)
                costs += test.seconds
            else:
                left_out += test.test.startswith(own) == near
        killer = against(found, checkout, lot) if lot else None
        if killer:
            return Fate("killed", killer.test, near, killer.how == "slow")
    return Fate("alive", left_out=left_out)


def against(found: Mutant, checkout: Path, lot: list[Outcome]) -> Outcome | None:
    """Return the first test that a change makes fail.

    Files called like the module run first, then cheap ones; a few at a time, since to collect the
    tests of thirty files takes longer than most changes live.
    """
    seconds = {test.test: test.seconds for test in lot}
    files: dict[str, float] = {}
    for test, cost in seconds.items():
        file = test.partition("::")[0]
        files[file] = files.get(file, 0.0) + cost
    ordered = sorted(files, key=lambda file: (found.path.stem not in file, files[file]))
    with changed(checkout / found.path, found.source):
        for few in filter(None, (ordered[:2], ordered[2:8], ordered[8:])):
            if killer := first_failing(checkout, few, seconds):
                return killer
    return None


def first_failing(checkout: Path, files: list[str], seconds: dict[str, float]) -> Outcome | None:
    """Run the tests of files that are asked for, file by file, until one fails or hangs."""
    ranks: dict[str, int] = {f: i for i, f in enumerate(files)}
    rank = {
        test: ranks[file] + cost / 1e6
        for test, cost in seconds.items()
        if (file := test.partition("::")[0]) in ranks
    }
    outcomes = trials.trial(
        checkout, ranks, rank.get, lambda test: limit(seconds[test]), waiting(seconds), ("-x",)
    )
    return next((one for one in outcomes if one.how in ("failed", "slow")), None)


def failing_anyway(checkout: Path, fates: list[Fate], tests: dict[str, Outcome]) -> set[str]:
    """Run every test that has killed, once more, without a change; return those that fail."""
    seconds = {f.test: tests[f.test].seconds for f in fates if f.test in tests}
    files = {test.partition("::")[0]: None for test in seconds}
    outcomes = trials.trial(
        checkout,
        files,
        lambda test: 0.0 if test in seconds else None,
        lambda test: limit(seconds[test]),
        waiting(seconds),
    )
    return set(seconds) - {one.test for one in outcomes if one.how == "passed"}


def limit(seconds: float) -> float:
    """Return the processor time after which a test hangs that usually takes some seconds."""
    return trials.SPARE + trials.TIMES * seconds


def waiting(seconds: dict[str, float]) -> float:
    """Return how long to wait for tests, on however busy a machine."""
    return 600 + 60 * sum(seconds.values())


class changed:
    """A file with other content, for a while; every state has a time of its own.

    Compiled modules are known by the time of their source in whole seconds.
    """

    time = 1_000_000_000

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text, self.before = path, text, path.read_text()

    def __enter__(self) -> None:
        self._write(self.text)

    def __exit__(self, *_: object) -> None:
        self._write(self.before)

    def _write(self, text: str) -> None:
        changed.time += 2
        self.path.write_text(text)
        os.utime(self.path, (changed.time, changed.time))


class Record:
    """The fates so far; a survivor is tried again when a test has changed."""

    def __init__(self, path: Path, tests: str) -> None:
        self.path, self.tests = path, tests
        self.known: dict[str, tuple[Fate, str]] = {}
        for line in path.read_text().splitlines() if path.exists() else []:
            entry = json.loads(line)
            self.known[entry["key"]] = Fate(**entry["fate"]), entry["tests"]

    def get(self, found: Mutant) -> Fate | None:
        """Return what is known of a mutant."""
        one, tests = self.known.get(self._key(found), (None, ""))
        return one if one and (one.how == "killed" or tests == self.tests) else None

    def put(self, found: Mutant, one: Fate) -> None:
        """Note a fate."""
        entry = {"key": self._key(found), "fate": vars(one), "tests": self.tests}
        with self.path.open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def _key(self, found: Mutant) -> str:
        return f"{found.change} {hashlib.sha256(found.source.encode()).hexdigest()[:16]}"


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share k / n."""
    if n == 0:
        return 0.0, 1.0
    middle, width = k + z**2 / 2, z * (k * (n - k) / n + z**2 / 4) ** 0.5
    return (middle - width) / (n + z**2), (middle + width) / (n + z**2)


def summary(fates: list[Fate]) -> tuple[str, float]:
    """Return what is printed at the end, and the share alive of those that are no equivalents."""
    counts = {how: sum(f.how == how for f in fates) for how in ("killed", "alive", "equivalent")}
    judged = counts["alive"] + counts["killed"]
    share = counts["alive"] / max(judged, 1)
    low, high = wilson(counts["alive"], judged)
    far = sum(f.how == "killed" and not f.near for f in fates)
    hangs = sum(f.hangs for f in fates)
    return (
        f"{counts['killed']} killed ({far} by tests of another folder only, {hangs} hang), "
        f"{counts['alive']} alive, {counts['equivalent']} equivalent: {share:.1%} alive, "
        f"95 % Wilson interval {low:.1%} to {high:.1%}",
        share,
    )


def main(arguments: list[str]) -> int:
    options = dict(a.split("=") for a in arguments)
    n, seed = int(options.get("n", "300")), int(options.get("seed", "1"))
    known = {line.partition("  # ")[0] for line in EQUIVALENT.read_text().splitlines()}
    print(f"seed {seed}, {n} mutants", flush=True)
    trials.warm()
    fates: list[Fate] = []
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "genloss"
        left_out = shutil.ignore_patterns(
            ".venv", ".git", ".cache", "runs", "site", "build", "__pycache__", ".*_cache"
        )
        shutil.copytree(ROOT, checkout, ignore=left_out)
        mutants = draw(n, random.Random(seed), options.get("only", ""))
        near = reach.measured(checkout, CACHE)
        laws = cache(lambda: reach.measured(checkout, CACHE, reach.LAWS))
        record = Record(CACHE / "fates.jsonl", reach.digest(checkout, "tests", "*.py"))
        for i, found in enumerate(mutants):
            one = Fate("equivalent") if found.change in known else record.get(found)
            if not one:
                one = fate(
                    found, checkout, (lambda: near, laws), float(options.get("seconds", "60"))
                )
                record.put(found, one)
            fates.append(one)
            print(f"{i + 1}: {one.how}: {found.change}", flush=True)
            if one.how == "killed":
                print(f"  {'' if one.near else 'far: '}{one.test}", flush=True)
            if one.how == "alive":
                print(found.difference, flush=True)
        far = [f for f in fates if f.how == "killed" and f.test not in near.tests]
        tests = near.tests | (laws().tests if far else {})
        for test in sorted(failing_anyway(checkout, fates, tests)):
            print(f"no kill counts by {test}, which fails without a change too")
            fates = [Fate("alive") if one.test == test else one for one in fates]
    words, share = summary(fates)
    print(words)
    return int(share > MOST_ALIVE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
