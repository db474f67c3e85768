"""What was asked, from specs and titles."""

from genloss.report.question import question
from genloss.report.sections import find_sections

from .conftest import make_experiment, make_run


def asked(root):
    (section,) = find_sections([root])
    return question(section)


def test_an_experiment_asks_whether_we_see_what_was_published(tmp_path):
    make_experiment(tmp_path)
    assert asked(tmp_path) == "Do our runs show what was published on: Replace against accumulate?"


def test_own_runs_ask_what_becomes_of_the_model(tmp_path):
    make_run(tmp_path, regime={"kind": "replace"})
    text = "Over 20 generations of gaussian on gaussian: what becomes of the model when each "
    assert asked(tmp_path) == text + "learns from only what the last model wrote?"
    make_run(tmp_path, regime={"kind": "accumulate"})
    assert "everything so far, real and generated, or only what the last model" in asked(tmp_path)


def test_doses_are_told_by_their_ends(tmp_path):
    for share in (0, 0.01, 0.1, 0.5, 1):
        make_run(tmp_path, regime={"kind": "mix", "real_fraction": share, "real_rows": "redrawn"})
    assert "0 % real rows" in asked(tmp_path)
    assert "up to 100 % real rows, the rest by the last model (5 settings)?" in asked(tmp_path)
    make_run(tmp_path, regime={"kind": "replace"})
    both = "by the last model (5 settings), or only what the last model wrote?"
    assert asked(tmp_path).endswith(both)


def test_of_many_regimes_the_kinds_are_told(tmp_path):
    for kind in ("replace", "accumulate", "accumulate_subsample", "replace_multiple"):
        make_run(tmp_path, regime={"kind": kind})
    assert asked(tmp_path).endswith("(4 settings)?")
    assert "replace multiple" in asked(tmp_path)
