"""Compile once what every process of the tests would compile for itself: `python -m tests.warm_up`.

numba keeps machine code beside the sources, for each kind of processor. From nothing it takes a
minute, which `make test` spends while mypy has the other core.
"""

import os
import tempfile
from pathlib import Path

from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.run.runner import run_study
from genloss.study.study import study_from

WORDS = {"kind": "sampling", "max_new": 4, "top_k": 3, "top_p": 0.9}
STUDIES = [
    {"reality": "two_blobs", "learner": {"kind": "mixture", "k": 2}},
    {"reality": "two_blobs", "learner": {"kind": "mixture", "k": 3}},
    {"reality": "text", "learner": {"kind": "ngram", "order": 2}, "sampler": WORDS},
]
"""The plane in two components has loops of its own."""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        for i, study in enumerate(STUDIES):
            more = {"name": f"{i}", "n_real": 40, "generations": 2, "metrics": ["real_share"]}
            run_study(study_from({**study, **more}), Path("runs"), workers=1)
        Path("texts").mkdir()
        for i in range(3):
            Path(f"texts/{i}.txt").write_text("Some words that stand in all of three texts. " * 9)
        for command in ("table runs --out table.csv", "corpus dedup texts --out deduplicated"):
            done = CliRunner().invoke(app, command.split(), catch_exceptions=False)
            assert done.exit_code == 0, done.output


if __name__ == "__main__":
    main()
