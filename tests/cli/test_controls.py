"""What commands do with controls: run them or not, list none of them, take them away."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.store.reader import find_controls, find_runs

SPEC = """
name = "small"
reality = "gaussian"
learner = { kind = "gaussian", ddof = 1 }
form = "moments"
n_real = 20
generations = 8
chains = 3
metrics = ["trace_ratio"]
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    return tmp_path


def genloss(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def controls_in(place):
    return [run.path.name for run in find_controls(place)]


@pytest.mark.slow
def test_run_brings_a_control_and_lists_the_run_alone(place):
    genloss("run", place / "spec.toml", "--root", place, "--json")
    [control] = find_controls(place)
    assert control.path.parent == place / "controls"
    assert control.is_complete
    assert len(json.loads(genloss("ls", place, "--json"))) == 1
    assert len(find_runs(place)) == 1
    # Asked for by name, it is a run like any other.
    assert [r["regime"] for r in json.loads(genloss("ls", place / "controls", "--json"))] == [
        "real_only"
    ]
    genloss("show", control.path)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--no-controls", "controls=false"])
def test_runs_without_controls(place, how):
    genloss("run", place / "spec.toml", how, "--root", place)
    assert controls_in(place) == []
    plan = json.loads(genloss("plan", place / "spec.toml", how, "--json"))
    assert plan["controls"] == []


@pytest.mark.slow
def test_a_run_without_controls_gets_them_later(place):
    genloss("run", place / "spec.toml", "--root", place, "--no-controls")
    [run] = find_runs(place)
    before = (run.path / "blocks/0000/metrics.jsonl").read_bytes()
    genloss("run", place / "spec.toml", "--root", place)
    assert (run.path / "blocks/0000/metrics.jsonl").read_bytes() == before
    assert len(controls_in(place)) == 1


@pytest.mark.slow
def test_resuming_a_folder_brings_its_controls_too(place):
    genloss("run", place / "spec.toml", "--folder", place / "a" / "mine", "--no-controls")
    genloss("run", place / "a" / "mine")
    assert [run.path.parent for run in find_controls(place)] == [place / "a" / "controls"]


@pytest.mark.slow
def test_a_plan_shows_them_apart(place):
    plan = json.loads(genloss("plan", place / "spec.toml", "regime=accumulate", "--json"))
    kinds = [(c["kind"], c["generations"], c["rows"]) for c in plan["controls"]]
    assert kinds == [("constant", 4, 80), ("matched", 4, 20 + 40 + 80 + 160)]
    alone = json.loads(
        genloss("plan", place / "spec.toml", "regime=accumulate", "--json", "--no-controls")
    )
    assert alone["disk_bytes"] == pytest.approx(plan["disk_bytes"], rel=0.2)


@pytest.mark.slow
def test_a_plan_shows_the_chains_that_verdicts_want_apart(place):
    plan = json.loads(genloss("plan", place / "spec.toml", "--json"))
    more, disk = plan["more_chains"], plan["disk_bytes"] + plan["controls"][0]["disk_bytes"]
    assert (plan["chains"], more["chains"]) == (3, 5)
    assert more["disk_bytes"] == round(disk * 5 / 3)
    assert 0 <= more["seconds"]["low"] <= more["seconds"]["high"]
    said = " ".join(genloss("plan", place / "spec.toml").split())
    assert "for verdicts, apart" in said
    assert "5 more chains; " in said
    assert "Of fewer than 4 chains no verdict is given, and 8 are a good number; chains=8" in said
    for enough in (("chains=8",), ("--no-controls",)):
        assert (
            json.loads(genloss("plan", place / "spec.toml", *enough, "--json"))["more_chains"]
            is None
        )


@pytest.mark.slow
def test_cells_of_a_sweep_share_controls(place):
    vary = ("--vary", "n_real=10,20", "--vary", "regime=replace,accumulate")
    sweep = json.loads(genloss("sweep", place / "spec.toml", *vary, "--root", place, "--json"))
    # A constant one for each n, a matched one for each n where sets grow.
    assert len(controls_in(place)) == 4
    assert {run.path.parent.parent for run in find_controls(place)} == {Path(sweep["sweep"])}
    [row] = json.loads(genloss("ls", place, "--json"))
    assert (row["cells"], row["done"], row["failed"]) == (4, 4, 0)
    plan = json.loads(genloss("plan", place / "spec.toml", *vary, "--json"))
    assert plan["controls"] == 4
    again = json.loads(genloss("sweep", place / "spec.toml", *vary, "--root", place, "--json"))
    assert again == sweep


@pytest.mark.slow
def test_a_sweep_without_controls(place):
    vary = ("--vary", "n_real=10,20", "--no-controls", "--root", place)
    genloss("sweep", place / "spec.toml", *vary)
    assert controls_in(place) == []


@pytest.mark.slow
def test_verify_reads_controls_too(place):
    run = ("run", place / "spec.toml", "--root", place)
    genloss(*run)
    found = json.loads(genloss("verify", place, "--json"))
    assert (found["runs"], found["controls"]) == (1, 1)
    assert "of 1 run and 1 control: nothing" in genloss("verify", place)
    [control] = find_controls(place)
    table = control.path / "blocks/0000/metrics.jsonl"
    table.write_text(table.read_text().replace("1", "2"))
    result = CliRunner().invoke(app, ["verify", str(place)])
    assert result.exit_code != 0
    assert control.path.name in result.output.replace("\n", "")


def rm(*arguments):
    return {Path(p["path"]).name: p["why"] for p in json.loads(genloss(*arguments))["paths"]}


@pytest.mark.slow
def test_a_run_takes_controls_along_that_nobody_else_needs(place):
    root = ("--root", place)
    genloss("run", place / "spec.toml", *root)
    genloss("run", place / "spec.toml", "regime=accumulate", "name=other", *root)
    [one], [other] = ([r.path for r in find_runs(place) if n in r.path.name] for n in ("sm", "ot"))
    shared = [c for c in find_controls(place) if c.spec["regime"]["rows"] == []]
    [matched] = [c for c in find_controls(place) if c.spec["regime"]["rows"]]
    assert rm("rm", one, "--json") == {one.name: "run"}
    gone = rm("rm", other, "--json", "--yes")
    assert gone == {other.name: "run", matched.path.name: "control of no other run"}
    assert controls_in(place) == [run.path.name for run in shared]
    assert rm("gc", place, "--controls", "--json") == {}
    genloss("rm", one, "--yes")
    assert controls_in(place) == []


@pytest.mark.slow
def test_gc_takes_controls_whose_runs_are_gone(place):
    genloss("run", place / "spec.toml", "--root", place)
    genloss("run", place / "spec.toml", "--root", place, "chains=5")
    [kept, gone] = sorted(find_runs(place), key=lambda run: run.spec["chains"])
    for path in sorted(gone.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    gone.path.rmdir()
    assert list(rm("gc", place, "--controls", "--json", "--yes").values()) == [
        "control of no other run"
    ]
    assert [run.spec["chains"] for run in find_controls(place)] == [kept.spec["chains"]]


@pytest.mark.slow
def test_a_damaged_run_keeps_all_controls_where_they_are(place):
    genloss("run", place / "spec.toml", "--root", place)
    genloss("run", place / "spec.toml", "--root", place, "chains=5")
    for run in find_runs(place):
        (run.path / "run.json").write_text("{}")
    assert rm("gc", place, "--controls", "--json") == {}


@pytest.mark.slow
def test_reproduce_runs_controls_of_all_arms(place):
    genloss("reproduce", "alemohammad-2023-fresh", "--scale", "smoke", "--root", place, "--json")
    assert controls_in(place)
    assert all(run.is_complete for run in find_controls(place))


@pytest.mark.slow
def test_show_prints_rise_excess_and_whether_pairs_pay(place):
    path = json.loads(genloss("run", place / "spec.toml", "--root", place, "--json"))["run"]
    shown = genloss("show", path)
    assert re.search(r"rise over t = 0 +-?\d", shown)
    assert re.search(r"over control +-?[\d.]+ \[-?[\d.]+, -?[\d.]+\]", shown)
    assert re.search(r"(un)?paired: r -?\d\.\d\d, var\. x \d\.\d\d$", shown, re.MULTILINE)
    [row] = json.loads(genloss("show", path, "--json"))["beside"]
    assert (row["metric"], row["rise"]["since"], row["noise_floor"]) == ("trace_ratio", 0, None)
    low, high = row["excess"]["constant"]["interval"]
    assert low < row["excess"]["constant"]["estimate"] < high
