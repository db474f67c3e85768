"""Laws of metrics: a value per chain or a reason, of this chain alone, further if worse."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from genloss.core.about import about_object
from genloss.core.arrays import Array, Floats
from genloss.core.features import Features
from genloss.core.samples import Samples
from genloss.core.view import (
    Direction,
    Diverse,
    Labelled,
    Metric,
    NotApplicable,
    Partial,
    View,
    stream_key,
)
from genloss.errors import GenlossError
from genloss.metrics.features import Pixels
from genloss.report.figures.families import figure_kind
from genloss.testing.laws import Law, Outcome, Skipped, check, digest, gap, near, require
from genloss.testing.neighbours import SMALL, in_small_units, one_chain_everywhere
from genloss.testing.objects import OBJECT_LAWS
from genloss.testing.systems import System, again, number_systems, text_system

NOISE = 4 * np.sqrt(0.05 * 0.95 / 400) / 0.05 * np.sqrt(2)
"""Four standard errors of the ratio of two shares of about 0.05 among 400 rows each."""

NULL = {Direction.ONE: 1.0, Direction.ZERO: 0.0}

POWERS = {
    "units of the data": 1,
    "squared units of the features": 2,
    "squared units of the data": 2,
    "1 / units of the data^d": -2,
}
"""The power of the unit of the data that a value is in; others are in none of it."""


@dataclass(frozen=True, eq=False)
class MetricCase:
    """A metric and the systems that it is tried on."""

    metric: Metric
    systems: Mapping[str, System]
    blind: frozenset[str]
    null_atol: float
    role: str = field(default="metric", init=False)

    @property
    def subject(self) -> Metric:
        """The object that is checked."""
        return self.metric

    @cached_property
    def columns(self) -> dict[str, list[list[Floats] | None]]:
        """Return for every system and view the components (C,), None without a value."""
        return {
            name: [columns(self.metric, self.metric(again(view))) for view in system.views]
            for name, system in self.systems.items()
        }

    @cached_property
    def draws(self) -> bool:
        """Whether a value takes numbers from the metric's stream."""
        for system in self.systems.values():
            for view in system.views:
                fresh = again(view)
                before = str(fresh.rng.bit_generator.state)
                self.metric(fresh)
                if str(fresh.rng.bit_generator.state) != before:
                    return True
        return False

    def applying(self) -> Iterator[tuple[str, list[Floats], list[list[Floats]]]]:
        """Yield a name, the value at t = 0, or of an honest model, and those of wrong models."""
        for name, (zero, *wrong) in self.columns.items():
            honest = self.systems[name].honest
            if zero is None and honest is not None:
                zero = columns(self.metric, self.metric(again(honest)))
            if zero is not None:
                yield name, zero, [w for w in wrong if w is not None]


def columns(metric: Any, value: Any) -> list[Floats] | None:
    """Return the components (C,) of a value; None without one."""
    if isinstance(value, NotApplicable):
        return None
    x = value.values if isinstance(value, Partial) else np.asarray(value)
    return list(x.T) if isinstance(metric, Labelled) else [x]


def check_metric(
    metric: Metric,
    systems: Mapping[str, System] | None = None,
    *,
    blind: Collection[str] = (),
    null_atol: float = float(NOISE),
) -> Outcome:
    """Hold a metric to the laws of its role.

    systems: what it is tried on, by default a Gaussian plane, moments, symbols, a grid of modes,
    two moons, a circle of classes and a text; it must have a value on one of them. blind: those on
    which it cannot see what is wrong. null_atol: how far from 1 or 0 reality may be, where that is
    its direction; by default the noise of a rare share of 400 rows.

    Raises:
        ContractError: with all laws that do not hold.
    """
    tried = systems or number_systems() | {"text": text_system()}
    case = MetricCase(metric, tried, frozenset(blind), null_atol)
    return check(type(metric).__name__, METRIC_LAWS, case)


def its_figure_can_place_its_labels(case: MetricCase) -> None:
    """Else a report would draw each component by itself, whatever the class says."""
    about = about_object(case.metric)
    if about is None or not about.figure:
        raise Skipped("it names no figure")
    labels = case.metric.labels if isinstance(case.metric, Labelled) else ("",)
    takes = figure_kind(about.figure, about.kind).takes
    odd = [label for label in labels if not takes(label)]
    require(not odd, f"the labels {odd}", f"labels that the figure {about.figure!r} can place")


def a_value_for_each_chain_or_a_reason(case: MetricCase) -> None:
    """(C,), or (C, K) of a labelled metric, float64, NaN only where a component is absent."""
    some = False
    for name, system in case.systems.items():
        for view in system.views:
            value = case.metric(again(view))
            some |= not isinstance(value, NotApplicable)
            _check_value(case.metric, value, view.p_0.n_chains, name)
    require(some, "no value on any system", "a value on one of them; give a system of its own")


