"""Two checkouts, one machine: are all numbers of the published experiments and the tour equal bits?

    python benchmarks/same.py OLD NEW [--only NAME ...] [--jobs 1] [--cache DIR] [--show 10]

OLD and NEW are checkouts (folders with src/genloss, as they lie there) or git revisions of this
repository. Every published experiment runs at smoke scale and the demo's own studies as they are,
each in processes of its own that see one side's source, this interpreter, one thread and an empty
cache. Compared are every value of every metric, where a metric does not apply, theory's lines and
the judged targets. Exit code 1 where a bit differs, something stands on one side only, or a run
fails. --cache keeps what a committed side gave and spares OLD the next time.

Only the command line and `READERS` know the package: a new format on disk is one more reader.
"""

import argparse
import contextlib
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from checkouts import Side, machine, side

TOUR = "tour"

THEORY = """
import sys
from pathlib import Path
try:
    from genloss.judge.theory_lines import theory_of
except ImportError:
    from genloss.judge.dashed import theory_of  # its name in older checkouts
from genloss.store.reader import find_runs
for run in find_runs(Path(sys.argv[1])):
    theory_of(run)
"""

QUANTILES = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")

RENAMED: dict[str, str] = {
    f"{score}{options}": f"manifold{options}[{score}]"
    for score in ("precision", "recall")
    for options in ("", "(features=classifier)", "(rows=500)", "(rows=250)")
}
RENAMED |= {f"{tail}_perplexity_tail": f"perplexity_tail[{tail}]" for tail in ("low", "high")}
RENAMED |= {
    f"class_share(digit={k}, features=classifier)": f"class_share(features=classifier)[{k}]"
    for k in range(10)
}
RENAMED |= {f"class_share(digit={k})": f"class_share[{k}]" for k in range(10)}
RENAMED |= {f"sequence_perplexity(q={q})": f"sequence_perplexity[{q}]" for q in QUANTILES}
RENAMED |= {f"rarefied_types(tokens={m})": f"rarefied_types[{m}]" for m in (100, 300, 3000, 10000)}
RENAMED |= {
    "sequence_perplexity": "sequence_perplexity[0.5]",
    "rarefied_types": "rarefied_types[1000]",
}
"""Metrics that are called otherwise in NEW: "old name" -> "new name" or "new name[label]"."""

ONLY_OLD: tuple[str, ...] = ()
ONLY_NEW: tuple[str, ...] = (
    "*/*/manifold*[[]density[]]",
    "*/*/manifold*[[]coverage[]]",
    "*/*/manifold*[[]precision[]]",
)
"""What may stand on one side only: patterns of EXPERIMENT/RUN/METRIC, such as "*/*/tail_mass"."""

Key = tuple[str, str, int]
"""(run name, metric or "theory: metric" or "target: field", t)."""

Numbers = dict[Key, list[str]]
"""One entry per chain, in the order of the blocks: the 16 hex digits of a float64, or a word."""


# Reading a run: one function per format.


def read_format_1(run: Path) -> Numbers:
    """Read run.json (theory) and blocks/*/metrics.jsonl (a line per block, t and metric)."""
    header = json.loads((run / "run.json").read_text())
    numbers: Numbers = {}
    for table in sorted(run.glob("blocks/*/metrics.jsonl")):
        for row in map(json.loads, table.read_text().splitlines()):
            chains = numbers.setdefault((header["name"], row["metric"], row["t"]), [])
            chains += ["absent"] if "not_applicable" in row else map(bits, row["values"])
    for metric, line in header["theory"].items():
        for t, value in zip(line["t"], line["value"], strict=True):
            numbers[header["name"], f"theory: {metric}", t] = [bits(value)]
    return numbers


