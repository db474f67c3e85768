"""Every command: what it prints, as tables and as JSON, and the codes it exits with."""

import json
import re
from pathlib import Path

import pytest

from genloss.cli.corpus.app import app as corpus
from genloss.cli.main import app
from genloss.spec.toml import toml_text
from genloss.store.lock import locked
from genloss.store.reader import Run

COMMANDS = [
    *(c.name or c.callback.__name__ for c in app.registered_commands),
    *(f"corpus {c.name or c.callback.__name__}" for c in corpus.registered_commands),
]


@pytest.mark.slow
def test_run_makes_a_folder_and_says_what_is_in_it(genloss, told, spec):
    first = genloss("run", spec, "--workers", 1)
    assert first.exit_code == 0
    [path] = spec.parent.glob("runs/moons-*")
    assert first.stderr == f"next: genloss report runs/{path.name}\n"
    for word in (f"runs/{path.name}", "complete", "kde on two_moons", "trace_ratio", "t = 6"):
        assert word in first.stdout
    assert "entropy: not applicable" in first.stdout
    # The same command again resumes; nothing is left to do.
    again = told("run", spec, "--workers", 1)
    assert again["complete"] is True
    assert len(again["provenance"]) == 4
    assert told("show", path.relative_to(spec.parent)) == again


def test_run_with_overrides_names_and_places(told, spec):
    done = told("run", spec, "seed=4", "learner.bandwidth=0.5", "name=wide", "--root", "elsewhere")
    assert done["run"].startswith("elsewhere/wide-")
    assert (done["spec"]["seed"], done["spec"]["learner"]["bandwidth"]) == (4, 0.5)
    assert done["metrics"]["trace_ratio"]["t"] == list(range(7))
    assert done["kept"] == [3]


@pytest.mark.slow
def test_a_range_of_chains_is_printed_where_they_carry_it_and_else_why_not(told, genloss, spec):
    values = told("run", spec, "chains=19", "chains_per_block=19")["metrics"]["trace_ratio"]
    assert values["range"] == "90 % of the chains"
    for low, middle, high in zip(values["low"], values["median"], values["high"], strict=True):
        assert low <= middle <= high
    done = told("run", spec, "chains=18", "chains_per_block=18")
    few = done["metrics"]["trace_ratio"]
    assert (few["low"], few["high"]) == (None, None)
    assert few["range"] == "18 chains carry no interval of 90 %; run 19 or more"
    assert "lowest, highest" in genloss("show", done["run"]).stdout


@pytest.mark.slow
def test_run_in_a_folder_of_ones_own_and_again_from_that_folder(genloss, told, spec):
    assert told("run", spec, "--folder", "mine")["run"] == "mine"
    assert told("run", "mine")["run"] == "mine"
    refused = genloss("run", spec, "seed=1", "--folder", "mine")
    assert refused.exit_code == 2
    assert "holds another config" in refused.stderr
    assert "seed" in refused.stderr
    assert Run(spec.parent / "mine").spec["seed"] == 0


@pytest.mark.slow
def test_show_begins_where_a_metric_begins(genloss, told, spec):
    """Moons have no density, so held_out_nll begins at t = 1, and says so below t = 0."""
    path = told("run", spec)["run"]
    shown = genloss("show", path).stdout
    line = next(line for line in shown.splitlines() if line.startswith("held_out_nll"))
    found = told("show", path)["metrics"]["held_out_nll"]
    assert found["t"] == [1, 2, 3, 4, 5, 6]
    cells = re.split(r"\s{2,}", line.replace("│", " "))
    assert cells[1].startswith(f"t = 1: {found['median'][0]:.4g} [")
    assert cells[2].startswith(f"{found['median'][2]:.4g} [")  # at t = 3
    trace = next(line for line in shown.splitlines() if line.startswith("trace_ratio"))
    assert "t =" not in trace


@pytest.mark.slow
def test_show_of_infinite_values(genloss, told, spec):
    """Lost symbols make the divergence of held-out text infinite in every chain."""
    learner = '{kind="categorical", k=40}'
    options = [f"learner={learner}", 'reality={kind="uniform_tokens", k=40}', "held_out=400"]
    done = told("run", spec, *options, "n_real=5", 'metrics=["held_out_nll"]')
    assert done["metrics"]["held_out_nll"]["median"][-1] == "inf"
    assert "inf [inf, inf]" in genloss("show", done["run"]).stdout


