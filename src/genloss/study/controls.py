"""Controls: what the same learner reaches on real rows alone, beside a study that goes on.

A control is an ordinary study of the same reality, learner, sampler, form, metrics, seed and
chains, so that it draws from the same named streams. A curator is part of what is studied:
controls have none. Cold starts carry nothing from one generation to the next: the generations of a
control are independent fits on new real rows, and a few of them stand for all times. Where a fit
begins at the last model, a control is a lineage as long as the study's.

Where training sets grow, two controls answer two questions. `constant` has n_real real rows at
every generation: what would have been, had nothing been generated. `matched` has as many real rows
as D_t has rows: what those rows were worth, had all of them been real. A cold fit on real rows
depends on how many they are and on nothing else, so that `matched` needs no fit for every t: each
has about twice the rows of the one before, and values between them follow 1 / rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from genloss.core.real_only import RealOnly
from genloss.core.roles import Regime, Sizes
from genloss.spec.build import describe
from genloss.study.study import Keep, Schedule, Study

NAME = "real-only"
"""The name of every control, whatever it stands beside: studies that are alike share one."""

FITS = 4
"""Independent fits of each chain, on as many rows, where starts are cold."""


@dataclass(frozen=True)
class Layout:
    """What a study fixes of its controls: sizes, length, and whether models are handed on."""

    regime: Regime
    n_real: int
    n_synthetic: int
    generations: int
    warm_start: bool
    measure: Schedule

    def sizes(self, t: int) -> Sizes:
        """Return the rows of D_t and S_t of the study."""
        return self.regime.sizes(t, self.n_real, self.n_synthetic)


@dataclass(frozen=True)
class Control:
    """A control of a study: which of the two, and the fields in which it differs from it.

    lineage: whether its generation t stands beside generation t alone; else its generations are
    independent fits, each of which depends on its rows alone.
    """

    kind: Literal["constant", "matched"]
    regime: RealOnly
    generations: int
    measure: Schedule
    lineage: bool

    def study(self, study: Study) -> Study:
        """Return the control as a study."""
        return replace(
            study,
            regime=self.regime,
            generations=self.generations,
            measure=self.measure,
            curator=None,
            keep=Keep(),
            name=NAME,
            controls=False,
        )

    def identity(self, of_study: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the fingerprint of the control covers, from what that of its study does."""
        changed = {
            "regime": describe(self.regime, identity=True),
            "generations": self.generations,
            "measure": describe(self.measure, identity=True),
            "keep": describe(Keep(), identity=True),
        }
        return {k: v for k, v in of_study.items() if k != "curator"} | changed


def control_studies(study: Study) -> tuple[Study, ...]:
    """Return the controls of a study as studies; none where it says so, or is one itself."""
    return tuple(c.study(study) for c in controls_for(layout_of(study))) if study.controls else ()


def layout_of(study: Study) -> Layout:
    """Return what a study fixes of its controls."""
    return Layout(
        study.regime,
        study.n_real,
        study.n_synthetic,
        study.generations,
        study.warm_start,
        study.measure,
    )


def controls_for(layout: Layout) -> tuple[Control, ...]:
    """Return the constant control, and the matched one where sets are not of n_real rows.

    None of a study of one generation, whose model has seen real rows alone, nor of a control.
    O(generations).
    """
    if layout.generations < 2 or isinstance(layout.regime, RealOnly):
        return ()
    sizes = [layout.sizes(t) for t in range(1, layout.generations + 1)]
    controls = [_constant(layout)]
    if any(s.train != layout.n_real for s in sizes):
        controls.append(_lineage(layout, sizes) if layout.warm_start else _ladder(layout, sizes))
    return tuple(controls)


def _constant(layout: Layout) -> Control:
    if layout.warm_start:
        return Control("constant", RealOnly(), layout.generations, layout.measure, lineage=True)
    return Control("constant", RealOnly(), FITS, Schedule(every=1), lineage=False)


def _lineage(layout: Layout, sizes: Sequence[Sizes]) -> Control:
    rows, writes = [s.train for s in sizes[1:]], [s.synthetic for s in sizes]
    regime = RealOnly(_shortened(rows), _writes(writes, layout))
    return Control("matched", regime, layout.generations, layout.measure, lineage=True)


def _ladder(layout: Layout, sizes: Sequence[Sizes]) -> Control:
    """Return fits on some of the sizes, each at least twice the one before, and on the largest."""
    by_rows = {s.train: s for s in sizes[1:]}
    chosen: list[int] = []
    for rows in sorted(by_rows):
        if not chosen or rows >= 2 * chosen[-1]:
            chosen.append(rows)
    if chosen[-1] != max(by_rows):
        chosen.append(max(by_rows))
    writes = [sizes[0].synthetic, *(by_rows[rows].synthetic for rows in chosen)]
    # Sizes that stay as they are make the last rung that of most generations.
    repeats = FITS if sizes[-1].train == sizes[-2].train == chosen[-1] else 1
    regime = RealOnly(tuple(chosen), _writes(writes, layout))
    return Control("matched", regime, len(chosen) + repeats, Schedule(every=1), lineage=False)


def _writes(numbers: Sequence[int], layout: Layout) -> tuple[int, ...]:
    return _shortened(numbers) if any(n != layout.n_synthetic for n in numbers) else ()


def _shortened(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return numbers without what the last one stands for."""
    n = len(numbers)
    while n > 1 and numbers[n - 2] == numbers[n - 1]:
        n -= 1
    return tuple(numbers[:n])
