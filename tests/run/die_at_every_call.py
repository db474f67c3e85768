"""Run a study in child processes that kill themselves (SIGKILL) just before one file-system call.

    python die_at_every_call.py SPEC.json FOLDER [STRIDE]

First the unbroken run, with its calls counted; then, for every STRIDE-th call, a child that dies
there, a second child that resumes and dies at the same count, and one that finishes. Prints one
JSON line: calls in all, deaths, and every file that differs from the unbroken run.
"""

import json
import os
import signal
import sys
from pathlib import Path

from genloss.run.runner import run_study
from genloss.study.study import study_from

CALLS = ("open", "os.rename", "os.truncate", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")
VARYING = ("provenance.jsonl", "machine.json", ".lock")


def in_child(study, root: Path, stop: int) -> tuple[int, int]:
    """Run in a fork that dies before call number `stop`; return its exit status and its calls."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        seen = [0]

        def die_at_stop(event, args):
            if event in CALLS and args and str(args[0]).startswith(str(root)):
                seen[0] += 1
                if seen[0] == stop:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die_at_stop)
        run_study(study, root, workers=1)
        os.write(write_end, str(seen[0]).encode())
        os._exit(0)
    os.close(write_end)
    _, status = os.waitpid(child, 0)
    with os.fdopen(read_end) as pipe:
        return status, int(pipe.read() or 0)


def contents(root: Path) -> dict[str, bytes]:
    files = (p for p in root.rglob("*") if p.is_file() and p.name not in VARYING)
    return {str(p.relative_to(root)): p.read_bytes() for p in files}


def main(spec: str, folder: str, stride: str = "1") -> None:
    study, root = study_from(json.loads(Path(spec).read_text())), Path(folder)
    status, calls = in_child(study, root / "unbroken", 0)
    assert status == 0
    right = contents(root / "unbroken")
    deaths, wrong = 0, []
    for stop in range(1, calls + 1, int(stride)):
        broken = root / str(stop)
        deaths += sum(in_child(study, broken, stop)[0] == signal.SIGKILL for _ in range(2))
        assert in_child(study, broken, 0)[0] == 0
        found = contents(broken)
        wrong += [
            f"{stop}: {name}" for name in {*right, *found} if right.get(name) != found.get(name)
        ]
    print(json.dumps({"calls": calls, "deaths": deaths, "wrong": wrong, "files": len(right)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