def test_one_chain_is_shown_without_a_spread(genloss, told, spec):
    done = told("run", spec, "chains=1", "generations=1", 'metrics=["trace_ratio"]', "keep.at=[]")
    shown = genloss("show", done["run"]).stdout
    assert "1 chain, 1 generation, seed 0" in shown
    [line] = [line for line in shown.splitlines() if line.startswith("trace_ratio")]
    assert f" {done['metrics']['trace_ratio']['median'][1]:.4g} " in line
    assert "[" not in line


@pytest.mark.slow
def test_a_run_without_metrics_can_be_shown(genloss, told, spec):
    done = told("run", spec, "metrics=[]")
    assert done["metrics"] == {}
    assert genloss("show", done["run"]).exit_code == 0


@pytest.mark.slow
def test_ls_lists_runs_and_their_progress(genloss, told, spec):
    assert told("ls") == []
    assert "no runs below runs; start with: genloss demo" in genloss("ls").stdout
    told("run", spec)
    told("run", spec, "regime=accumulate", "name=pooled", "--root", "runs/deep")
    found = told("ls")
    assert [r["regime"] for r in found] == ["accumulate", "replace"]
    assert all(r["complete"] is True and r["chains"] == 3 for r in found)
    assert found[0]["run"].startswith("deep/pooled-")
    shown = genloss("ls").stdout
    assert "pooled-" in shown
    assert "yes" in shown
    assert [r["run"] for r in told("ls", "runs/deep")] == [found[0]["run"].removeprefix("deep/")]
    one = Path("runs") / found[1]["run"]
    assert [r["run"] for r in told("ls", one)] == [str(one)]


@pytest.mark.slow
def test_ls_folds_long_paths_and_nothing_else(genloss, told, spec):
    name = "x" * 150
    told("run", spec, "regime=accumulate", f"name={name}")
    shown = genloss("ls").stdout
    for word in ("generations", "complete", "accumulate", "two_moons", "yes"):
        assert word in shown
    assert "complete" in shown
    assert name not in shown
    path = next(spec.parent.glob("runs/x*")).name
    firsts = [line.split(" ")[0].strip() for line in shown.splitlines()[2:]]
    assert "".join(firsts) == path


@pytest.mark.slow
def test_ls_shows_a_damaged_folder_beside_the_others(genloss, told, spec):
    told("run", spec)
    path = Path(told("run", spec, "seed=5")["run"])
    (path / "run.json").write_text("{")
    found = told("ls")
    assert sorted(r["problem"] != "" for r in found) == [False, True]
    assert "run.json is damaged" in next(r["problem"] for r in found if r["problem"])


@pytest.mark.slow
def test_plan_says_what_will_happen_and_leaves_nothing(genloss, told, spec):
    plan = told("plan", spec, "chains=1000", "chains_per_block=10")
    assert (plan["chains"], plan["blocks"], plan["generations"]) == (1000, 100, 6)
    assert "rows of D_T" in genloss("plan", spec).stdout
    shown = genloss("plan", spec)
    assert "timing its first generations, at most 10 s" in shown.stderr
    assert "on this machine at its present load" in shown.stdout
    assert [p.name for p in spec.parent.iterdir()] == [spec.name]


@pytest.mark.slow
def test_report_writes_one_page(genloss, told, spec):
    path = told("run", spec)["run"]
    given = str(spec.parent / "one.html")
    assert told("report", path, "--out", given) == {"report": given}
    assert genloss("report", "runs", "--title", "Mine").stdout.strip() == "report.html"
    page = (spec.parent / "report.html").read_text()
    assert "<title>Mine" in page
    assert "trace_ratio" in page


def test_version_is_the_packages(genloss):
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", genloss("--version").stdout)


@pytest.mark.slow
def test_reproduce_lists_experiments(genloss, told):
    listed, shown = told("reproduce"), genloss("reproduce").stdout
    assert "shumailov-2024-gaussian" in [entry["experiment"] for entry in listed]
    for entry in listed:
        assert set(entry) == {"experiment", "title"}
        assert entry["experiment"] in shown


EXPERIMENT = """
title = "Small"
[study]
reality = "gaussian"
learner = { kind = "gaussian", ddof = 0 }
form = "moments"
n_real = 10
generations = 2
chains = 50
metrics = ["trace_ratio"]
[[runs]]
name = "only"
"""


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """Ship one experiment with a single target, met iff its band holds 0.8."""
    folder = tmp_path / "published" / "small-2024"
    folder.mkdir(parents=True)
    (folder / "spec.toml").write_text(EXPERIMENT)
    monkeypatch.setattr("genloss.published.experiments.published_folder", lambda: folder.parent)

    def write(low, high, published=0.81, **band):
        target = {
            "id": "spread",
            "what": "mean trace ratio",
            "published": published,
            "run": "only",
            "metric": "trace_ratio",
            "t": 2,
            "statistic": "mean",
            "band": band or {"kind": "interval", "low": low, "high": high},
            "source": "made up",
        }
        (folder / "targets.toml").write_text(toml_text({"targets": [target]}))

    return write


