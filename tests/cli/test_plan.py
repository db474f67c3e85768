"""What `genloss plan` says beside sizes: what would have no value, what a curator leaves."""

import pytest

CURATED = 'curator={kind="thinning", keep=0.05, rounds=10}'


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    (folder / "images").mkdir(parents=True)
    for i in range(40):
        words = " ".join(f"word{i * j % 97}" for j in range(60))
        (folder / f"{i:02d}.txt").write_text(f"document {i}: {words}\n")
    (folder / "README.md").write_text("About them.\n")
    (folder / "images" / "a.png").write_bytes(b"\x89PNG")
    return folder


@pytest.mark.slow
def test_metrics_that_would_have_no_value_are_named(genloss, told, spec):
    plan = told("plan", spec, "held_out=0")
    assert plan["not_applicable"]["held_out_nll"] == "no held-out rows; set held_out"
    assert set(plan["not_applicable"]) == {"held_out_nll", "entropy"}
    shown = genloss("plan", spec, "held_out=0").stdout
    assert "held_out_nll: no value (no held-out rows; set held_out)" in shown
    assert set(told("plan", spec)["not_applicable"]) == {"entropy"}


@pytest.mark.slow
def test_a_curator_that_leaves_too_few_is_told(genloss, told, spec):
    """Ten rounds of 400 rows at 5 %: 200 of 400 on average, sd 14: half is lacking."""
    options = ["n_real=400", "held_out=0", 'metrics=["trace_ratio"]']
    plan = told("plan", spec, *options, CURATED)
    assert 0.4 < plan["shortfall"] < 0.7
    said = " ".join(genloss("plan", spec, *options, CURATED).stdout.split())
    assert "short of its rows" in said
    assert "raise curator.rounds" in said
    assert told("plan", spec, *options, CURATED.replace("0.05", "0.9"))["shortfall"] == 0.0
    assert told("plan", spec, *options)["shortfall"] is None


@pytest.mark.slow
def test_more_rounds_are_not_advised_where_there_are_none(genloss, spec):
    """What must pass is D_t as it was composed: nobody draws again."""
    options = ["n_real=400", "held_out=0", 'metrics=["trace_ratio"]']
    training = CURATED.replace("rounds=10", 'covers="training"')
    said = " ".join(genloss("plan", spec, *options, training).stdout.split())
    assert "short of its rows" in said
    assert "rounds" not in said


@pytest.mark.slow
def test_the_plan_lists_what_becomes_of_every_file(told, texts):
    files = told("plan", texts, "learner.kind=ngram")["files"]
    becomes = {file["name"]: (file["split"], file["left_out"]) for file in files}
    assert becomes["00.txt"] == ("train", "")
    assert becomes["README.md"] == (None, "about the data")
    assert becomes["images/a.png"] == (None, ".png is not read")
    assert len(files) == 42


@pytest.mark.slow
def test_the_files_of_a_split_of_its_own_are_listed_as_that(told, texts, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("A document of another place, with words of its own. " * 40)
    plan = told("plan", texts, "learner.kind=ngram", f"reality.validation_path={own}")
    assert {f["name"]: f["split"] for f in plan["files"]}["own.txt"] == "validation"


@pytest.mark.slow
def test_runs_are_no_text(genloss, told, texts, spec):
    """Neither those in a folder of text, nor a folder that holds nothing else."""
    told("run", spec, "--root", "runs")
    refused = genloss("run", "runs")
    assert refused.exit_code == 2
    assert "a run of genloss" in refused.stderr
    assert "name its own folder" in refused.stderr
    told("run", spec, "--root", texts / "runs")
    [run] = (p for p in (texts / "runs").iterdir() if p.name != "controls")
    files = told("plan", texts, "learner.kind=ngram")["files"]
    assert [f["left_out"] for f in files if f["name"] == f"runs/{run.name}"] == ["a run of genloss"]
    assert not any("blocks" in f["name"] for f in files)


@pytest.mark.slow
def test_a_sweep_names_the_cells_that_a_curator_leaves_short(genloss, told, spec):
    options = ["n_real=400", "held_out=0", 'metrics=["trace_ratio"]', CURATED]
    vary = ["--vary", 'regime=["replace","accumulate"]', "--no-controls"]
    shortfalls = told("plan", spec, *options, *vary)["shortfalls"]
    assert len(shortfalls) == 2
    assert all(0.3 < share < 0.7 for share in shortfalls.values())
    said = " ".join(genloss("plan", spec, *options, *vary).stdout.split())
    assert said.count("short of its rows in what was timed") == 2