def read_format_2(run: Path) -> Numbers:
    """Read run.json, theory.json and the tables, whose lines may hold components."""
    header = json.loads((run / "run.json").read_text())
    labels = {metric["name"]: metric.get("labels", ()) for metric in header["metrics"]}
    numbers: Numbers = {}
    for table in sorted(run.glob("blocks/*/metrics.jsonl")):
        for row in map(json.loads, table.read_text().splitlines()):
            name = row["metric"]
            parts = {name: row["values"]} if "values" in row else {}
            if "components" in row:
                named = zip(labels[name], row["components"], strict=True)
                parts = {f"{name}[{label}]": values for label, values in named}
            for key, values in (parts or {name: ""}).items():
                chains = numbers.setdefault((header["name"], key, row["t"]), [])
                chains += ["absent"] if isinstance(values, str) else map(bits, values)
    for metric, line in json.loads((run / "theory.json").read_text())["lines"].items():
        for t, value in zip(line["t"], line["value"], strict=True):
            numbers[header["name"], f"theory: {metric}", t] = [bits(value)]
    return numbers


READERS: Mapping[int, Callable[[Path], Numbers]] = {1: read_format_1, 2: read_format_2}
"""By the field `format` of run.json. Components (C, K) are metrics called "name[label]"."""


def read_runs(root: Path) -> Numbers:
    """Read every run below root; raises ValueError for an unknown format or a name used twice."""
    numbers: Numbers = {}
    for header in sorted(root.rglob("run.json")):
        version = json.loads(header.read_text()).get("format")
        if version not in READERS:
            raise ValueError(f"{header}: format {version!r}; add a reader to READERS")
        read = READERS[version](header.parent)
        if not read or any(key in numbers for key in read):
            raise ValueError(f"{header.parent}: no numbers, or those of another run once more")
        numbers |= read
    return numbers


def read_verdicts(printed: Mapping[str, object]) -> Numbers:
    """Read what `reproduce --json` prints of each target, or what `demo --json` counts."""
    fields = ("low", "high", "measured", "pass")
    if "targets" not in printed:
        return {("left out", "experiments", 0): [bits(len(printed["left_out"]))]}
    return {
        (target["id"], f"target: {f}", 0): [bits(target[f])]
        for target in printed["targets"]
        for f in fields
    }


def bits(value: float | str | None) -> str:
    """Return the 16 hex digits of a float64; None stays a word."""
    return "none" if value is None else struct.pack(">d", float(value)).hex()


# Running.


def numbers_of(side: Side, name: str) -> Numbers:
    """Run an experiment, or the demo without experiments, and read everything back.

    Raises:
        ValueError: the process failed, or what it wrote cannot be read.
    """
    source, command = side.source, ["reproduce", name, "--scale", "smoke"]
    if name == TOUR:
        source, command = side.source.parent / "tour" / "src", ["demo"]
        shutil.copytree(side.source, source)
        for experiment in list(source.rglob("spec.toml")):
            shutil.rmtree(experiment.parent)
    root = side.source.parent / "runs" / name
    options = ["--root", str(root), "--workers", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "genloss", *command, *options],
        capture_output=True, text=True, env=side.environment(source), cwd=side.source.parent,
    )  # fmt: skip
    # Exit code 1 with verdicts is a missed target, which both sides may share.
    if done.returncode not in (0, 1) or not done.stdout.startswith("{"):
        said = "\n".join((done.stderr or done.stdout).splitlines()[-5:])
        raise ValueError(f"exit code {done.returncode}: {said}")
    if any(json.loads(path.read_text())["format"] > 1 for path in root.rglob("run.json")):
        # Dashed lines are computed when somebody asks for them.
        subprocess.run(
            [sys.executable, "-c", THEORY, str(root)],
            check=True, env=side.environment(source), cwd=side.source.parent,
        )  # fmt: skip
    numbers = read_runs(root)
    if not numbers:
        raise ValueError(f"no run below {root}")
    shutil.rmtree(root)
    return numbers | read_verdicts(json.loads(done.stdout))


# What a committed side gave, by tree, machine and installed packages.