def test_reproduce_prints_exactly_the_promised_json(experiment, told):
    experiment(0.5, 1.0)
    found = told("reproduce", "small-2024", "--scale", "smoke")
    assert list(found) == ["experiment", "scale", "targets", "passed", "failed"]
    assert (found["experiment"], found["scale"]) == ("small-2024", "smoke")
    assert (found["passed"], found["failed"]) == (1, 0)
    [target] = found["targets"]
    assert list(target) == ["id", "what", "published", "low", "high", "measured", "pass"]
    assert (target["published"], target["low"], target["high"]) == (0.81, 0.5, 1.0)
    assert target["pass"] is True


@pytest.mark.slow
def test_a_target_that_is_missed_exits_1(experiment, genloss):
    experiment(2.0, 3.0)
    found = genloss("reproduce", "small-2024", "--scale", "smoke", "--json")
    assert found.exit_code == 1
    assert (json.loads(found.stdout)["passed"], json.loads(found.stdout)["failed"]) == (0, 1)
    shown = genloss("reproduce", "small-2024", "--scale", "smoke")
    assert shown.exit_code == 1
    assert "FAIL" in shown.stdout
    assert "0 of 1 targets met" in shown.stdout


@pytest.mark.parametrize(
    ("low", "high", "band"), [(0.5, 1e6, ">= 0.5"), (-1e6, 1.0, "<= 1"), (0.5, 1.0, "0.5 .. 1")]
)
def test_claims_and_open_bands_are_named_as_such(experiment, genloss, low, high, band):
    experiment(low, high, None)
    shown = genloss("reproduce", "small-2024", "--scale", "smoke").stdout
    [row] = [line for line in shown.splitlines() if line.startswith("spread")]
    assert re.search(rf"claim\s+{re.escape(band)}\s", row)


def test_proven_bounds_are_no_claim(experiment, genloss):
    experiment(None, None, None, kind="bounds", lower=0, upper=1)
    shown = genloss("reproduce", "small-2024", "--scale", "smoke").stdout
    assert re.search(r"\slaw\s", shown)
    assert "claim" not in shown


BAD_INPUT = [
    (["run", "nowhere.toml"], "nowhere.toml: no such spec, run folder or text"),
    (["plan", "nowhere"], "nowhere: no such spec, run folder or text"),
    (["run", "moons.toml", "n_reel=3"], "unknown key 'n_reel' (did you mean 'n_real'?)"),
    (["run", "moons.toml", "n_real=0"], "n_real is 0; expected a whole number of at least 1"),
    (["run", "moons.toml", "seed"], "override 'seed'; expected key=value"),
    (["run", "moons.toml", "regime=windw"], "unknown regime 'windw' (did you mean 'window'?)"),
    (["run", "moons.toml", "--workers", "-1"], "Invalid value for '--workers'"),
    (["run"], "Missing argument"),
    (["run", "moons.toml", "--rot", "x"], "No such option: --rot"),
    (["plan", "moons.toml", "learner=gaussian"], "ddof is missing; GaussianLearner needs it"),
    (["show", "."], "holds no runs (no run.json at or below it)"),
    (["show", "nowhere"], "is not a run folder"),
    (["report", "nowhere"], "nowhere"),
    (["reproduce", "gmm"], "unknown experiment 'gmm' (did you mean 'shumailov-2024-gmm'?)"),
    (["reproduce", "x"], "unknown experiment 'x'; `genloss reproduce` lists those shipped"),
    (["reproduce", "shumailov-2024-gaussian", "--scale", "giant"], "unknown scale 'giant'"),
    (["rnu"], "No such command 'rnu'"),
    ([], "Usage: genloss"),
]


@pytest.mark.parametrize(("words", "why"), BAD_INPUT, ids=lambda v: " ".join(v)[:40] or "none")
def test_bad_input_exits_2_with_one_message_on_stderr(genloss, spec, words, why):
    found = genloss(*words)
    assert found.exit_code == 2
    assert why in (found.stderr + found.stdout if not words else found.stderr)
    assert "Traceback" not in found.output
    if words:
        assert found.stdout == ""


@pytest.mark.slow
def test_a_folder_in_use_exits_2(genloss, told, spec):
    told("run", spec, "--folder", "mine")
    with locked(spec.parent / "mine"):
        found = genloss("run", "mine")
    assert (found.exit_code, "another process" in found.stderr) == (2, True)