def _check_value(metric: Any, value: Any, c: int, where: str) -> None:
    if isinstance(value, NotApplicable):
        require(len(value.why) > 10, f"{value.why!r} as a reason", "why there is no value")
        return
    absent = set(value.absent) if isinstance(value, Partial) else set()
    x = value.values if isinstance(value, Partial) else value
    labels = metric.labels if isinstance(metric, Labelled) else None
    right = (c,) if labels is None else (c, len(labels))
    require(np.shape(x) == right, f"shape {np.shape(x)} on {where}", f"{right}")
    require(np.asarray(x).dtype == np.float64, f"dtype {np.asarray(x).dtype}", "float64")
    if labels is None:
        require(not np.isnan(x).any(), f"NaN on {where}", "a number, or NotApplicable")
        return
    for label, column in zip(labels, np.asarray(x).T, strict=True):
        there = not np.isnan(column).any()
        require(
            there != (label in absent),
            f"{label} on {where}: {column}",
            "numbers, or NaN in every chain with a reason in Partial.absent",
        )


def unit_direction_and_labels_fit(case: MetricCase) -> None:
    """Fixed by the fields alone, one for each component where they differ."""
    direction: Any = case.metric.direction
    metric: Any = case.metric
    for what in ("name", "unit"):
        value = getattr(metric, what)
        require(isinstance(value, str) and value, f"{what} {value!r}", f"a {what}")
    require(isinstance(direction, Direction), f"direction {direction!r}", "a genloss.Direction")
    if not isinstance(metric, Labelled):
        return
    labels: Any = metric.labels
    fine = isinstance(labels, tuple) and all(isinstance(v, str) and v for v in labels)
    require(fine and len(set(labels)) == len(labels), f"labels {labels!r}", "different names")
    if _fields(metric):
        same: Any = replace(case.metric)  # type: ignore[type-var]
        for system in case.systems.values():
            same(again(system.views[0]))
        require(same.labels == labels, f"{same.labels} after looking", f"{labels}")
    if isinstance(metric, Diverse):
        for what, each in (("units", metric.units), ("directions", metric.directions)):
            require(len(each) == len(labels), f"{len(each)} {what}", f"{len(labels)}, as labels")


def options_show_in_the_name_and_not_in_the_stream(case: MetricCase) -> None:
    """Two metrics of one run must differ by name, and an option must not change what is drawn."""
    names, varied = {case.metric.name}, 0
    for option, other in variants(case.metric):
        varied += 1
        require(other.name not in names, f"{other.name!r} with another {option}", "its options")
        names.add(other.name)
        one, two = stream_key(case.metric), stream_key(other)
        require(
            one == two or not case.draws,
            f"stream {two!r} with another {option}",
            f"{one!r}: name it base(...)",
        )
    if not varied:
        raise Skipped("it has no option to vary")


def variants(metric: Any) -> Iterator[tuple[str, Metric]]:
    """Yield the metric with one option changed to another that it accepts."""
    hints = get_type_hints(type(metric))
    for f in _fields(metric):
        if not (f.init and f.repr):
            continue
        value = getattr(metric, f.name)
        for other in _others(value, hints[f.name]):
            try:
                built: Metric = replace(metric, **{f.name: other})
                yield f.name, built
                break
            except GenlossError:
                continue


