"""examples/plugin, installed as anybody would, without network: as good as what we ship."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"
SICK = (
    "[genloss.learners]\nsick = sick_package:Sick\n[genloss.experiments]\nsick-1 = sick_package:x\n"
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder with the example, and a package beside it that cannot be imported."""
    target = tmp_path_factory.mktemp("site")
    source = tmp_path_factory.mktemp("source") / "plugin"
    source.mkdir()
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            place = source / path.relative_to(EXAMPLE)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps"]
    command += ["--no-index", "--disable-pip-version-check", "-q", "--target", str(target)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (target / "sick_package.py").write_text("raise RuntimeError('sick')\n")
    info = target / "sick-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sick\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(SICK)
    return target


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def genloss(site, work):
    def run(*words, expect=0):
        done = subprocess.run(
            [sys.executable, "-m", "genloss", *map(str, words)],
            cwd=work,
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        return done.stdout if expect == 0 else done.stderr

    return run


def test_a_package_that_cannot_be_imported_troubles_nobody_else(genloss, work):
    assert "Measure, predict" in genloss("--help")
    genloss("ls")
    spec = 'reality = "gaussian"\nlearner = "sick"\nn_real = 5\ngenerations = 1\n'
    (work / "sick.toml").write_text(spec)
    told = genloss("run", "sick.toml", expect=2)
    assert "cannot load sick_package:Sick of sick 1.0 (sick)" in told


@pytest.fixture(scope="module")
def reproduced(genloss, work):
    """Return the summary of its experiment, whose runs lie in `work`."""
    return json.loads(genloss("reproduce", "student-decay", "--scale", "smoke", "--json"))


@pytest.fixture(scope="module")
def page(genloss, work, reproduced):
    """Return the report of its runs, beside which their theory now lies."""
    genloss("report", "runs", "--out", "page.html")
    return (work / "page.html").read_text()


def test_its_experiment_is_listed_run_and_reported(genloss, reproduced, page):
    listed = {e["experiment"]: e["title"] for e in json.loads(genloss("reproduce", "--json"))}
    assert "heavy-tailed" in listed["student-decay"]
    assert listed["sick-1"].startswith("cannot be run: ")
    assert (reproduced["passed"], reproduced["failed"]) == (1, 0)
    assert "A heavy-tailed model of Gaussian data" in page
    assert "The Probable Error of a Mean" in page
    assert "learner student t" in page
    assert "Smallest value" in page
    assert "How far down the generated rows reach." in page
    assert "what the last model wrote, and real rows every 3 generations" in page
    # Its figure draws a panel for each run, in place of lines.
    assert page.count('"description":"Smallest value, Largest value over generations, ') == 3
    assert "medians, the first solid, the next dashed" in page
    assert "Drawn as lines" not in page
    # The laws of moments hold for its learner, so the figure has a dashed line.
    assert "expected ratio" in page


def test_its_curator_runs_by_its_short_name(work, page):
    (run,) = (p for p in (work / "runs").rglob("curated-*") if p.is_dir())
    header = json.loads((run / "run.json").read_text())
    curator = {"kind": "within", "limit": 2.5, "rounds": 10, "covers": "generated"}
    assert header["identity"]["curator"] == {**curator, "from": "genloss-student 0.1.0"}
    assert "Within a limit" in (run / "about.json").read_text()
    # No law of ours knows what it refuses.
    assert json.loads((run / "theory.json").read_text())["lines"] == {}


def test_without_its_package_the_report_draws_lines_and_says_so(work, reproduced):
    command = [sys.executable, "-m", "genloss", "report", "runs", "--out", "alone.html"]
    subprocess.run(command, cwd=work, check=True, capture_output=True)
    page = (work / "alone.html").read_text()
    assert (
        page.count("Drawn as lines: the figure of extremes, &#39;range&#39;, is not known here")
        == 1
    )
    assert '"description":"Smallest value over generations 0 to 5' in page


def test_it_keeps_the_laws(site):
    code = (
        "from genloss.testing import *; from genloss_student import *; "
        "from genloss_student.figure import RANGE; from genloss_student.curator import Within; "
        "from genloss_student.metric import Extremes; check_curator(Within(1.0)); "
        "check_figure(RANGE, Extremes.labels); check_figure(RANGE); check_metric(Extremes())"
    )
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_identity_and_header_name_the_distribution(work, reproduced):
    runs = {p.parent.name.rpartition("-")[0]: p for p in (work / "runs").rglob("run.json")}
    header = json.loads(runs["respite"].read_text())
    assert header["identity"]["learner"]["from"] == "genloss-student 0.1.0"
    assert header["identity"]["regime"]["kind"] == "respite"
    assert header["code"][0]["packages"] == {"genloss-student": "0.1.0"}
    assert header["code"][0]["modules"] == {}
    extremes = next(m for m in header["metrics"] if m["name"] == "extremes")
    assert extremes["labels"] == ["smallest", "largest"]
    provenance = (runs["respite"].parent / "provenance.jsonl").read_text().splitlines()
    assert json.loads(provenance[0])["code"][0]["packages"] == {"genloss-student": "0.1.0"}


def test_its_decoding_writes_text(genloss, work):
    rng = random.Random(4)
    parts = ["".join(rng.choices("aeinorst    ", k=60)) for _ in range(900)]
    text = "\n\n".join(f"{i} {part}." for i, part in enumerate(parts))
    (work / "text.txt").write_text(text)
    (work / "text.toml").write_text(
        'reality = { kind = "text", path = "text.txt", documents = "pieces", block = 12, '
        'vocabulary = 300 }\nlearner = { kind = "ngram", order = 2 }\n'
        'sampler = { kind = "min_p", max_new = 6 }\nn_real = 10\ngenerations = 2\n'
        'metrics = ["mean_length"]\n'
    )
    genloss("run", "text.toml", "--workers", "1", "--root", "texts")
    (path,) = (work / "texts").glob("*/run.json")
    header = json.loads(path.read_text())
    assert header["identity"]["sampler"]["kind"] == "min_p"
    assert header["identity"]["sampler"]["from"] == "genloss-student 0.1.0"