@dataclass(frozen=True)
class Cache:
    """Numbers by experiment, in one folder per tree of src, processor and set of packages."""

    folder: Path | None

    def path(self, side: Side, name: str) -> Path | None:
        """Return where the numbers lie, or None where nothing is cached."""
        if self.folder is None or not side.tree:
            return None
        return self.folder / f"{side.tree[:12]}-{machine()}" / f"{name}.json"

    def read(self, side: Side, name: str) -> Numbers | None:
        """Return the numbers, or None where they are not there."""
        path = self.path(side, name)
        if path is None or not path.exists():
            return None
        rows = json.loads(path.read_text())
        return {(run, metric, t): chains for run, metric, t, chains in rows}

    def write(self, side: Side, name: str, numbers: Numbers) -> None:
        """Store the numbers, whole or not at all."""
        if path := self.path(side, name):
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [[*key, chains] for key, chains in numbers.items()]
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
                json.dump(rows, file, separators=(",", ":"))
            Path(file.name).replace(path)


# Comparing.


@dataclass(frozen=True)
class Difference:
    """One chain's value at one generation; ulps is None where a side has no number."""

    key: Key
    chain: int
    old: str
    new: str

    @property
    def ulps(self) -> int | None:
        """Return how many float64 lie between the two."""
        if len(self.old) != 16 or len(self.new) != 16:
            return None
        return abs(_ordered(self.old) - _ordered(self.new))

    def __str__(self) -> str:
        """Return run, metric, t and chain, both values and their distance."""
        run, metric, t = self.key
        far = "" if self.ulps is None else f"  ({self.ulps} ulps)"
        values = f"{_plain(self.old)} {_plain(self.new)}{far}"
        return f"{run}  {metric}  t={t}  chain {self.chain}: {values}"


@dataclass
class Outcome:
    """One experiment in both checkouts."""

    name: str
    values: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    differing: list[Difference] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether both sides ran and every bit agrees."""
        return not self.differing and not self.failures


def compare(name: str, old: Numbers, new: Numbers) -> Outcome:
    """Compare an experiment's numbers bit by bit, under the names of NEW."""
    outcome = Outcome(name)
    old = {(run, _renamed(metric), t): chains for (run, metric, t), chains in old.items()}
    for here, there, where, listed in ((old, new, "OLD", ONLY_OLD), (new, old, "NEW", ONLY_NEW)):
        lone = sorted({key[:2] for key in here.keys() - there.keys()})
        for run, metric in lone:
            if not any(fnmatch(f"{name}/{run}/{metric}", pattern) for pattern in listed):
                times = sorted(
                    t for r, m, t in here.keys() - there.keys() if (r, m) == (run, metric)
                )
                outcome.failures.append(f"only in {where}: {run}  {metric}  t={_short(times)}")
    for key in old.keys() & new.keys():
        if len(old[key]) != len(new[key]):
            outcome.failures.append(f"{key}: {len(old[key])} chains in OLD, {len(new[key])} in NEW")
            continue
        outcome.values += len(old[key])
        pairs = enumerate(zip(old[key], new[key], strict=True))
        outcome.differing += [Difference(key, c, a, b) for c, (a, b) in pairs if a != b]
    outcome.differing.sort(key=lambda d: (d.key[0], d.key[2], d.key[1], d.chain))
    return outcome


def _renamed(metric: str) -> str:
    before, colon, name = metric.rpartition(": ")
    return before + colon + RENAMED.get(name, name)


def _ordered(digits: str) -> int:
    # Negative floats count downwards from -0, which is 0.
    number = int(digits, 16)
    return number if number < 1 << 63 else (1 << 63) - number


def _plain(digits: str) -> str:
    return repr(struct.unpack(">d", bytes.fromhex(digits))[0]) if len(digits) == 16 else digits


def _short(times: list[int]) -> str:
    return ", ".join(map(str, times[:5])) + (" ..." if len(times) > 5 else "")


# The command.