def _others(value: Any, hint: Any) -> list[Any]:
    if get_origin(hint) is Literal:
        return [v for v in get_args(hint) if v != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    return [value / 2, value * 2] if isinstance(value, float) and value else []


def it_leaves_what_it_looks_at_alone(case: MetricCase) -> None:
    """Samples, training rows, held-out rows, real rows and models."""
    for name, system in case.systems.items():
        for view in system.views:
            seen = again(view)
            before = _digests(seen)
            case.metric(seen)
            for part, now in _digests(seen).items():
                require(before[part] == now, f"another {part} afterwards on {name}", "the same")


def _digests(view: View) -> dict[str, str]:
    arrays: dict[str, Mapping[str, Array]] = {
        "samples": view.samples.arrays(),
        "model": view.model.state(),
        "p_0": view.p_0.state(),
    }
    if isinstance(view.train, Samples):
        arrays["train"] = view.train.arrays()
    for part in ("held_out", "real"):
        if (value := getattr(view, part)) is not None:
            arrays[part] = {part: value}
    return {part: digest(value) for part, value in arrays.items()}


def a_value_is_a_function_of_the_view(case: MetricCase) -> None:
    """The same view and an equal stream give the same bits."""
    for name, system in case.systems.items():
        for view, one in zip(system.views, case.columns[name], strict=True):
            two = columns(case.metric, case.metric(again(view)))
            same = (one is None) == (two is None)
            require(same, f"a value once only on {name}", "the same")
            if one is not None and two is not None:
                first, second = np.array(one), np.array(two)
                require(near(first, second, 0, 0), f"{gap(first, second)} on {name}", "equal")


def a_value_does_not_depend_on_neighbours(case: MetricCase) -> None:
    """A chain among copies of itself has the value that it has beside others."""
    for name, system in case.systems.items():
        for view in system.views_apart:
            beside = columns(case.metric, case.metric(again(view)))
            for chain in range(view.p_0.n_chains):
                alike = one_chain_everywhere(view, chain, system.restore)
                alone = columns(case.metric, case.metric(alike))
                same = (alone is None) == (beside is None)
                require(same, f"a value only beside others on {name}", "the same")
                for one, two in zip(alone or [], beside or [], strict=True):
                    # Sums over another layout of the block may round otherwise.
                    got = f"chain {chain} of {name}, t = {view.t}: {two[chain]:.6g} beside others"
                    same = near(one[chain], two[chain])
                    require(same, got, f"{one[chain]:.6g}, as among copies of itself")


def what_is_missing_is_a_reason(case: MetricCase) -> None:
    """Without held-out rows, training rows, S_0, p_1 or a base: a value or a reason, no error."""
    for name, system in case.systems.items():
        for view in system.views:
            for part in ("held_out", "train", "real", "first", "base"):
                if getattr(view, part) is None:
                    continue
                value = case.metric(again(view, **{part: None}))
                _check_value(case.metric, value, view.p_0.n_chains, f"{name} without {part}")


def a_wrong_generation_is_further_from_reality(case: MetricCase) -> None:
    """In its direction, for each component, in every chain; START must move somewhere."""
    seen = moved = False
    for name, zero, wrong in case.applying():
        if name in case.blind or not wrong:
            continue
        seen = True
        directions = _directions(case.metric, len(zero))
        for k, (direction, begun) in enumerate(zip(directions, zero, strict=True)):
            ends = [w[k] for w in wrong]
            right = f"further from reality ({direction}) in a wrong generation"
            got = f"component {k} of {name}: {begun} of reality, {ends} of wrong generations"
            if direction is not Direction.START:
                require(any(_further(direction, begun, end) for end in ends), got, right)
        moved |= any((a != b).any() for w in wrong for a, b in zip(zero, w, strict=True))
    require(moved or not seen, "the same values on all systems, whatever is wrong", "others")
    if not seen:
        raise Skipped("it has no value beside one of a wrong generation where it can see")


def _directions(metric: Any, k: int) -> tuple[Direction, ...]:
    return metric.directions if isinstance(metric, Diverse) else (metric.direction,) * k


def _further(direction: Direction, zero: Floats, one: Floats) -> bool:
    if direction is Direction.LOWER:
        return bool((zero < one).all())
    if direction is Direction.HIGHER:
        return bool((zero > one).all())
    if direction in NULL:
        right = NULL[direction]
        return bool((np.abs(zero - right) < np.abs(one - right)).all())
    return bool((zero != one).all())


def reality_has_the_null_value_of_its_direction(case: MetricCase) -> None:
    """About 1 or 0 where that is what it says of reality."""
    seen = False
    for name, (zero, *_) in case.columns.items():
        if zero is None:
            continue
        for direction, begun in zip(_directions(case.metric, len(zero)), zero, strict=True):
            if direction not in NULL:
                continue
            seen = True
            right = NULL[direction]
            within = np.abs(begun - right) <= case.null_atol
            require(within.all(), f"{begun} of {name}", f"{right:g} within {case.null_atol:.3g}")
    if not seen:
        raise Skipped("its direction names no value of reality")


def the_unit_of_the_data_changes_a_value_by_its_own_unit(case: MetricCase) -> None:
    """Data in other units, a small one: a constant of the metric's own would show."""
    if any(_learned(getattr(case.metric, f.name)) for f in _fields(case.metric)):
        raise Skipped("it looks through features that know the unit of their data")
    seen = False
    for name in ("gaussian", "mixture"):
        for view in case.systems[name].views_apart if name in case.systems else ():
            value = columns(case.metric, case.metric(again(view)))
            small = columns(case.metric, case.metric(in_small_units(view)))
            require((value is None) == (small is None), f"no value on one of {name}", "the same")
            if value is None or small is None:
                continue
            seen = True
            power = POWERS.get(case.metric.unit, 0)
            # A log density gains d ln of the unit, in nats.
            more = 2 * np.log(SMALL) if case.metric.unit == "nats per row" else 0.0
            one, two = np.array(small), np.array(value) * SMALL**power + more
            same = near(one, two, 1e-7, 1e-9 * SMALL**power)
            require(same, f"{gap(one, two)} on {name}", f"a value in {case.metric.unit!r}")
    if not seen:
        raise Skipped("it has no value on real rows")


def _fields(metric: Any) -> tuple[Any, ...]:
    return fields(metric) if is_dataclass(metric) else ()


def _learned(value: Any) -> bool:
    return isinstance(value, Features) and not isinstance(value, Pixels)


METRIC_LAWS: tuple[Law[MetricCase], ...] = (
    *OBJECT_LAWS,
    unit_direction_and_labels_fit,
    its_figure_can_place_its_labels,
    options_show_in_the_name_and_not_in_the_stream,
    a_value_for_each_chain_or_a_reason,
    a_value_is_a_function_of_the_view,
    a_value_does_not_depend_on_neighbours,
    it_leaves_what_it_looks_at_alone,
    what_is_missing_is_a_reason,
    a_wrong_generation_is_further_from_reality,
    reality_has_the_null_value_of_its_direction,
    the_unit_of_the_data_changes_a_value_by_its_own_unit,
)
