"""Experiments on disk: grids of runs, scales, and what reproducing one writes and prints."""

import json
import subprocess
import sys

import pytest

from genloss.errors import SpecError
from genloss.published import experiments as published
from genloss.published.experiments import load_experiment, named, published_names, studies_of
from genloss.published.reproduce import reproduce, summary
from genloss.report.page import write_report
from genloss.spec.toml import toml_text

SPEC = {
    "title": "A small experiment",
    "study": {
        "reality": "gaussian",
        "learner": {"kind": "gaussian", "ddof": 0},
        "form": "moments",
        "n_real": 10,
        "generations": 2,
        "metrics": ["trace_ratio"],
    },
    "scale": {"smoke": {"chains": 50}, "laptop": {"chains": 100}},
    "runs": [
        {
            "name": "grid,n={n_real},ddof={learner.ddof}",
            "vary": {"n_real": [5, 7], "learner.ddof": [0, 1]},
            "smoke": {"vary": {"n_real": [5]}},
        },
        {"name": "pool", "set": {"regime": "accumulate"}, "paper": {"set": {"generations": 9}}},
        {"name": "paper-only", "scales": ["paper"]},
    ],
}


def names(scale: str) -> list[str]:
    return [study.name for study in studies_of(SPEC, scale)]


def test_vary_is_a_product_and_scales_replace_and_restrict():
    assert names("smoke") == ["grid,n=5,ddof=0", "grid,n=5,ddof=1", "pool"]
    assert names("laptop") == [
        "grid,n=5,ddof=0",
        "grid,n=5,ddof=1",
        "grid,n=7,ddof=0",
        "grid,n=7,ddof=1",
        "pool",
    ]
    assert names("paper")[-2:] == ["pool", "paper-only"]


def test_fields_come_from_the_study_the_scale_the_run_and_the_grid():
    found = named(studies_of(SPEC, "laptop"))
    grid, pool = found["grid,n=7,ddof=1"], found["pool"]
    assert (grid.n_real, grid.n_synthetic, grid.learner.ddof, grid.chains) == (7, 7, 1, 100)
    assert (pool.n_real, type(pool.regime).__name__, pool.generations) == (10, "Accumulate", 2)
    assert named(studies_of(SPEC, "paper"))["pool"].generations == 9
    # The tables written down are untouched by all this.
    assert SPEC["study"]["learner"] == {"kind": "gaussian", "ddof": 0}


def test_two_runs_of_one_name_are_refused():
    """One would silently stand for both."""
    twice = {**SPEC, "runs": [{"name": "same", "vary": {"n_real": [5, 7]}}]}
    with pytest.raises(SpecError, match="two runs are called 'same'; put what varies into"):
        named(studies_of(twice, "smoke"))


def target(id_, low, high, **more):
    return {
        "id": id_,
        "what": "spread",
        "published": None,
        "run": "pool",
        "metric": "trace_ratio",
        "t": 2,
        "statistic": "mean",
        "band": {"kind": "interval", "low": low, "high": high},
        "source": "made up",
        **more,
    }


