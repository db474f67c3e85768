"""Real processes start the same run at the same moment: one runs, the other is told who does."""

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from genloss.run.runner import header_of, run_study
from genloss.store.folder import run_path
from genloss.store.reader import Run, find_runs
from genloss.study.study import study_from

from .lab import SPEC, half_done

pytestmark = pytest.mark.slow

GENLOSS = Path(sysconfig.get_path("scripts")) / "genloss"
SCRIPT = Path(__file__).with_name("two_starts.py")
HELD = re.compile(
    r"StoreError: .* is being written by another process \((\d+), since 20\S+\); wait"
)
ROUNDS = [25, pytest.param(1000, marks=pytest.mark.deep)]


def starts(tmp_path, spec, rounds, begin="nothing") -> list[dict]:
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "spec.json"), str(tmp_path / "many")]
    done = subprocess.run(
        [*command, str(rounds), str(begin)], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("begin", ["nothing", "half_done"])
def test_one_runs_and_the_other_is_told_who_does(tmp_path, folder_bytes, rounds, begin):
    study = study_from(SPEC)
    right = folder_bytes(run_study(study, tmp_path / "right", workers=1).path)
    place = tmp_path / "begun"
    if begin == "half_done":
        half_done(place)
    refused = 0
    for start in starts(tmp_path, SPEC, rounds, place if begin == "half_done" else "nothing"):
        run = Run(run_path(Path(start["root"]), header_of(study)))
        assert folder_bytes(run.path) == right
        events = [line["event"] for line in run.provenance()]
        losers = [(number, words) for number, words in start["answers"] if words]
        # Both may run, one after the other.
        assert events == ["start", "done"] * (2 - len(losers)), start
        for number, words in losers:
            [winner] = [other for other, _ in start["answers"] if other != number]
            assert HELD.match(words), words
            assert int(HELD.match(words)[1]) == winner
        refused += len(losers)
    print(f"{refused} of {rounds} were refused")
    assert refused > rounds / 5


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_starts_of_bad_input_leave_nothing(tmp_path, rounds):
    """The winner takes its folder back while the loser looks at it."""
    for start in starts(tmp_path, {**SPEC, "n_real": 1}, rounds):
        for _, words in start["answers"]:
            assert HELD.match(words) or "leave no degrees of freedom" in words, words
        assert not list(Path(start["root"]).glob("*")), start


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.deep)])
def test_two_commands_at_once(tmp_path, rounds):
    (tmp_path / "spec.toml").write_text(
        'reality = "gaussian"\nlearner = { kind = "gaussian", ddof = 1 }\nn_real = 9\n'
        'generations = 6000\ncheckpoint_every = 6000\nmetrics = ["sigma"]\n'
    )
    command = [GENLOSS, "run", "spec.toml", "--workers", "1"]
    for seed in range(rounds):
        both = [
            subprocess.Popen(
                [*command, f"seed={seed}"],
                cwd=tmp_path,
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        words = [process.communicate()[1].decode() for process in both]
        codes = [process.returncode for process in both]
        for process, other, text in zip(both, both[::-1], words, strict=True):
            assert "Traceback" not in text
            assert process.returncode in (0, 2)
            if process.returncode:
                assert f"by another process ({other.pid}, since" in " ".join(text.split()), text
        assert 0 in codes
    assert len(find_runs(tmp_path / "runs")) == rounds
