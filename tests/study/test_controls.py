"""Which controls a study has, and that they are the same study on real rows."""

from dataclasses import replace

import pytest

from genloss.core.real_only import RealOnly
from genloss.spec.build import describe
from genloss.store.fingerprint import fingerprint
from genloss.study.controls import FITS, control_studies, controls_for, layout_of
from genloss.study.study import Study, identity, study_from

LEARNER = {"kind": "gaussian", "ddof": 1}


def study(**fields):
    base = {"reality": "gaussian", "learner": LEARNER, "n_real": 100, "generations": 64}
    return study_from({**base, **fields})


def kinds(of):
    return [c.kind for c in controls_for(layout_of(of))]


def test_a_control_differs_in_its_regime_and_in_what_follows_from_it():
    one = study(chains=8, chains_per_block=3, seed=5, held_out=9, metrics=["trace_ratio"])
    [control] = control_studies(one)
    differing = {
        name for name in identity(one) if identity(one)[name] != identity(control).get(name)
    }
    assert differing == {"regime", "generations"}
    assert (control.regime, control.generations) == (RealOnly(), FITS)


def test_a_curator_is_part_of_what_is_studied():
    one = study(curator={"kind": "thinning", "keep": 0.5})
    assert [c.curator for c in control_studies(one)] == [None]


@pytest.mark.parametrize(
    ("regime", "expected"),
    [
        ("replace", ["constant"]),
        ("accumulate", ["constant", "matched"]),
        ("replace_multiple", ["constant", "matched"]),
        ({"kind": "augment", "synthetic": "last"}, ["constant", "matched"]),
        ("accumulate_subsample", ["constant"]),
        ("real_only", []),
    ],
)
def test_sets_that_grow_have_a_matched_control_too(regime, expected):
    assert kinds(study(regime=regime)) == expected


def test_studies_without_controls():
    assert control_studies(study(controls=False)) == ()
    assert control_studies(study(generations=1)) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"regime": "accumulate"},
        {"regime": "replace_multiple", "n_synthetic": 30},
        {"regime": {"kind": "window", "k": 3}, "warm_start": True},
        {"curator": {"kind": "thinning", "keep": 0.5}, "keep": {"every": 2}},
        {"measure": {"every": 10}, "form": "moments", "warm_start": True},
    ],
)
def test_the_fingerprint_of_a_control_follows_from_that_of_its_study(fields):
    one = study(metrics=["trace_ratio", "sigma_error"], **fields)
    for control in controls_for(layout_of(one)):
        derived = fingerprint(control.identity(identity(one)))
        assert derived == fingerprint(identity(control.study(one)))


def test_arms_of_one_size_share_a_control():
    arms = [study(regime=kind, name=kind) for kind in ("replace", "accumulate")]
    constant = {fingerprint(identity(control_studies(arm)[0])) for arm in arms}
    assert len(constant) == 1


def test_a_control_never_changes_the_identity_of_its_study():
    assert identity(study()) == identity(study(controls=False))
    assert describe(study())["controls"] is True


def rows_of(control, n_real=100):
    return [
        control.regime.sizes(t, n_real, n_real).train for t in range(1, control.generations + 1)
    ]


def test_a_matched_control_fits_on_sizes_that_double():
    [_, matched] = control_studies(study(regime="accumulate"))
    assert rows_of(matched) == [100, 200, 400, 800, 1600, 3200, 6400]
    [_, matched] = control_studies(study(regime="accumulate", generations=10))
    assert rows_of(matched) == [100, 200, 400, 800, 1000]


def test_sizes_that_stay_have_as_many_fits_as_a_constant_control():
    [_, matched] = control_studies(study(n_synthetic=40))
    assert rows_of(matched) == [100] + FITS * [40]
    [_, matched] = control_studies(study(regime={"kind": "window", "k": 3}))
    assert rows_of(matched) == [100, 200] + FITS * [300]


def test_a_matched_control_writes_as_many_rows():
    [_, matched] = control_studies(study(regime="replace_multiple", generations=8))
    sizes = [matched.regime.sizes(t, 100, 100) for t in range(1, matched.generations + 1)]
    assert [(s.train, s.synthetic) for s in sizes] == [
        (100, 200),
        (200, 300),
        (400, 500),
        (800, 900),
    ]


def test_warm_starts_have_a_lineage_as_long_as_the_study():
    one = study(regime="accumulate", warm_start=True, generations=6, measure={"every": 3})
    for control in control_studies(one):
        assert (control.generations, control.measure) == (6, one.measure)
    assert rows_of(control_studies(one)[1]) == [100, 200, 300, 400, 500, 600]


@pytest.mark.parametrize("field", ["rows", "writes"])
def test_sizes_of_no_rows_are_refused(field):
    with pytest.raises(Exception, match=f"real_only: {field} is 0"):
        study(regime={"kind": "real_only", field: [10, 0]})


def test_a_study_in_python_takes_the_field_too():
    one = study()
    assert isinstance(one, Study)
    assert control_studies(replace(one, controls=False)) == ()