SPEC_TOML = """
title = "A small experiment"
[study]
reality = "gaussian"
learner = { kind = "gaussian", ddof = 0 }
form = "moments"
n_real = 10
generations = 2
chains = 50
metrics = ["trace_ratio"]
[[runs]]
name = "pool"
set = { regime = "accumulate" }
"""


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Put one experiment where the package looks for them; return how to write its targets."""
    folder = tmp_path / "published"
    (folder / "small-2024").mkdir(parents=True)
    (folder / "small-2024" / "spec.toml").write_text(SPEC_TOML)
    monkeypatch.setattr(published, "published_folder", lambda: folder)

    def write(*targets):
        text = toml_text({"targets": targets})
        (folder / "small-2024" / "targets.toml").write_text(text)

    return write


def test_an_experiment_is_run_judged_and_written_down(shipped, tmp_path):
    elsewhere = target("big", 0.0, 2.0, scales=["paper"])
    shipped(target("met", 0.0, 2.0), target("missed", 5.0, 6.0), elsewhere)
    assert published_names() == ["small-2024"]
    experiment = load_experiment("small-2024", "smoke")
    runs, verdicts = reproduce(experiment, tmp_path / "runs", workers=1)
    assert [(v.id, v.passed) for v in verdicts] == [("met", True), ("missed", False)]
    assert all(run.is_complete for run in runs)
    stored = json.loads((tmp_path / "runs" / "small-2024-smoke" / "targets.json").read_text())
    assert (stored["passed"], stored["failed"], stored["scale"]) == (1, 1, "smoke")
    assert stored["runs"] == {"pool": runs[0].path.name}
    told = summary(experiment, verdicts)
    assert list(told) == ["experiment", "scale", "targets", "passed", "failed"]
    keys = ["id", "what", "published", "low", "high", "measured", "pass"]
    assert [list(t) for t in told["targets"]] == [keys, keys]


def test_reproducing_again_resumes_and_judges_alike(shipped, tmp_path, folder_bytes):
    shipped(target("met", 0.0, 2.0))
    experiment = load_experiment("small-2024", "smoke")
    first = reproduce(experiment, tmp_path / "runs", workers=1)
    before = folder_bytes(tmp_path / "runs")
    assert reproduce(experiment, tmp_path / "runs", workers=1)[1] == first[1]
    assert folder_bytes(tmp_path / "runs") == before


def test_unknown_names_and_scales_are_refused_with_those_there_are(shipped):
    shipped(target("met", 0.0, 2.0))
    with pytest.raises(SpecError, match=r"'smal-2024' \(did you mean 'small-2024'"):
        load_experiment("smal-2024", "smoke")
    with pytest.raises(SpecError, match="unknown scale 'huge'; expected one of smoke, laptop"):
        load_experiment("small-2024", "huge")


def own(folder, spec=SPEC_TOML):
    folder.mkdir(parents=True)
    (folder / "spec.toml").write_text(spec)
    (folder / "targets.toml").write_text(toml_text({"targets": [target("met", 0.0, 2.0)]}))
    return str(folder)


@pytest.mark.slow
def test_a_folder_of_anybody_runs_like_ours(tmp_path, monkeypatch):
    own(tmp_path / "mine" / "student-2026")
    monkeypatch.chdir(tmp_path / "mine")
    for path in ("student-2026", str(tmp_path / "mine" / "student-2026"), "../mine/student-2026"):
        experiment = load_experiment(path, "smoke")
        assert (experiment.name, experiment.address) == ("student-2026", "path/to/student-2026")
    _, verdicts = reproduce(experiment, tmp_path / "runs", workers=1)
    assert [v.passed for v in verdicts] == [True]
    page = write_report([tmp_path / "runs"], tmp_path / "report.html").read_text()
    assert "genloss reproduce path/to/student-2026 --scale smoke" in page
    assert str(tmp_path) not in (tmp_path / "runs/student-2026-smoke/targets.json").read_text()


def test_a_folder_that_is_no_experiment_is_refused(shipped, tmp_path):
    shipped(target("met", 0.0, 2.0))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpecError, match=r"empty holds no spec\.toml, so it is not an experiment"):
        load_experiment(str(tmp_path / "empty"), "smoke")
    copy = own(tmp_path / "copy" / "small-2024")
    with pytest.raises(SpecError, match="called like a shipped experiment; rename the folder"):
        load_experiment(copy, "smoke")
    # The shipped folder itself is no copy.
    assert load_experiment(str(tmp_path / "published" / "small-2024"), "smoke").studies


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("title =", "headline =", "unknown key 'headline'; expected title, study, runs, scale"),
        ('title = "A small experiment"', "", "has no 'title'; expected title, study"),
        ("[study]", "[scale.smoke]", "has no 'study'"),
        (
            "[study]",
            "[scale.huge]\n[study]",
            r"scale: unknown key 'huge'; expected smoke, laptop, paper",
        ),
        ("[[runs]]", "[runs]", r"runs is .*; expected \[\[runs\]\]"),
        ("name =", "nmae =", r"unknown key 'nmae' \(did you mean 'name'\?\)"),
        ('name = "pool"', "", "has no 'name'"),
        (
            "set =",
            "laptop = { scales = 1 }\nset =",
            "laptop: unknown key 'scales'; expected set, vary",
        ),
        ("set =", 'scales = ["tiny"]\nset =', "scales is .'tiny'.; expected some of smoke, laptop"),
        ("set =", "vary = { n_real = 5 }\nset =", "n_real varies over 5; expected a list"),
    ],
)
def test_an_experiment_that_is_laid_out_otherwise_is_refused(tmp_path, old, new, why):
    """A key that nobody reads would leave out silently what its author meant."""
    path = own(tmp_path / "student-2026", SPEC_TOML.replace(old, new, 1))
    with pytest.raises(SpecError, match=why):
        load_experiment(path, "smoke")


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_every_shipped_experiment_loads_at_every_scale(scale):
    for name in published_names():
        experiment = load_experiment(name, scale)
        assert experiment.studies
        assert experiment.targets
        assert len({t.id for t in experiment.targets}) == len(experiment.targets)


@pytest.mark.slow
def test_the_tour_leaves_out_what_needs_an_extra_and_says_so():
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'tokenizers'): sys.modules[name] = None\n"
        "from genloss.published.experiments import tour_experiments\n"
        "found, left_out = tour_experiments()\n"
        "names = {e.name for e in found}\n"
        "assert {'tour', 'shumailov-2024-gmm'} <= names\n"
        "assert not {'shumailov-2024-vae', 'seddik-2024-ngram'} & names\n"
        "assert not any('digits' in name for e in found for name in e.studies)\n"
        "assert 'moons,replace' in found[0].studies\n"
        "print(*left_out)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for extra in ("torch", "digits", "text"):
        assert f"pip install 'genloss[{extra}]'" in done.stdout
    assert "tour (digits,replace; digits,acc" in done.stdout
