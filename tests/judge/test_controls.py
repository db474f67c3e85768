"""A run beside its controls: real runs of closed-form learners, whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest

from genloss.judge.controls import controls_of
from genloss.judge.excess import excess, pairing, pays_below, rise
from genloss.report.long_table import LongTable
from genloss.run.controls import with_controls
from genloss.run.runner import run_studies
from genloss.study.study import study_from

GAUSS = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 0},
    "form": "moments",
    "n_real": 50,
    "generations": 12,
    "chains": 400,
    "metrics": ["trace_ratio", "squared_mean_error"],
}


def study(**fields):
    return study_from({**GAUSS, **fields})


def run_all(studies, root):
    what = with_controls(studies, root)
    done = run_studies(what.studies, root, folders=what.folders, workers=1)
    return done[: len(studies)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    arms = [study(name="replace"), study(name="accumulate", regime="accumulate")]
    return run_all(arms, root)


def test_controls_lie_beside_runs_that_share_them(pair):
    replace_arm, accumulate_arm = pair
    [one] = controls_of(replace_arm)
    [same, matched] = controls_of(accumulate_arm)
    assert one.run.path == same.run.path
    assert one.run.path.parent == replace_arm.path.parent / "controls"
    assert [c.kind for c in (one, matched)] == ["constant", "matched"]


def test_what_is_not_complete_is_no_control(tmp_path):
    [run] = run_studies([study(chains=2)], tmp_path, workers=1)
    assert controls_of(run) == ()


def test_the_first_fit_of_a_control_is_that_of_the_run(pair):
    """Common random numbers: D_1 = S_0 and p_1 have the same streams."""
    run, control = pair[0], controls_of(pair[0])[0]
    fits = control.fits("trace_ratio")
    column = run.columns["trace_ratio"]
    np.testing.assert_array_equal(fits[:, 0], column.values[column.t == 1][0])


def test_fits_are_those_of_the_closed_form(pair):
    """ML variance of n rows: mean (n - 1)/n, standard deviation sqrt(2 (n - 1))/n."""
    control = controls_of(pair[0])[0]
    fits = control.fits("trace_ratio")
    n, count = 50, fits.size
    assert fits.shape == (400, 4)
    sd = np.sqrt(2 * (n - 1)) / n
    # Four standard errors: less than one failure in 10,000 seeds.
    assert abs(fits.mean() - (n - 1) / n) < 4 * sd / np.sqrt(count)
    # Fits are independent of one another: no correlation but by chance, 4 / sqrt(C).
    correlations = np.corrcoef(fits.T)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(400)


def test_excess_over_a_control_is_that_of_the_closed_form(pair):
    """E trace_t = ((n - 1)/n)^t under replacement by maximum likelihood."""
    difference = excess(pair[0], controls_of(pair[0])[0], "trace_ratio")
    last = (49 / 50) ** 12 - 49 / 50
    assert difference.t.tolist() == list(range(1, 13))
    assert difference.low[-1] < last < difference.high[-1]
    assert difference.high[-1] < 0


def test_a_rise_is_from_generation_0(pair):
    one = rise(pair[0], "trace_ratio")
    assert (one.since, one.paired, one.t.tolist()) == (0, True, list(range(1, 13)))
    # Reality has a trace ratio of 1 in every chain.
    assert one.low[-1] < (49 / 50) ** 12 - 1 < one.high[-1]


def test_a_matched_control_has_as_many_rows_as_the_run(pair):
    """ML variance of m rows has mean 1 - 1/m: between fits it is exactly linear in 1 / rows."""
    matched = controls_of(pair[1])[1]
    for t in (1, 2, 5, 7, 12):
        m = 50 * t
        values = matched.at("trace_ratio", t)
        assert abs(values.mean() - (1 - 1 / m)) < 4 * np.sqrt(2 / m / 400)


def held_alike(control, times):
    """Hold many generations at once to one at a time."""
    found = control.along("trace_ratio", np.array(times))
    for t, values in zip(times, found, strict=True):
        one = control.at("trace_ratio", t)
        np.testing.assert_array_equal(values, np.full_like(values, np.nan) if one is None else one)


def test_many_generations_at_once_are_each_as_alone(pair):
    constant, matched = controls_of(pair[1])
    for control in (constant, matched):
        held_alike(control, [5, 0, 12, 5, 7])
    assert matched.along("sigma", np.array([1])) is None
    assert np.ptp(matched.along("trace_ratio", np.array([1, 12])), axis=0).min() > 0


def test_the_long_table_has_controls_beside_every_value(pair):
    run = pair[1]
    constant, matched = controls_of(run)
    table = LongTable([run])
    seen = 0
    for chunk in table.chunks():
        for quantity, t in {(q, t) for q, t in zip(chunk.quantity, chunk.generation, strict=True)}:
            mine = (chunk.quantity == quantity) & (chunk.generation == t)
            label = table.quantities[quantity].label
            chains = chunk.chain[mine]
            np.testing.assert_array_equal(chunk.control[mine], constant.at(label, int(t))[chains])
            beside = matched.at(label, int(t))[chains]
            np.testing.assert_array_equal(chunk.matched_control[mine], beside)
            seen += mine.sum()
    assert seen == 2 * 13 * 400


def test_a_metric_that_nobody_has(pair):
    control = controls_of(pair[0])[0]
    assert control.at("sigma", 1) is None
    assert control.fits("sigma") is None
    assert excess(pair[0], control, "sigma") is None
    assert rise(pair[0], "sigma") is None


def test_pooled_fits_agree_with_a_whole_lineage(tmp_path):
    """Cold fits are exchangeable: four of them have the law of forty, over chains and over t."""
    one = study(chains=64, generations=40, name="run")
    [run] = run_all([one], tmp_path)
    pooled = controls_of(run)[0].fits("squared_mean_error")
    [lineage] = run_studies(
        [replace(one, regime="real_only", seed=1, name="lineage")], tmp_path, workers=1
    )
    column = lineage.columns["squared_mean_error"]
    whole = column.values[column.t > 0].T
    assert pooled.shape == (64, 4)
    assert whole.shape == (64, 40)
    # n times the squared error is chi-squared of 1 degree: mean 1, variance 2. Two-sided means of
    # independent fits differ by sqrt(2 (1/256 + 1/2560)); four of those, one failure in 16,000.
    n = 50
    gap = n * (pooled.mean() - whole.mean())
    assert abs(gap) < 4 * np.sqrt(2 * (1 / pooled.size + 1 / whole.size))
    # The whole laws agree: Kolmogorov and Smirnov exceed 2 sqrt(1/a + 1/b) once in 1,490.
    points = np.sort(np.concatenate([pooled.ravel(), whole.ravel()]))
    steps = [np.searchsorted(np.sort(x.ravel()), points, "right") / x.size for x in (pooled, whole)]
    assert np.abs(steps[0] - steps[1]).max() < 2.0 * np.sqrt(1 / pooled.size + 1 / whole.size)


def test_warm_starts_are_compared_generation_by_generation(tmp_path):
    one = study(warm_start=True, generations=3, chains=5)
    [run] = run_all([one], tmp_path)
    [control] = controls_of(run)
    column = control.run.columns["trace_ratio"]
    assert control.fits("trace_ratio") is None
    np.testing.assert_array_equal(control.at("trace_ratio", 3), column.values[column.t == 3][0])
    held_alike(control, [3, 0, 99, 1])


def test_pairs_pay_where_both_sides_share_their_noise():
    rng = np.random.default_rng(3)
    shared = rng.standard_normal((8, 30))
    one, other = shared + 0.1 * rng.standard_normal((8, 30)), shared
    correlation, ratio = pairing(one, other)
    assert correlation > 0.9
    assert ratio < pays_below(8)
    alone = pairing(one, rng.standard_normal((8, 30)))
    # Over 8 chains and 30 generations a correlation of none has a standard error of 0.07.
    assert abs(alone[0]) < 0.3
    assert alone[1] > pays_below(8)


def test_one_chain_has_an_estimate_and_no_interval(tmp_path):
    [run] = run_all([study(chains=1, generations=3)], tmp_path)
    difference = excess(run, controls_of(run)[0], "trace_ratio")
    assert np.isfinite(difference.estimate).all()
    assert (difference.low == -np.inf).all()
    assert (difference.high == np.inf).all()