def experiment_outcome(sides: tuple[Side, Side], cache: Cache, name: str) -> Outcome:
    """Run one experiment on both sides, OLD from the cache where it lies there."""
    numbers: list[Numbers] = []
    seconds: dict[str, float] = {}
    for which, one in zip(("OLD", "NEW"), sides, strict=True):
        begun = time.perf_counter()
        numbers_there = cache.read(one, name) if which == "OLD" else None
        if numbers_there is None:
            try:
                numbers_there = numbers_of(one, name)
            except (ValueError, KeyError, OSError) as error:
                return Outcome(name, failures=[f"{which}: {type(error).__name__}: {error}"])
            cache.write(one, name, numbers_there)
            seconds[which] = time.perf_counter() - begun
        numbers.append(numbers_there)
    outcome = compare(name, *numbers)
    outcome.seconds = seconds
    return outcome


def outcomes(
    sides: tuple[Side, Side], names: list[str], cache: Cache, jobs: int
) -> Iterator[Outcome]:
    """Yield the outcome of each experiment as soon as it is there, `jobs` at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(experiment_outcome, sides, cache, name) for name in names]
        for future in as_completed(running):
            yield future.result()


def row(outcome: Outcome) -> str:
    times = (
        f"{outcome.seconds[w]:7.1f}" if w in outcome.seconds else "      -" for w in ("OLD", "NEW")
    )
    verdict = "same" if outcome.same else "NOT THE SAME"
    counts = f"{outcome.values:9,} {len(outcome.differing):8,}"
    return f"{outcome.name:<24} {counts} {' '.join(times)}  {verdict}"


def details(outcome: Outcome, show: int) -> Iterator[str]:
    """Yield the first differing values, and what else is wrong."""
    for line in [*outcome.failures[:show], *map(str, outcome.differing[:show])]:
        yield f"  {outcome.name}: {line}"
    far = [d.ulps for d in outcome.differing if d.ulps is not None]
    if far:
        yield f"  {outcome.name}: {len(outcome.differing):,} differ, by up to {max(far):,} ulps"
    if (more := len(outcome.failures) - show) > 0:
        yield f"  {outcome.name}: and {more} more on one side only"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", nargs="?", help="a checkout or a revision")
    parser.add_argument("new", nargs="?", help="likewise")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=f"or {TOUR}")
    parser.add_argument("--jobs", type=int, default=1, help="experiments at a time")
    parser.add_argument("--cache", type=Path, help="folder of what committed sides gave")
    parser.add_argument("--show", type=int, default=10, help="lines of details per experiment")
    given = parser.parse_args()
    if given.old is None:
        # `make bench` calls every script without arguments.
        parser.print_help()
        sys.exit(0)
    if given.new is None:
        parser.error("NEW is missing")
    return given


def main() -> None:
    given = arguments()
    begun = time.perf_counter()
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="same-")))
        sides = side(given.old, work / "old"), side(given.new, work / "new")
        known = sorted({TOUR, *sides[0].experiments(), *sides[1].experiments()})
        if unknown := sorted(set(given.only) - set(known)):
            sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        for which, one in zip(("OLD", "NEW"), sides, strict=True):
            print(
                f"{which} {one.name}: src {one.tree[:12] or 'with uncommitted changes, not cached'}"
            )
        print(f"{'experiment':<24} {'values':>9} {'differ':>8} {'OLD s':>7} {'NEW s':>7}")
        done = []
        for outcome in outcomes(sides, given.only or known, Cache(given.cache), given.jobs):
            print(row(outcome), flush=True)
            done.append(outcome)
    wrong = [outcome for outcome in done if not outcome.same]
    for outcome in wrong:
        print("\n".join(details(outcome, given.show)))
    values, differing = sum(o.values for o in done), sum(len(o.differing) for o in done)
    print(
        f"{len(done)} experiments, {len(wrong)} not the same; {values:,} values compared, "
        f"{differing:,} differ; {time.perf_counter() - begun:.0f} s"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
