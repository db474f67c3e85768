"""Every option at the ends of its range, and just beyond them."""

import math

import numpy as np
import pytest

from genloss.core import numbers
from genloss.core.arrays import checked_count, checked_fraction
from genloss.core.curators.band import PerplexityBand
from genloss.core.curators.chance import Thinning
from genloss.core.curators.choice import RandomK, TopK, WeightedChoice
from genloss.core.curators.detector import Detector
from genloss.core.curators.duplicates import Deduplication
from genloss.core.curators.near_duplicates import NearDeduplication
from genloss.core.curators.resampling import DetectorResampling
from genloss.core.curators.responses import Residual
from genloss.core.curators.scores import NearestReal, ReferenceDistance
from genloss.core.curators.taught import TaughtDetector
from genloss.core.curators.verifier import Verifier
from genloss.core.decoding import BeamSearch, Prompts, Sampling
from genloss.core.editing import ToEdit
from genloss.core.hybrid import Hybrid
from genloss.core.real_only import RealOnly
from genloss.core.regimes import (
    AccumulateSubsample,
    Fresh,
    Mix,
    Replace,
    StaticContamination,
    Switch,
    Window,
)
from genloss.core.samplers import Denoising, Shrinkage
from genloss.core.shares import Discounted, FreshShare, RisingContamination, WeightedFresh
from genloss.core.streams import Streams
from genloss.core.web import Web
from genloss.errors import DataError, SpecError
from genloss.realities.gaussians import Gaussian

NEAREST = NearestReal()
TINY = math.ulp(0.0)

COUNTS = {
    "accumulate_subsample size": (AccumulateSubsample, 0),
    "fresh n_real": (Fresh, 1),
    "window k": (Window, 1),
    "foreign rows": (lambda n: StaticContamination(Gaussian(), n), 1),
    "contaminated rows": (lambda n: StaticContamination(Gaussian(), 1, n_real=n), 0),
    "switch at": (lambda n: Switch(Replace(), n, Mix(1.0)), 1),
    "weighted_fresh n_real": (lambda n: WeightedFresh(n, 0.5), 1),
    "real_only rows": (lambda n: RealOnly(rows=(9, n)), 1),
    "real_only writes": (lambda n: RealOnly(writes=(n,)), 1),
    "web inflow": (Web, 0),
    "rounds": (lambda n: Thinning(0.5, n), 1),
    "near_deduplication n": (lambda n: NearDeduplication(n=n), 1),
    "deduplication rounds": (lambda n: Deduplication(rounds=n), 1),
    "resampling most": (lambda n: DetectorResampling(most=n, upsample=0.5), 1),
    "reference dims": (lambda n: ReferenceDistance(dims=n), 0),
    "denoising steps": (lambda n: Denoising(steps=n), 0),
    "tokens of blocks": (lambda n: Prompts("blocks", n), 0),
    "tokens of starts": (lambda n: Prompts("starts", n), 1),
    "beams": (lambda n: BeamSearch(beams=n), 1),
    "max_new of a beam": (lambda n: BeamSearch(max_new=n, min_new=0), 1),
    "min_new of a beam": (lambda n: BeamSearch(min_new=n), 0),
    "max_new": (lambda n: Sampling(max_new=n), 1),
    "min_new": (lambda n: Sampling(min_new=n), 0),
    "top_k": (lambda n: Sampling(top_k=n), 0),
    "seed": (Streams, 0),
    "block": (lambda n: Streams(3, n), 0),
    "a count": (lambda n: checked_count(n, "n"), 1),
    "a whole number": (lambda n: numbers.whole(n, "n"), 1),
}


@pytest.mark.parametrize(("make", "least"), COUNTS.values(), ids=COUNTS)
def test_the_least_count_is_taken_and_one_less_is_not(make, least):
    make(least)
    for bad in (least - 1, least + 0.5):
        with pytest.raises((DataError, SpecError), match="expected a whole number of at least"):
            make(bad)


CLOSED = {
    "mix": Mix,
    "fresh_share": FreshShare,
    "rising": RisingContamination,
    "to_edit share": ToEdit,
    "to_edit decay": lambda x: ToEdit(decay=x),
    "hybrid rows": lambda x: Hybrid("real", x),
    "hybrid tokens": lambda x: Hybrid("real", tokens=x),
    "shrinkage": Shrinkage,
    "eta": lambda x: Denoising(eta=x),
    "verifier phi": lambda x: Verifier(x, 0.5),
    "verifier psi": lambda x: Verifier(0.5, x),
    "detector tpr": lambda x: Detector(x, 0.5),
    "detector fpr": lambda x: Detector(0.5, x),
    "band low": lambda x: PerplexityBand(x, 1.0) if x < 1 else PerplexityBand(x, 2.0),
    "band high": lambda x: PerplexityBand(0.0, x) if x > 0 else PerplexityBand(-1.0, x),
    "a fraction": lambda x: checked_fraction(x, "x"),
}
ENDS_REFUSED = {("band low", 1.0), ("band high", 0.0)}
"""A band needs room between its ends."""


