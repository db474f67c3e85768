"""The table that says which run is what."""

import pytest

from genloss.report.run_rows import run_rows, trained_on

from .conftest import make_run


@pytest.mark.parametrize(
    ("regime", "said"),
    [
        ({"kind": "replace"}, "replace: only what the last model wrote"),
        (
            {"kind": "replace_multiple"},
            "replace multiple: only what the last model wrote, t times as much",
        ),
        ({"kind": "accumulate"}, "accumulate: everything so far, real and generated"),
        (
            {"kind": "accumulate_subsample", "size": 10},
            "accumulate subsample: a random part, of fixed size, of everything so far",
        ),
        (
            {"kind": "mix", "real_fraction": 0.1, "real_rows": "redrawn"},
            "mix: 10 % real rows, the rest by the last model",
        ),
        ({"kind": "fresh", "n_real": 1}, "fresh: 1 new real row and what the last model wrote"),
        (
            {"kind": "augment", "synthetic": "pool"},
            "augment: all real rows and all that models wrote so far",
        ),
        ({"kind": "window", "k": 3}, "window: the last 3 sets of rows"),
        (
            {"kind": "static_contamination", "law": "gaussian", "n_foreign": 5},
            "static contamination: real rows and rows of one fixed foreign law",
        ),
        (
            {"kind": "switch", "first": "replace", "at": 5, "then": "accumulate"},
            "switch: one regime up to generation 5, another one after it",
        ),
        ({"kind": "my.module:OddOnes"}, "odd ones"),
    ],
)
def test_regimes_say_what_is_learned_from(regime, said, tmp_path):
    assert trained_on(make_run(tmp_path, regime=regime)) == said


def test_a_run_is_told_by_its_name_its_regime_and_its_learner(tmp_path):
    run = make_run(tmp_path, "tiny,B", sampler={"kind": "beam_search"}, n_real=1200)
    (row,) = run_rows([run])
    assert (row.name, row.learner, row.rows) == ("tiny · B", "gaussian, beam search", "1,200")
    assert (row.chains, row.generations) == ("8", "20")
    (plain,) = run_rows([make_run(tmp_path, "plain")])
    assert plain.learner == "gaussian"


def test_a_curator_is_named_beside_the_regime(tmp_path):
    curator = {"kind": "thinning", "keep": 0.5}
    run = make_run(tmp_path, curator=curator)
    assert trained_on(run).startswith("replace")
    assert trained_on(run).endswith(", as far as thinning lets it in")
