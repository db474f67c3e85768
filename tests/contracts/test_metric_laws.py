"""Every law of metrics rejects a metric that was made to break it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from genloss.core.about import About
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.view import Direction, NotApplicable, Partial, stream_key
from genloss.testing import ContractError, check_metric
from genloss.testing.metric import METRIC_LAWS
from genloss.testing.systems import System, number_systems

SYSTEMS = {name: number_systems()[name] for name in ("gaussian", "tokens")}
WRONG: list[tuple[str, Any]] = []


def breaks(law):
    """Plant a wrong metric: it must be rejected by this law."""

    def planted(cls):
        WRONG.append((law, cls()))
        return cls

    return planted


def means(view):
    return view.samples.x[:, :, 0].mean(axis=1), view.held_out[:, :, 0].mean(axis=1)


@dataclass(frozen=True)
class Gap:
    """An honest metric: how far the mean of the first coordinate is off."""

    scale: float = 1.0
    unit = "units of the data"
    direction = Direction.LOWER

    @property
    def name(self):
        return "gap" if self.scale == 1 else f"gap(scale={self.scale})"

    def __call__(self, view):
        if not isinstance(view.samples, Samples) or view.samples.x.ndim != 3:
            return NotApplicable("a gap needs real rows")
        if view.held_out is None:
            return NotApplicable("a gap needs held-out rows")
        return self.value(view)

    def value(self, view):
        own, real = means(view)
        return self.scale * np.abs(own - real)


@dataclass(frozen=True)
class Both(Gap):
    """An honest metric of two numbers."""

    labels = ("mean", "spread")

    def value(self, view):
        spread = view.samples.x[:, :, 0].std(axis=1) - view.held_out[:, :, 0].std(axis=1)
        return np.stack([super().value(view), np.abs(self.scale * spread)], axis=1)


@dataclass(frozen=True)
class Drawn(Gap):
    """An honest metric that draws."""

    def value(self, view):
        rows = view.rng.integers(view.samples.n_rows, size=300)
        return self.scale * np.abs(view.samples.x[:, rows, 0].mean(axis=1) - means(view)[1])


@breaks("it fills its role")
@dataclass(frozen=True)
class NotCalled:
    name, unit, direction = "not_called", "1", Direction.LOWER


@breaks("it is a frozen dataclass")
class NoFields:
    name, unit, direction = "no_fields", "units of the data", Direction.LOWER

    def __call__(self, view):
        return Gap()(view)


@breaks("its description builds it again")
@dataclass(frozen=True)
class Doubles(Gap):
    def __post_init__(self):
        object.__setattr__(self, "scale", 2 * self.scale)


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class CitesNobody(Gap):
    about = About("cites_nobody", "Cites nobody", "", ("nobody-1900",))


@breaks("what it says of itself is whole")
@dataclass(frozen=True)
class UnknownFigure(Both):
    about = About("both", "Both", "Two numbers.", figure="pathh")


@breaks("its figure can place its labels")
@dataclass(frozen=True)
class FanOfNames(Both):
    about = About("both", "Both", "Two numbers.", figure="fan")


@breaks("unit direction and labels fit")
@dataclass(frozen=True)
class InWords(Gap):
    direction = "lower is better"


@breaks("unit direction and labels fit")
@dataclass(frozen=True)
class Twice(Both):
    labels = ("mean", "mean")


@breaks("unit direction and labels fit")
@dataclass(frozen=True)
class LabelsOfWhatItSaw(Both):
    seen: list = field(default_factory=list)

    @property
    def labels(self):
        return ("mean", f"spread_{len(self.seen)}")

    def value(self, view):
        self.seen.append(1)
        return super().value(view)


@breaks("unit direction and labels fit")
@dataclass(frozen=True)
class TooFewUnits(Both):
    units = ("units of the data",)
    directions = (Direction.LOWER, Direction.LOWER)


@breaks("options show in the name and not in the stream")
@dataclass(frozen=True)
class HidesAnOption(Gap):
    name = "hides_an_option"


@breaks("options show in the name and not in the stream")
@dataclass(frozen=True)
class DrawsByOption(Drawn):
    @property
    def name(self):
        return f"scale_{self.scale}"


@breaks("a value for each chain or a reason")
@dataclass(frozen=True)
class Pooled(Gap):
    def value(self, view):
        return super().value(view).mean()


@breaks("a value for each chain or a reason")
@dataclass(frozen=True)
class NaN(Gap):
    def value(self, view):
        return np.full(3, np.nan)


@breaks("a value for each chain or a reason")
@dataclass(frozen=True)
class LabelsDoNotMatch(Both):
    labels = ("mean", "spread", "tail")


@breaks("a value for each chain or a reason")
@dataclass(frozen=True)
class AbsentWithoutNaN(Both):
    def value(self, view):
        return Partial(super().value(view), {"spread": "not here"})


@breaks("a value for each chain or a reason")
@dataclass(frozen=True)
class NeverApplies(Gap):
    def value(self, view):
        return NotApplicable("never has a value")


@breaks("a value for each chain or a reason")
@dataclass(frozen=True)
class CannotMeetSymbols(Gap):
    def __call__(self, view):
        return self.value(view)


@breaks("a value is a function of the view")
@dataclass(frozen=True)
class StreamOfItsOwn(Gap):
    def value(self, view):
        return super().value(view) + np.random.default_rng().random(3) * 1e-9


@breaks("a value does not depend on neighbours")
@dataclass(frozen=True)
class Thresholds(Gap):
    """Shares beyond a quantile of all chains together."""

    unit = "1"
    direction = Direction.START

    def value(self, view):
        bar = np.quantile(view.held_out[:, :, 0], 0.9)
        return (view.samples.x[:, :, 0] > bar).mean(axis=1) + self.scale


@breaks("it leaves what it looks at alone")
@dataclass(frozen=True)
class Centres(Gap):
    def value(self, view):
        view.held_out[...] += 0.01
        return super().value(view)


@breaks("it leaves what it looks at alone")
@dataclass(frozen=True)
class Sorts(Gap):
    def value(self, view):
        view.samples.x.base.sort(axis=1)
        return super().value(view)


@breaks("what is missing is a reason")
@dataclass(frozen=True)
class CountsOnHeldOut(Gap):
    def __call__(self, view):
        if not isinstance(view.samples, Samples) or view.samples.x.ndim != 3:
            return NotApplicable("a gap needs real rows")
        return self.value(view)


@breaks("a wrong generation is further from reality")
@dataclass(frozen=True)
class WrongWay(Gap):
    direction = Direction.HIGHER


@breaks("a wrong generation is further from reality")
@dataclass(frozen=True)
class SeesNothing(Gap):
    direction = Direction.START

    def value(self, view):
        return np.full(3, self.scale)


@breaks("reality has the null value of its direction")
@dataclass(frozen=True)
class OnePlusTwo(Gap):
    unit = "1"
    direction = Direction.ONE

    def value(self, view):
        own, real = view.samples.x[:, :, 0], view.held_out[:, :, 0]
        return self.scale * (2 + own.std(axis=1) / real.std(axis=1))


@breaks("the unit of the data changes a value by its own unit")
@dataclass(frozen=True)
class Regularised(Gap):
    """A constant of its own, in units of nobody's data."""

    unit = "1"
    direction = Direction.START

    def value(self, view):
        own, real = view.samples.x[:, :, 0], view.held_out[:, :, 0]
        return self.scale * own.var(axis=1) / (real.var(axis=1) + 1e-6)


