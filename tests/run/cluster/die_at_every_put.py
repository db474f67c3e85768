"""Run a block over a bucket in forks that die (SIGKILL) just before or after one of their puts.

    python die_at_every_put.py SPEC.json FOLDER URL [STRIDE]

First the unbroken block, with its changes of the bucket counted; then, for every STRIDE-th change,
a fork that dies before it, one on other scratch that resumes and dies after as many, and one that
finishes. Prints one JSON line: changes, deaths, how many of them inside a publication, how many
attempts followed a death and how many of these went on from a checkpoint of the bucket, and every
file or object that differs.
"""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import s3fs  # noqa: F401  once, before all forks

from genloss.run import shared
from genloss.run.opening import Cell, opened
from genloss.run.runner import header_of
from genloss.run.task import Task
from genloss.store.bucket import Bucket
from genloss.store.files import unsealed
from genloss.store.folder import run_path
from genloss.store.lease import Lease
from genloss.store.published import PublishedBlock, published_block
from genloss.study.study import study_from


def note(log: Path, *words: object) -> None:
    """Append a line that outlives this process."""
    with log.open("a") as file:
        print(*words, file=file)


class Watched(PublishedBlock):
    """A block that says whether it is being published."""

    now = False

    def publish(self, folder: Path) -> None:
        Watched.now = True
        super().publish(folder)
        Watched.now = False


class Mortal(Bucket):
    """A bucket whose client dies at one of its changes."""

    stop = seen = 0
    after = False
    counting = False
    log: Path

    def __init__(self, url: str) -> None:
        Mortal.counting = False
        super().__init__(url)
        Mortal.counting = True

    def _put(self, key, content, **condition):
        self._die_at(lambda: super(Mortal, self)._put(key, content, **condition))

    def remove(self, key):
        self._die_at(lambda: super(Mortal, self).remove(key))

    def _die_at(self, change: Callable[[], None]) -> None:
        Mortal.seen += Mortal.counting
        last = Mortal.counting and Mortal.seen == Mortal.stop
        if not (last and not Mortal.after):
            change()
        if last:
            note(Mortal.log, "died", "publishing" if Watched.now else "claiming")
            os.kill(os.getpid(), signal.SIGKILL)


def forked(work: Callable[[], Any]) -> tuple[int, Any]:
    """Do work in a fork; return its exit status and what it returns, as JSON."""
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        result = json.dumps(work()).encode()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(result)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        result = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, json.loads(result) if result else None


def attempt(study: Any, root: Path, url: str, number: int, stop: int, after: bool) -> int:
    """Run the block as the attempt of that number; return its changes of the bucket."""
    cell = Cell(study, run_path(root, header_of(study)), header_of(study))
    with opened(cell, lambda event: None):
        pass
    bucket = Bucket(url)
    driver = shared.Shared(bucket, root.resolve(), Lease(bucket, 1, "driver"))
    task = Task(study, cell.path, 0)
    driver.attempts = Counter({(cell.path.name, 0): number})
    Mortal.log = root.parent / "log"
    note(Mortal.log, "began", published_block(bucket, f"{cell.path.name}/blocks/0000").t)
    if (claim := driver.claim(task)) is not None:
        Mortal.stop, Mortal.after = stop, after
        shared.Bucket, shared.PublishedBlock = Mortal, Watched
        shared.run_shared(task, claim, root / f"scratch{number}", lambda step: None, "refuse")
        driver.fetch(task)
    return Mortal.seen


def contents(root: Path, url: str) -> dict[str, str]:
    """Return files and objects of the block; of its manifest, all but who wrote it."""
    files = [p for p in root.glob("*/blocks/**/*") if p.is_file() and p.name != ".lock"]
    out = {str(p.relative_to(root)): p.read_bytes().hex() for p in files}
    bucket = Bucket(url)
    for key in bucket.keys(""):
        content = bucket.read(key)
        if key.endswith("/manifest.json"):
            value = unsealed(content, key)
            content = repr([(k, v) for k, v in value.items() if k not in ("owner", "epoch")])
            content = content.encode()
        if "/blocks/" in key:
            out[f"bucket {key}"] = content.hex()
    return out


def main(spec: str, folder: str, url: str, stride: str = "1") -> None:
    study, base = study_from(json.loads(Path(spec).read_text())), Path(folder)

    def tried(name: str, number: int, stop: int, after: bool) -> tuple[int, Any]:
        (base / name).mkdir(parents=True, exist_ok=True)
        return forked(lambda: attempt(study, base / name, f"{url}/{name}", number, stop, after))

    status, changes = tried("unbroken", 0, 0, False)
    assert status == 0
    _, right = forked(lambda: contents(base / "unbroken", f"{url}/unbroken"))
    deaths, wrong = 0, []
    for stop in range(1, changes + 1, int(stride)):
        name = f"stop{stop}"
        deaths += tried(name, 0, stop, False)[0] == signal.SIGKILL
        deaths += tried(name, 1, stop, True)[0] == signal.SIGKILL
        assert tried(name, 2, 0, False)[0] == 0
        _, there = forked(lambda name=name: contents(base / name, f"{url}/{name}"))
        wrong += [f"{stop}: {k}" for k in {*right, *there} if right.get(k) != there.get(k)]
    told = {"changes": changes, "deaths": deaths, "wrong": wrong, "all": len(right)}
    print(json.dumps({**told, **counted((base / "log").read_text().splitlines())}))


def counted(log: list[str]) -> dict[str, int]:
    """Return how many died while they published, and how others went on after any death."""
    after = [line for before, line in pairwise(log) if before.startswith("died")]
    begun = [int(line.removeprefix("began ")) for line in after]
    return {
        "publishing": log.count("died publishing"),
        "retried": len(begun),
        "resumed": sum(t >= 0 for t in begun),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
