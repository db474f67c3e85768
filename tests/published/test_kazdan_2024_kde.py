"""What is special about the kernel experiment: its laws' kernel variance, and the published bug."""

from collections.abc import Mapping

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.judge.targets import Law, target_from
from genloss.judge.verdicts import judge
from genloss.models.kde import KDELearner
from genloss.published.experiments import load_experiment
from genloss.realities.mixtures import Blobs
from genloss.run.setup import reserve
from genloss.theory import moments

DATA = ("blobs", "circles", "two_moons", "swiss_roll")
BANDWIDTHS = (0.1, 0.5, 1.0)
REGIMES = ("replace", "accumulate_subsample", "accumulate")


@pytest.fixture(scope="module")
def laptop():
    return load_experiment("kazdan-2024-kde", "laptop")


def trace_and_dimensions(study):
    """tr Sigma_0 and d; averaged over centres for blobs.

    Three equally likely centres, uniform in [-10, 10]^2, have expected scatter 2/3 of their own
    variance 400/12 in each of two dimensions; a blob adds 1.
    """
    if isinstance(study.reality, Blobs):
        return 2 * (1 + 2 / 3 * 400 / 12), 2
    cov = study.reality.realise(1, np.random.default_rng(0)).moments()[1][0]
    return float(np.trace(cov)), len(cov)


def test_every_law_takes_its_run_s_kernel_regime_and_generation(laptop):
    laws = [t for t in laptop.targets if isinstance(t.band, Law)]
    assert len(laws) > 40
    for target in laws:
        study, expected = laptop.studies[target.at.run], target.band.expected
        trace, d = trace_and_dimensions(study)
        args = expected.args
        assert expected.law == "moments." + target.at.run.rsplit(",", 1)[1], target.id
        assert (args["t"], args["n"], args["ddof"]) == (target.at.t, "$n_real", 0), target.id
        kernel = study.learner.bandwidth**2 * d / trace
        np.testing.assert_allclose(args["bandwidth2"], kernel, rtol=1e-12)
        # trace_ratio is of the model, kernel included; the mean's error is not a ratio.
        rest = (expected.plus, expected.times)
        spread = target.at.metric == "trace_ratio"
        np.testing.assert_allclose(rest, (kernel, 1.0) if spread else (0.0, trace), rtol=1e-12)


def test_blobs_have_the_expected_trace_over_centres():
    cov = Blobs(law="per_chain").realise(4000, np.random.default_rng(0)).moments()[1]
    trace = np.trace(cov, axis1=1, axis2=2)
    error = trace.std(ddof=1) / np.sqrt(trace.size)
    assert abs(trace.mean() - 2 * (1 + 2 / 3 * 400 / 12)) < 4 * error


def test_the_laws_with_a_kernel_agree_with_an_independent_recursion():
    # Replace: (1 - 1/n) of what a sample of the estimate has, which is the fit plus the kernel.
    n, b, r = 100, 0.3, 1.0
    for t in range(1, 6):
        r = (1 - 1 / n) * (r if t == 1 else r + b)
        np.testing.assert_allclose(moments.replace(t, n, ddof=0, bandwidth2=b).spread, r)


@pytest.mark.slow
def test_all_panels_are_run_at_laptop_scale_and_the_sweep_at_paper_scale(laptop):
    for data in DATA:
        for h in BANDWIDTHS:
            for regime in REGIMES:
                assert {f"{data},h={h},n={n},{regime}" for n in (10, 100)} <= set(laptop.studies)
            assert f"{data},h={h},n=1000,replace" in laptop.studies
    paper = load_experiment("kazdan-2024-kde", "paper").studies
    assert len(paper) == 4 * 12 * 5 * 3
    assert {s.chains for s in paper.values()} == {100}
    assert {s.learner.bandwidth for s in paper.values()} == {
        *(0.01, 0.0316, 0.1, 0.316, 0.5, 1.0, 3.16, 10.0, 31.6, 100.0),
        *("scott", "silverman"),
    }
    assert {s.held_out for s in [*paper.values(), *laptop.studies.values()]} == {500}


