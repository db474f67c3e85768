"""Curators: rounds until enough rows are accepted, and never a silent shortfall."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest
from scipy import stats

from genloss.core.chain import generation_zero, run_chain
from genloss.core.curators.chance import Oracle, Thinning
from genloss.core.curators.detector import Detector
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import curated, rows_reserved
from genloss.core.curators.selection import Selection
from genloss.core.forms import AsMoments, Rows
from genloss.core.regimes import Accumulate, Fresh, Mix, Replace
from genloss.core.samplers import Ancestral
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.core.view import View
from genloss.errors import DataError, SpecError
from genloss.metrics.laws import RealShare
from genloss.models.gaussian import GaussianLearner, GaussianModel
from genloss.realities.finite import FiniteRows

N = 40
STREAMS = Streams(3)


def law(chains: int) -> GaussianModel:
    return GaussianModel(np.zeros((chains, 1)), np.ones((chains, 1, 1)))


def chain(curator, regime=None, *, p_0=None, form=None, streams=STREAMS):
    p_0, form = p_0 or law(3), form or Rows()
    return run_chain(
        p_0,
        GaussianLearner(ddof=1),
        regime or Replace(),
        sampler=Ancestral(),
        form=form,
        n_synthetic=N,
        streams=streams,
        after=generation_zero(p_0, form, N, streams, curator).history,
        curator=curator,
    )


@dataclass(frozen=True)
class Above:
    """Accepts rows above a bar; those above twice the bar count double."""

    bar: float
    rounds: int = 3
    covers: str = "generated"

    def select(self, rows, reference, rng):
        x = rows.x[:, :, 0]
        reason = np.where(x < -self.bar, 1, 0)
        weight = np.where(x > 2 * self.bar, 2.0, 1.0)
        return Selection(x > self.bar, reason, ("small", "far below"), weight)


def test_what_enters_is_what_was_accepted_in_the_order_drawn():
    one = next(chain(Above(0.3)))
    entering = one.history.synthetic[-1]
    assert entering.n_rows == N
    for c in range(3):
        x, w = entering.x[c, :, 0], entering.weight[c]
        first = one.samples.x[c, :, 0]
        np.testing.assert_array_equal(x[: (first > 0.3).sum()], first[first > 0.3])
        np.testing.assert_array_equal(w > 0, x > 0.3)
        np.testing.assert_array_equal(w == 2, x > 0.6)
    np.testing.assert_array_equal(entering.origin, 1)


def test_the_next_model_learns_from_what_was_accepted_alone():
    one, two = islice(chain(Above(0.3)), 2)
    assert two.train is one.history.synthetic[-1]
    x, w = two.train.x[:, :, 0], two.train.weight
    mean = (w * x).sum(axis=1) / w.sum(axis=1)
    np.testing.assert_allclose(two.model.mean[:, 0], mean, rtol=1e-12)
    # Choosing the upper rows moves the mean up, generation after generation.
    assert (two.model.mean > one.model.mean + 0.5).all()


def test_counts_add_up_and_say_why():
    curation = next(chain(Above(0.3, rounds=50))).curation
    np.testing.assert_array_equal(curation.accepted, N)
    refused = sum(curation.refused.values())
    np.testing.assert_array_equal(curation.seen, curation.accepted + refused)
    assert set(curation.refused) == {"small", "far below"}
    assert all((count > 0).all() for count in curation.refused.values())


def test_a_shortfall_has_no_weight_and_is_counted_for_each_chain():
    one = next(chain(Above(0.8, rounds=1)))
    entering, curation = one.history.synthetic[-1], one.curation
    assert entering.n_rows == N
    assert (curation.accepted < N).all()
    np.testing.assert_array_equal((entering.weight > 0).sum(axis=1), curation.accepted)
    np.testing.assert_array_equal(entering.origin_counts()[1], curation.accepted)
    np.testing.assert_array_equal(curation.seen, N)


def test_a_chain_does_not_depend_on_what_its_neighbours_need():
    """Chain 0 has the same rows whether its neighbour accepts at once or needs six rounds."""
    rng = np.random.default_rng(0)
    rounds = rng.normal(size=(6, 1, N, 1))

    def with_neighbour(offset: float):
        def draw(k: int) -> Samples:
            x = np.concatenate([rounds[k], rounds[k] + offset])
            return Samples.of(x, 1)

        rows, curation = curated(
            draw, N, Above(0.3, rounds=6), Reference(law(2), STREAMS, N), lambda k: rng
        )
        assert curation.accepted[1] == N or offset < 0
        return rows.x[0], rows.weight[0], curation.seen[0]

    for easy, hard in zip(with_neighbour(9.0), with_neighbour(-1.5), strict=True):
        np.testing.assert_array_equal(easy, hard)


def test_thinning_accepts_at_its_rate_and_keeps_the_law():
    """Accepted rows over seen: within 4 standard errors of keep; the rows pass a KS test."""
    p_0 = law(200)
    one = next(chain(Thinning(0.3), p_0=p_0))
    entering, curation = one.history.synthetic[-1], one.curation
    rate = curation.accepted.sum() / curation.seen.sum()
    # Waiting for the N-th success: the rate's error is keep sqrt((1 - keep) / (N chains)).
    assert abs(rate - 0.3) < 4 * 0.3 * np.sqrt(0.7 / (N * 200))
    z = (entering.x[:, :, 0] - one.model.mean) / np.sqrt(one.model.cov[:, :, 0])
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    np.testing.assert_array_equal(entering.weight, 1.0)


def test_a_curator_that_accepts_everything_changes_nothing():
    with_one = list(islice(chain(Thinning(1.0), Accumulate()), 4))
    without = list(islice(chain(None, Accumulate()), 4))
    for a, b in zip(with_one, without, strict=True):
        np.testing.assert_allclose(a.model.mean, b.model.mean, rtol=1e-12)
        np.testing.assert_allclose(a.samples.x, b.samples.x, rtol=1e-9, atol=1e-12)


def test_real_rows_pass_too_where_a_curator_covers_all():
    zero = generation_zero(law(3), Rows(), N, STREAMS, Above(0.0, rounds=9, covers="all"))
    assert (zero.samples.x > 0).all()
    zero = generation_zero(law(3), Rows(), N, STREAMS, Above(0.0, rounds=9))
    assert (zero.samples.x < 0).any()


def test_a_finite_reality_never_hands_out_a_row_twice_under_a_curator():
    """Every draw of n rows is reserved for all rounds, so the place of the next is known."""
    rounds, fresh, last = 4, 5, 6
    curator = Above(0.0, rounds=rounds, covers="all")
    have = rows_reserved(N + last * fresh, curator)
    assert have == rounds * (N + last * fresh)
    x = np.random.default_rng(1).normal(size=(have, 1))
    p_0 = FiniteRows.of(x, 2, np.random.default_rng(2))
    generations = list(islice(chain(curator, Fresh(fresh), p_0=p_0), last))
    real = [generations[0].train.x[1]]
    real += [
        g.train.x[1][(g.train.origin[1] == 0) & (g.train.weight[1] > 0)] for g in generations[1:]
    ]
    values = np.concatenate(real)
    assert len(np.unique(values)) == len(values)


@dataclass(frozen=True)
class Broken:
    """Decides something that does not fit."""

    selection: object
    rounds: int = 1
    covers: str = "generated"

    def select(self, rows, reference, rng):
        shape = rows.x.shape[:2]
        return self.selection(shape)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (
            lambda s: Selection(np.zeros(s, bool), np.zeros(s, int), ("no",)),
            "accepted none of the 40",
        ),
        (
            lambda s: Selection(np.ones((1, 2), bool), np.zeros((1, 2), int), ()),
            "expected \\(3, 40\\)",
        ),
        (lambda s: Selection(np.ones(s), np.zeros(s, int), ()), "expected booleans"),
        (lambda s: Selection(np.zeros(s, bool), np.ones(s, int), ("no",)), "expected a place in"),
        (
            lambda s: Selection(np.ones(s, bool), np.zeros(s, int), (), np.zeros(s)),
            "weight of 0 or below",
        ),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(selection, message):
    with pytest.raises(DataError, match=message):
        next(chain(Broken(selection)))


def test_a_curator_needs_rows():
    with pytest.raises(DataError, match="a curator chooses rows; got Moments; use form = 'rows'"):
        next(chain(Thinning(0.5), form=AsMoments()))


@pytest.mark.parametrize(
    "broken", [lambda: Thinning(0), lambda: Thinning(1.5), lambda: Thinning(0.5, 0)]
)
def test_bad_options_are_refused(broken):
    with pytest.raises((SpecError, DataError), match="thinning"):
        broken()


def test_a_mixture_counts_real_rows_beside_a_shortfall():
    """Rows without weight are not there: the share of real rows is of the rows that count."""
    two = list(islice(chain(Above(0.8, rounds=1), Mix(0.5)), 2))[1]
    counts = two.train.origin_counts()
    np.testing.assert_array_equal(counts[0], N // 2)
    assert (counts[1] < N // 2).all()


@pytest.mark.parametrize("curator", [Thinning(0.3, rounds=1), Oracle(), Detector(0.8, 0.1)])
def test_the_real_share_is_of_the_rows_that_are_there(curator):
    """A chain is filled up to its neighbours' rows by rows without weight, which train nothing."""
    two = list(islice(chain(curator, Fresh(N), p_0=law(20)), 2))[1]
    view = View(2, law(20), two.model, two.train, two.samples, None, np.random.default_rng(0))
    for share, origin, weight in zip(
        RealShare()(view), two.train.origin, two.train.weight, strict=True
    ):
        assert share == pytest.approx((origin[weight > 0] == 0).mean())


@pytest.mark.parametrize(("reason", "says"), [([0, 2, 9], "reason 2"), ([0, -1, 9], "reason 0")])
def test_a_refused_row_has_a_reason_that_there_is(reason, says):
    """Read for refused rows only: the last one is accepted."""
    accepted = np.array([[False, False, True]])
    with pytest.raises(DataError, match=f"a refused row has {says}; expected a place in"):
        Selection(accepted, np.array([reason]), ("small", "large"))
    Selection(accepted, np.array([[0, 1, 9]]), ("small", "large"))
