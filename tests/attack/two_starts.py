"""Let several processes start the same run at the same moment, many times, and tell what each got.

    python two_starts.py SPEC.json FOLDER ROUNDS BEGIN

BEGIN is `nothing`, or a folder that every round begins with a copy of. Prints one JSON line a
round: the root, and of every process its number and what it was told ("" where it ran).
"""

import json
import os
import shutil
import sys
import traceback
from pathlib import Path

from genloss.errors import GenlossError
from genloss.run.runner import run_study
from genloss.study.study import study_from

PROCESSES = 2


def starter(study, root: Path, gate: tuple[int, int]) -> tuple[int, int]:
    """Fork a process that runs when the gate closes; return its number and where it answers."""
    answer, write_end = os.pipe()
    child = os.fork()
    if child:
        os.close(write_end)
        return child, answer
    os.close(gate[1])
    os.read(gate[0], 1)
    try:
        run_study(study, root, workers=1)
        told = ""
    except GenlossError as error:
        told = f"{type(error).__name__}: {error}"
    except BaseException:
        told = traceback.format_exc()
    os.write(write_end, told.encode())
    os._exit(0)


def main(spec: str, folder: str, rounds: str, begin: str) -> None:
    study = study_from(json.loads(Path(spec).read_text()))
    for n in range(int(rounds)):
        root = Path(folder) / str(n)
        if begin != "nothing":
            shutil.copytree(begin, root)
        gate = os.pipe()
        children = [starter(study, root, gate) for _ in range(PROCESSES)]
        for end in gate:
            os.close(end)
        answers = []
        for child, answer in children:
            with os.fdopen(answer) as pipe:
                answers.append([child, pipe.read()])
            os.waitpid(child, 0)
        print(json.dumps({"root": str(root), "answers": answers}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
