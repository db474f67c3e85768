"""A curator that finds fewer rows than were asked for is told by whatever shows the run."""

from dataclasses import replace

import pytest

from genloss.report.run_rows import run_rows
from genloss.run.recorder import worse
from genloss.run.runner import run_study
from genloss.store.manifest import Shortfall
from genloss.study.study import study_from

SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 200,
    "generations": 3,
    "chains": 4,
    "chains_per_block": 2,
    "metrics": ["sigma", "shortfall"],
    "curator": {"kind": "thinning", "keep": 0.1, "rounds": 4},
}


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Four rounds at a tenth: two in five rows are found, and no S_0 is judged."""
    return run_study(study_from({**SPEC, "name": "s"}), tmp_path_factory.mktemp("short"), workers=1)


def test_a_run_knows_the_chain_that_lacked_most(short):
    """As the metric has it, which need not be measured: the largest over chains, from t = 1."""
    values = short.series["shortfall"].values
    assert short.shortfall == Shortfall(1, pytest.approx(float(values.max())))
    assert 0.5 < short.shortfall.share < 0.8
    [row] = run_rows([short])
    assert "short of its rows, first at t = 1" in row.data


@pytest.mark.slow
def test_no_metric_is_needed_and_a_resume_remembers(short, tmp_path):
    study = study_from({**SPEC, "name": "s", "metrics": ["sigma"], "generations": 2})
    assert run_study(study, tmp_path, workers=1).shortfall is not None
    longer = run_study(replace(study, generations=3), tmp_path, workers=1)
    assert longer.shortfall == short.shortfall


def test_all_rows_found_is_no_shortfall(tmp_path):
    kept = {**SPEC, "name": "k", "curator": {"kind": "thinning", "keep": 0.9, "rounds": 9}}
    assert run_study(study_from(kept), tmp_path, workers=1).shortfall is None


def test_the_worst_share_is_kept_and_the_first_time():
    found = None
    for t, share in enumerate([None, 0.0, 0.2, 0.5, 0.1]):
        found = worse(found, t, share)
    assert found == Shortfall(2, 0.5)


@pytest.mark.slow
def test_run_and_show_say_it(short, tmp_path, monkeypatch):
    import json

    from typer.testing import CliRunner

    from genloss.cli.main import app

    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["show", str(short.path)]).stdout
    assert "The curator left a chain up to" in " ".join(said.split())
    run = CliRunner().invoke(app, ["run", str(short.path), "--no-controls"]).stdout
    assert "short of its rows, first at t = 1: it trains on fewer" in " ".join(run.split())
    told = json.loads(CliRunner().invoke(app, ["show", str(short.path), "--json"]).stdout)
    assert told["shortfall"] == {"t": 1, "share": pytest.approx(short.shortfall.share)}
