"""A sweep over the share of real text, as docs/sweeps.md has it: a table, a PDF and a page."""

import csv
import re
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.judge.estimates import median_interval
from genloss.report.formatting import number
from genloss.store.reader import Run, find_runs

PAGE = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text()

SMALL = ["learner.order=2", "n_real=40", "n_synthetic=40", "held_out=5", "generations=2"]
SMALL += ["metrics=['surviving_vocabulary', 'distinct_n']"]


def essays(folder: Path) -> None:
    """Write a folder of texts of one's own."""
    folder.mkdir()
    for name in sorted(topics, key=lambda name: -len(topics[name]))[:12]:
        (folder / f"{name}.txt").write_text(topics[name][:6000])


@pytest.mark.slow
def test_what_real_text_keeps_alive_is_one_curve_in_table_figure_and_page(tmp_path, monkeypatch):
    essays(tmp_path / "essays")
    [block] = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        words = [*line.split()[1:], *(SMALL if " sweep " in line else [])]
        done = CliRunner().invoke(app, words, prog_name="genloss")
        assert done.exit_code == 0, f"{line}: {done.output}"
    with (tmp_path / "shares.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "surviving_vocabulary"]
    bars = {float(row["regime.real_fraction"]): row for row in rows}
    assert [*bars] == [0.0, 0.1, 0.3, 1.0]
    assert {row["n_chains"] for row in rows} == {"8"}
    assert float(bars[0.0]["median"]) < float(bars[1.0]["median"])
    assert (tmp_path / "shares.pdf").read_bytes().startswith(b"%PDF")
    page = (tmp_path / "shares.html").read_text()
    by_share = [series_of(run) for run in find_runs(tmp_path / "runs" / "essays")]
    for values in by_share:
        bar = median_interval(values)
        [row] = [row for row in rows if float(row["median"]) == bar.estimate]
        assert (float(row["low"]), float(row["high"])) == (bar.low, bar.high)
        assert f"{number(bar.estimate)} [{number(bar.low)}, {number(bar.high)}]" in page


def series_of(run: Run) -> np.ndarray:
    """Return the last vocabulary of every chain."""
    return run.series["surviving_vocabulary"].values[-1]
