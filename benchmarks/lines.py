"""Where the code lines of the package are, by room, and which commits brought those that are new.

    python benchmarks/lines.py OLD NEW [--commits]

Code lines hold code: no docstring, comment or blank line (see house.py); genloss/testing, which
serves others' tests, is counted apart. With --commits the lines of NEW that OLD did not have are
given to the commits that wrote them (git blame, moves within and between files followed), largest
first, so that a growth can be told: what became able to do more, and what only moved or grew.
"""

import argparse
import io
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator

from checkouts import REPOSITORY
from house import code_lines, lines_with_code

PACKAGE = "src/genloss"
COMMIT = re.compile(r"^\^?([0-9a-f]{40}) \d+ (\d+)", re.MULTILINE)


def git(*words: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(REPOSITORY), *words], check=True, capture_output=True
    ).stdout


def files(revision: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of every Python file of the package."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", revision, PACKAGE))) as archive:
        for member in archive.getmembers():
            if member.name.endswith(".py") and (content := archive.extractfile(member)):
                yield member.name, content.read().decode()


def room_of(path: str) -> str:
    """Return the folder below the package, or the name of a file that lies in none."""
    return path.removeprefix(PACKAGE + "/").partition("/")[0]


def rooms(revision: str) -> Counter[str]:
    """Return the code lines of every room."""
    counts: Counter[str] = Counter()
    for path, text in files(revision):
        counts[room_of(path)] += code_lines(text)
    return counts


def new_lines(old: str, new: str) -> Counter[str]:
    """Return the code lines of `new` by the commit that wrote them after `old`; no testing."""
    after = set(git("rev-list", f"{old}..{new}").decode().split())
    counts: Counter[str] = Counter()
    for path, text in files(new):
        if room_of(path) != "testing":
            code = lines_with_code(text)
            blame = git("blame", "-w", "-M", "-C", "--porcelain", f"{old}..{new}", "--", path)
            found = COMMIT.findall(blame.decode(errors="replace"))
            counts.update(c for c, line in found if int(line) in code and c in after)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--commits", action="store_true")
    given = parser.parse_args()
    old, new = rooms(given.old), rooms(given.new)
    print(f"{'room':<14}{'old':>8}{'new':>8}{'more':>8}")
    for room in sorted({*old, *new}):
        print(f"{room:<14}{old[room]:>8,}{new[room]:>8,}{new[room] - old[room]:>+8,}")
    before, now = (sum(c.values()) - c["testing"] for c in (old, new))
    print(f"{'less testing':<14}{before:>8,}{now:>8,}{now - before:>+8,}")
    if given.commits:
        counts = new_lines(given.old, given.new)
        print(f"\n{sum(counts.values()):,} of them are new, {now - sum(counts.values()):,} are old")
        for commit, n in counts.most_common():
            print(f"{n:>6,} {git('show', '-s', '--format=%h %s', commit).decode().strip()[:90]}")


if __name__ == "__main__":
    main()