@pytest.mark.parametrize("name", CLOSED)
def test_shares_from_0_to_1_with_both_ends(name):
    make = CLOSED[name]
    for end in (0.0, 1.0):
        if (name, end) not in ENDS_REFUSED:
            make(end)
    for bad in (-1e-9, 1 + 1e-9, math.nan):
        with pytest.raises(SpecError, match="not a percentage"):
            make(bad)


HALF_OPEN = {
    "thinning": Thinning,
    "top_k": lambda x: TopK(x, NEAREST),
    "random_k": RandomK,
    "weighted_choice": lambda x: WeightedChoice(x, NEAREST),
    "near_deduplication": lambda x: NearDeduplication(similarity=x),
    "nearest_real": NearestReal,
    "taught_detector": TaughtDetector,
    "discounted decay": Discounted,
    "discounted cap": lambda x: Discounted(0.5, x),
    "top_p": lambda x: Sampling(top_p=x),
}


@pytest.mark.parametrize("make", HALF_OPEN.values(), ids=HALF_OPEN)
def test_shares_above_0_up_to_1(make):
    make(1.0)
    make(1e-3)
    for bad in (0.0, -0.5, 1 + 1e-9, math.nan):
        with pytest.raises(SpecError, match=r"expected|must lie"):
            make(bad)


def test_shares_strictly_between_0_and_1():
    for make in (lambda x: WeightedFresh(3, x), lambda x: numbers.open_fraction(x, "x")):
        make(TINY)
        for bad in (0.0, 1.0):
            with pytest.raises(SpecError, match="must lie strictly between 0 and 1"):
                make(bad)


FROM_0 = {
    "separation": lambda x: DetectorResampling(separation=x),
    "power": lambda x: DetectorResampling(power=x),
    "tilt of a resampling": lambda x: DetectorResampling(tilt=x),
    "tilt": lambda x: Detector(0.5, 0.5, tilt=x),
    "shift": lambda x: ReferenceDistance(shift=x),
    "sharpness": lambda x: WeightedChoice(0.5, NEAREST, x),
    "guidance": lambda x: Denoising(guidance=x),
    "a number from 0": lambda x: numbers.not_negative(x, "x"),
}
ABOVE_0 = {
    "upsample": lambda x: DetectorResampling(upsample=x),
    "width": lambda x: ReferenceDistance(width=x),
    "temperature": Sampling,
    "penalty": lambda x: Sampling(repetition_penalty=x),
    "penalty of a beam": lambda x: BeamSearch(repetition_penalty=x),
    "a number above 0": lambda x: numbers.positive(x, "x"),
}


@pytest.mark.parametrize("make", FROM_0.values(), ids=FROM_0)
def test_numbers_from_0_on(make):
    make(0.0)
    for bad in (-TINY, math.inf, math.nan):
        with pytest.raises(SpecError, match="expected"):
            make(bad)


@pytest.mark.parametrize("make", ABOVE_0.values(), ids=ABOVE_0)
def test_numbers_above_0(make):
    make(TINY)
    for bad in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(SpecError, match="expected"):
            make(bad)


def test_other_ends():
    assert Detector(0.5, 0.5, tilt=100.0).tilt == 100
    assert DetectorResampling(upsample=3.0).upsample == 3
    assert TaughtDetector(temper=np.nextafter(1.0, 2)).temper > 1
    assert Sampling(max_new=5, min_new=5).min_new == 5
    for make in (
        lambda: Detector(0.5, 0.5, tilt=np.nextafter(100.0, 101)),
        lambda: DetectorResampling(upsample=np.nextafter(3.0, 4)),
        lambda: TaughtDetector(temper=1.0),
        lambda: Sampling(max_new=5, min_new=6),
        lambda: PerplexityBand(0.5, 0.5),
        lambda: Residual(math.inf),
        lambda: Residual(math.nan),
        lambda: Verifier(0.0, 0.0),
    ):
        with pytest.raises(SpecError):
            make()