@pytest.mark.parametrize("metric", [Gap(), Both(), Drawn()], ids=lambda m: type(m).__name__)
def test_honest_metrics_pass(metric):
    outcome = check_metric(metric, SYSTEMS)
    assert set(outcome.skipped) <= {
        "its figure can place its labels",
        "what it says of itself is whole",
        "reality has the null value of its direction",
    }


@pytest.mark.parametrize(
    ("law", "metric"), WRONG, ids=[f"{law}-{type(m).__name__}" for law, m in WRONG]
)
def test_a_wrong_metric_is_rejected_by_its_law(law, metric):
    with pytest.raises(ContractError) as error:
        check_metric(metric, SYSTEMS)
    assert law in {v.law for v in error.value.violations}, str(error.value)


def test_every_law_has_a_wrong_metric():
    assert {law for law, _ in WRONG} == {m.__name__.replace("_", " ") for m in METRIC_LAWS}


def test_wrong_metrics_that_draw_by_option_do_have_other_streams():
    assert stream_key(DrawsByOption()) != stream_key(DrawsByOption(2.0))


@dataclass(frozen=True)
class Opaque:
    """A model whose chains nobody can copy."""

    inner: Model

    @property
    def n_chains(self):
        return self.inner.n_chains

    def sample(self, n, rng):
        return self.inner.sample(n, rng)

    def state(self):
        return self.inner.state()


def test_a_metric_may_be_tried_on_a_system_of_ones_own():
    ours = SYSTEMS["gaussian"]
    wrong = tuple(Opaque(m) for m in ours.wrong)
    assert check_metric(Gap(), {"mine": System(ours.p_0, wrong)}).held