def test_held_out_rows_share_the_centres_of_the_training_rows(laptop):
    # The published code draws new centres for its test rows. Under p_0 itself the rows cost its
    # entropy, below ln 3 + ln(2 pi e) = 3.94 nats; under foreign centres a row costs about 28.
    study = laptop.studies["blobs,h=0.5,n=316,replace"]
    streams = Streams(study.seed, 0)
    p_0 = study.reality.realise(50, streams.rng(0, "realise"))
    p_0, held_out = reserve(study, p_0, streams)
    own = -p_0.log_prob(held_out).mean(axis=1)
    # The mean of 500 rows has a standard error of at most 1.3 / sqrt(500) = 0.06.
    assert own.max() < np.log(3) + np.log(2 * np.pi * np.e) + 4 * 0.06
    foreign = -p_0.log_prob(np.roll(held_out, 1, axis=0)).mean(axis=1)
    assert foreign.mean() > 5 * own.mean()


def nll_path(same_centres, chains=60, n=316, h=0.5, times=(1, 10, 30)):
    rng = np.random.default_rng(0)
    p_0 = Blobs(law="per_chain").realise(chains, rng)
    q_0 = p_0 if same_centres else Blobs(law="per_chain").realise(chains, rng)
    x, test, found = p_0.sample(n, rng), q_0.sample(200, rng), []
    for t in range(1, times[-1] + 1):
        model = KDELearner(h).fit(Samples.of(x, 0), rng)
        if t in times:
            found.append(-model.log_prob(test).mean(axis=1))
        x = model.sample(n, rng)
    return np.array(found)


@pytest.mark.slow
def test_new_centres_for_the_test_rows_give_the_published_falling_curve():
    # Published: n = 316 and 1000 start at about 60 to 90 nats and fall under replace.
    wrong, right = nll_path(same_centres=False), nll_path(same_centres=True)
    error = wrong[0].std(ddof=1) / np.sqrt(wrong.shape[1])
    assert 60 - 4 * error < wrong[0].mean() < 90 + 4 * error
    for falling, rising in zip(wrong[:-1] - wrong[1:], right[1:] - right[:-1], strict=True):
        for steps in (falling, rising):
            assert steps.mean() > 4 * steps.std(ddof=1) / np.sqrt(steps.size)


class Table:
    """A run with one metric at generations 0, 1, ... ."""

    def __init__(self, values):
        self.path = "nowhere"
        found = np.array(values)
        self.columns = {"m": type("Series", (), {"t": np.arange(len(found)), "values": found})}


@pytest.mark.parametrize(
    ("lower", "upper", "passes"),
    [("low", "high", True), ("high", "low", False), ({"t": 0}, "high", True), ("high", "high", 0)],
)
def test_between_needs_four_standard_errors_on_both_sides(laptop, lower, upper, passes):
    rng = np.random.default_rng(0)
    middle = [rng.normal(-2, 1, 400), rng.normal(0, 1, 400)]
    runs = {
        "a": Table(middle),
        "low": Table([middle[0], rng.normal(-1, 2, 400)]),
        "high": Table([middle[0], rng.normal(1, 1, 400)]),
    }
    studies = dict.fromkeys(runs, laptop.studies["circles,h=0.5,n=10,replace"])
    common = {"id": "x", "what": "w", "run": "a", "metric": "m", "source": "s", "published": None}
    band = {"kind": "between", "lower": lower, "upper": upper}
    verdict = judge(target_from({**common, "t": 1, "band": band}, "test"), runs, studies)
    assert verdict.passed == bool(passes)

    def mean_and_error(place):
        place = {"run": "a", "t": 1} | (place if isinstance(place, Mapping) else {"run": place})
        values = runs[place["run"]].columns["m"].values[place["t"]]
        return values.mean(), values.std(ddof=1) / 20

    own = mean_and_error("a")[1]
    edges = [
        m + sign * 4 * np.hypot(own, e)
        for (m, e), sign in ((mean_and_error(lower), 1), (mean_and_error(upper), -1))
    ]
    np.testing.assert_allclose([verdict.low, verdict.high], edges)
