"""What a study says of a filter before it runs, and what the plan and theory know of it."""

import pytest

import genloss
from genloss.errors import DataError, ResourceError, SpecError
from genloss.judge.predictions import theory_lines
from genloss.plan.cost import plan_of

LINE = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 50,
    "generations": 5,
    "metrics": ["trace_ratio"],
}
DETECTOR = {"kind": "detector", "tpr": 0.5, "fpr": 0.2}


def study(**more):
    return genloss.study_from({**LINE, **more})


@pytest.mark.parametrize("form", ["moments", "endless"])
def test_statistics_are_no_rows_to_choose_and_the_form_that_is_gets_named(form):
    with pytest.raises(SpecError, match=r"a curator chooses rows; .* use form = 'rows'"):
        study(form=form, curator=DETECTOR)


def test_a_choice_of_too_few_needs_more_memory_than_there_is(tmp_path):
    score = {"kind": "reference_distance"}
    wanted = study(curator={"kind": "top_k", "keep": 1e-12, "score": score})
    with pytest.raises(ResourceError):
        genloss.run_study(wanted, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_filter_that_keeps_nothing_leaves_no_folder_and_says_what_it_saw(tmp_path):
    nothing = study(curator={"kind": "detector", "tpr": 1.0, "fpr": 0.0, "covers": "generated"})
    with pytest.raises(DataError, match=r"Detector accepted none of the 50 rows .*: 50 as 'true"):
        genloss.run_study(nothing, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_verifier_without_anything_to_check_leaves_no_folder(tmp_path):
    nothing = study(curator={"kind": "verifier", "phi": 0.9, "psi": 0.1})
    with pytest.raises(DataError, match="no property to check; a 'detector' errs by origin"):
        genloss.run_study(nothing, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("curator", "drawn"),
    [
        ({**DETECTOR, "covers": "generated", "rounds": 9}, True),
        ({**DETECTOR, "covers": "all", "rounds": 9}, True),
        ({**DETECTOR, "covers": "all", "rounds": 9, "tilt": 1.0}, False),
        ({**DETECTOR, "covers": "generated", "rounds": 2}, False),
        (DETECTOR, False),
        ({"kind": "random_k", "keep": 0.25}, True),
        ({"kind": "top_k", "keep": 0.25, "score": "reference_distance"}, False),
        ({"kind": "oracle"}, False),
    ],
)
def test_a_line_of_theory_is_drawn_only_where_what_enters_keeps_its_law_and_number(curator, drawn):
    lines = theory_lines(study(regime="accumulate", curator=curator))
    assert ("trace_ratio" in lines) == drawn


@pytest.mark.slow
def test_the_plan_tells_what_a_filter_of_whole_sets_leaves():
    """Half of the generated and a fifth of the human rows go: about .4 of the last pool."""
    told = plan_of(study(regime="accumulate", curator=DETECTOR, chains=20))
    assert 0.3 < told.timing.observed.shortfall < 0.7
