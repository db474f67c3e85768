"""Sinks of numbers: every value once, in order, also to TensorBoard's files."""

import struct

import numpy as np
import pytest

from genloss.run.measured import Measured
from genloss.run.runner import run_study
from genloss.run.tensorboard import TensorBoard
from genloss.study.study import study_from


class Kept:
    def __init__(self, **options) -> None:
        self.measured, self.values = Measured(**options), []

    def __call__(self, event) -> None:
        self.values += self.measured.after(event)


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_every_value_comes_once_and_in_order(small, tmp_path, every):
    study, kept = study_from(small("moments_replace", chains_per_block=3)), Kept(every=every)
    run = run_study(study, tmp_path, workers=1, progress=kept)
    for name, column in run.columns.items():
        mine = [value for value in kept.values if value.metric == name]
        assert [value.t for value in mine] == column.t.tolist()
        np.testing.assert_array_equal([value.values for value in mine], column.values)
    assert {value.run for value in kept.values} == {run.path.name}


def scalars(folder):
    """Read event files: length, its check, record, its check; a record is a protocol buffer."""
    from tensorboardX.proto.event_pb2 import Event

    for path in folder.rglob("events*"):
        content = path.read_bytes()
        while content:
            [length] = struct.unpack("<Q", content[:8])
            event = Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            for value in event.summary.value:
                yield value.tag, event.step, value.simple_value


def test_tensorboard_gets_the_means_over_chains(small, tmp_path):
    study = study_from(small("moments_replace", chains=20, chains_per_block=20, metrics=["sigma"]))
    with TensorBoard(tmp_path / "board") as board:
        run = run_study(study, tmp_path / "runs", workers=1, progress=board)
    column = run.columns["sigma"]
    got = {(tag, t): value for tag, t, value in scalars(tmp_path / "board" / run.path.name)}
    for t, values in zip(column.t.tolist(), column.values, strict=True):
        assert got["sigma/mean", t] == pytest.approx(values.mean(), rel=1e-6)
        low, median, high = (got[f"sigma/{name}", t] for name in ("low", "median", "high"))
        assert low < median < high or t == 0


def test_few_chains_have_a_mean_and_no_range(small, tmp_path):
    study = study_from(small("moments_replace", metrics=["sigma"]))
    with TensorBoard(tmp_path / "board") as board:
        run_study(study, tmp_path / "runs", workers=1, progress=board)
    assert {tag for tag, _, _ in scalars(tmp_path / "board")} == {"sigma/mean"}