@pytest.mark.slow
def test_an_unfinished_run_is_shown_as_such(genloss, told, spec):
    path = spec.parent / told("run", spec, "checkpoint_every=2", "metrics=['sigma']")["run"]
    (path / "blocks" / "0000" / "manifest.json").unlink()
    shown = genloss("show", path).stdout
    assert "unfinished" in shown
    assert "generations after 0 are not yet checkpointed" in shown
    assert told("ls")[0]["complete"] is False
    assert told("run", path)["complete"] is True


def test_ctrl_c_exits_130_with_what_to_do(genloss, spec, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("genloss.run.controls.run_with_controls", interrupt)
    found = genloss("run", spec)
    assert found.exit_code == 130
    assert "interrupted; run the same command again to resume" in found.stderr


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_ends_in_a_line_that_can_be_pasted(genloss, command):
    found = genloss(*command.split(), "--help")
    assert found.exit_code == 0
    last = found.stdout.strip().splitlines()[-1].strip()
    assert re.fullmatch(rf"(Example|Start with): genloss {command or 'demo'}.*", last)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_json_and_explains_every_option(genloss, command):
    shown = genloss(*command.split(), "--help").stdout
    assert "--json" in shown
    options = re.findall(r"^  (--[\w-]+)(?: (?!  )\S+)*\s*(.*)$", shown, flags=re.MULTILINE)
    assert all(text for _, text in options), options


@pytest.mark.slow
def test_pasted_examples_are_real_commands(genloss):
    """The words of each example parse: they name the command, options and overrides that exist."""
    for command in COMMANDS:
        shown = genloss(*command.split(), "--help").stdout
        words = shown.strip().splitlines()[-1].partition("genloss ")[2].split()
        assert words[: len(command.split())] == command.split()
        for word in words:
            if word.startswith("--"):
                assert word in shown


@pytest.mark.slow
def test_verify_names_every_damaged_file(genloss, told, spec):
    path = Path(told("run", spec)["run"])
    whole = told("verify", ".")
    assert (whole["runs"], whole["problems"]) == (1, [])
    assert whole["files"] > 5
    for name in ("blocks/0000/metrics.jsonl", "about.json"):
        content = (path / name).read_bytes()
        (path / name).write_bytes(content[:-9] + b"0" + content[-8:])
    found = genloss("verify", path)
    assert found.exit_code == 1
    assert "about.json is damaged" in found.stdout
    assert "metrics.jsonl is damaged" in found.stdout
    assert "2 problems in 1 run" in found.stdout
    for command in ("show", "table", "report"):
        words = ("--out", "t.csv") if command != "show" else ()
        refused = genloss(command, path, *words)
        assert refused.exit_code == 2
        assert "is damaged" in refused.stderr
    assert not Path("t.csv").exists()


@pytest.mark.slow
def test_table_writes_what_was_asked_for(genloss, told, spec):
    shown = told("run", spec)["metrics"]
    values = sum(len(metric["t"]) for metric in shown.values()) * 3
    assert told("table", "runs", "--out", "t.csv") == {"table": "t.csv", "rows": values}
    few = told("table", "runs", "--out", "t.md", "--metric", "trace_ratio", "--at", "last")
    assert few["rows"] == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--at", "end"], "expected a generation such as 10, or last"),
        (["--at", "2", "--at", "9"], "no run has a value at generation 9; there are values of"),
        (["--metric", "trace_rato"], "no run has the metric 'trace_rato' (did you mean 'trace_r"),
        (["--metric", "entropy"], "no run has a value of entropy ("),
        (["--metric", "trace_ratio", "--metric", "entropy"], "no run has a value of entropy"),
    ],
)
def test_a_table_without_what_was_asked_for_is_refused(genloss, told, spec, words, why):
    told("run", spec)
    refused = genloss("table", "runs", "--out", "t.csv", *words)
    assert (refused.exit_code, Path("t.csv").exists()) == (2, False)
    assert why in refused.stderr


@pytest.mark.slow
def test_a_folder_with_classes_of_its_own_needs_trust(genloss, told, spec, monkeypatch, tmp_path):
    (tmp_path / "own_regime.py").write_text(
        "from dataclasses import dataclass\nfrom genloss.core.regimes import Replace\n"
        "@dataclass(frozen=True)\nclass Own(Replace):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    path = told("run", spec, "regime=own_regime:Own")["run"]
    for command in ("run", "plan"):
        refused = genloss(command, path)
        assert refused.exit_code == 2
        assert "names own_regime:Own, whose code would run" in refused.stderr
    assert told("run", path, "--trust")["complete"] is True
    assert told("plan", path, "--trust")["generations"] == 6
