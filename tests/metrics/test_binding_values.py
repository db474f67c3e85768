"""Bindings by hand: chains of unequal values, for what no law of theirs would notice."""

from dataclasses import replace

import numpy as np

from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.streams import Streams
from genloss.core.view import NotApplicable, View
from genloss.metrics.arrays import text_mauve
from genloss.metrics.laws import Sigma, SigmaError
from genloss.metrics.rows import QuantileCoverage, TailMass
from genloss.metrics.text_models import BitsPerByte, Perplexity
from genloss.metrics.text_rows import Mauve
from genloss.models.gaussian import GaussianModel
from genloss.models.ngram.ngram import NGramLearner
from genloss.testing.small_text import SmallText
from genloss.testing.systems import text_system

LAW = GaussianModel(np.zeros((2, 1)), np.ones((2, 1, 1)))


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def view(x, held_out, model=LAW) -> View:
    return View(1, LAW, model, None, Samples.of(x, 1), held_out, rng())


def columns(*chains) -> np.ndarray:
    return np.array(chains, dtype=float)[:, :, None]


def test_tail_mass_takes_the_thresholds_of_each_chain_at_half_of_q():
    """Of 39 held-out rows those at (39 + 1) 0.1 and 0.9: the 4th and the 36th."""
    held_out = columns(range(1, 40), range(101, 140))
    x = columns([3, 5, 104, 37], [3, 105, 104, 137])
    # Three of four, and two of four, beyond the ends: over 0.2.
    np.testing.assert_allclose(TailMass(0.2)(view(x, held_out)), [3.75, 2.5])


def test_quantile_coverage_is_relative_to_the_share_that_belongs_inside():
    """S_t reaches from its 4th to its 36th row of 39; held-out rows inside, over 0.8."""
    x = columns(range(1, 40), range(101, 140))
    held_out = columns([3, 4, 20, 36, 37], [104, 105, 110, 136, 137])
    np.testing.assert_allclose(QuantileCoverage(0.2)(view(x, held_out)), [0.6 / 0.8, 0.8 / 0.8])


def test_sigma_is_the_root_of_the_mean_variance_of_the_dimensions():
    cov = np.array([[[1.0, 2.0], [2.0, 9.0]], [[4.0, 0.0], [0.0, 0.0]]])
    plane = GaussianModel(np.zeros((2, 2)), cov)
    shown = replace(view(np.zeros((2, 3, 2)), None, plane), p_0=plane)
    np.testing.assert_allclose(Sigma()(shown), [5**0.5, 2**0.5])
    assert isinstance(SigmaError()(shown), NotApplicable)


def test_bits_per_byte_of_blocks_that_are_filled_up():
    """A model that knows nothing: log2 400 bits a token, of 20 tokens and 28 bytes.

    A first block of 8 letters of a byte and 8 of two, a second of four letters that ends early.
    """
    test = np.full((2, 16), NO_TOKEN)
    test[0] = [*range(1, 9), *range(100, 108)]
    test[1, :4] = range(1, 5)
    p_0 = SmallText(test[None].repeat(2, axis=0), test)
    assert p_0.test_bytes == 28
    nothing = NGramLearner(400, 1, "add_k", k=1e12).fit(Samples.of(p_0.x, 0), rng())
    shown = View(1, p_0, nothing, None, Samples.of(p_0.x, 1), None, rng())
    bits = np.log2(400) * 20 / 28
    for metric in (BitsPerByte(), BitsPerByte(blocks=1)):
        np.testing.assert_allclose(metric(replace(shown, memo={})), [bits, bits], rtol=1e-6)
    np.testing.assert_allclose(Perplexity()(replace(shown, memo={})), [400, 400], rtol=1e-6)


def test_the_range_of_mauve_is_that_of_five_clusterings():
    x, real = rng(1).normal(size=(1, 40, 3)), rng(2).normal(size=(1, 50, 3)) + 0.4
    stream, areas = rng(3), []
    for _ in range(5):
        label = text_mauve.cluster(np.concatenate([x[0], real[0]]), 4, stream)
        parts = [np.bincount(part, minlength=4) / len(part) for part in (label[:40], label[40:])]
        areas.append(text_mauve.frontier_area(*parts)[0])
    found = text_mauve.mauve(x, real, rng(3))
    right = [[min(areas)], [sum(areas) / 5], [max(areas)]]
    np.testing.assert_allclose([found.low, found.mean, found.high], right)


def test_the_bounds_of_mauve_are_those_of_its_range():
    system = text_system()
    one = replace(system.views[1], streams=Streams(4))
    x, real = one.samples.x[:, :60], one.held_out[:, :60]
    found = text_mauve.mauve(*text_mauve.bag_features(x, real), one.shared_rng("mauve"))
    for bound in ("low", "mean", "high"):
        value = Mauve(60, bound)(replace(one, memo={}))
        np.testing.assert_array_equal(value, getattr(found, bound))
    assert (found.low < found.high).all()
