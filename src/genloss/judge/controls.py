"""A run beside its controls: what its learner reaches on real rows.

Controls are found from the run alone: their fingerprints follow from its description, and their
folders lie beside it. The chain is the only unit of replication; the fits of one chain are averaged
first.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.code import Code
from genloss.core.consent import refusing_code
from genloss.core.regimes import Replace
from genloss.core.roles import Regime
from genloss.errors import GenlossError
from genloss.spec.build import build
from genloss.store.fingerprint import fingerprint
from genloss.store.folder import control_path, controls_folder
from genloss.store.header import HEADER
from genloss.store.reader import Run
from genloss.study.controls import Control, Layout, controls_for
from genloss.study.study import Schedule


@dataclass(frozen=True, eq=False)
class ControlRun:
    """A control that has been run, beside the run that it belongs to.

    layout: of that run, whose generations `at` counts.
    """

    control: Control
    run: Run
    layout: Layout

    @property
    def kind(self) -> Literal["constant", "matched"]:
        """Which of the two it is."""
        return self.control.kind

    def fits(self, column: str) -> Floats | None:
        """Return the independent fits (C, F) on as many rows as S_0 has; None where there are none.

        A control that hands models on has no such fits, and no control those of a metric that it
        does not have.
        """
        measured = None if self.control.lineage else self._by_rows.get(column)
        return None if measured is None else measured.get(self.layout.n_real)

    def at(self, column: str, t: int) -> Floats | None:
        """Return what each chain (C,) reaches on real rows beside generation t of the run.

        The mean of its fits on as many rows; between the sizes of a matched control the value
        follows 1 / rows. None where the metric was not measured.
        """
        if self.control.lineage:
            one = self.run.columns.get(column)
            if one is None or t not in one.t:
                return None
            return np.asarray(one.values[one.t == t][0])
        means = self._means.get(column)
        if means is None:
            return None
        return _at_rows(means, self._rows(t) if self.kind == "matched" else self.layout.n_real)

    def along(self, column: str, t: Ints) -> Floats | None:
        """Return `at` for many generations at once, (len(t), C); NaN where there is none."""
        if self.control.lineage:
            one = self.run.columns.get(column)
            if one is None:
                return None
            place = np.searchsorted(one.t, t).clip(0, len(one.t) - 1)
            return np.where((one.t[place] == t)[:, None], one.values[place], np.nan)
        means = self._means.get(column)
        if means is None:
            return None
        if self.kind == "constant":
            return np.repeat(_at_rows(means, self.layout.n_real)[None], len(t), axis=0)
        once, place = np.unique(t, return_inverse=True)
        rows = [self._rows(int(s)) for s in once]
        return np.stack([_at_rows(means, n) for n in rows])[place]

    def _rows(self, t: int) -> int:
        """Return the rows of the fits that a matched control sets beside generation t."""
        return self.layout.sizes(t).train if t > 0 else self.layout.n_real

    def spread(self, column: str, t: int) -> Floats | None:
        """Return all values (m,) that stand beside generation t: every fit of every chain.

        Of a lineage and between the sizes of a matched control, one value of each chain: `at`.
        """
        fits = None if self.kind == "matched" else self.fits(column)
        return self.at(column, t) if fits is None else fits.ravel()

    @cached_property
    def _by_rows(self) -> dict[str, dict[int, Floats]]:
        """Return the fits (C, F) of every column by the rows that they were trained on."""
        n_real, n = self.layout.n_real, self.layout.n_synthetic
        out: dict[str, dict[int, Floats]] = {}
        for name, column in self.run.columns.items():
            rows = np.array(
                [self.control.regime.sizes(max(t, 1), n_real, n).train for t in column.t]
            )
            fitted = column.t > 0
            out[name] = {
                int(r): column.values[fitted & (rows == r)].T for r in np.unique(rows[fitted])
            }
        return {name: fits for name, fits in out.items() if fits}

    @cached_property
    def _means(self) -> dict[str, dict[int, Floats]]:
        """Return the mean (C,) of those fits of each chain."""
        return {
            name: {rows: fits.mean(axis=1) for rows, fits in by_rows.items()}
            for name, by_rows in self._by_rows.items()
        }


def controls_of(run: Run) -> tuple[ControlRun, ...]:
    """Return the controls of a run that lie beside it and are complete: constant, then matched.

    A regime of a class that is neither ours nor an installed package's is not asked for its sizes,
    since that would run its code: such a run has a constant control alone.

    Raises:
        StoreError: a control that is damaged.
    """
    if not controls_folder(run.path).is_dir():
        return ()
    layout = layout_of(run)
    out = []
    for control in controls_for(layout):
        path = _folder(run, control)
        if path is not None and (beside := Run(path)).is_complete:
            out.append(ControlRun(control, beside, layout))
    return tuple(out)


def control_folders(run: Run) -> list[Path]:
    """Return the folders of a run's controls that have begun, of all codes, complete or not."""
    return [path for control in controls_for(layout_of(run)) for path in _folders(run, control)]


def layout_of(run: Run) -> Layout:
    """Return what a run fixes of its controls.

    With sets of one size where its regime may not be asked.
    """
    spec = run.spec
    sizes = spec["n_real"], spec["n_synthetic"]
    regime: Regime = Replace()
    try:
        with refusing_code():
            regime = build("regime", spec["regime"])
    except GenlossError:
        sizes = spec["n_real"], spec["n_real"]
    measure = spec["measure"]
    schedule = Schedule(measure["every"], tuple(measure["at"]))
    return Layout(regime, *sizes, spec["generations"], spec["warm_start"], schedule)


def _folder(run: Run, control: Control) -> Path | None:
    return next((path for path in _folders(run, control) if _same_code(Run(path), run)), None)


def _folders(run: Run, control: Control) -> list[Path]:
    path = control_path(run.path, fingerprint(control.identity(run.header.identity)))
    # Code of your own that changed is another folder, for runs and controls alike.
    beside = sorted(path.parent.glob(f"{path.name}-??????"))
    return [p for p in (path, *beside) if (p / HEADER).exists()]


def _same_code(one: Run, other: Run) -> bool:
    """Whether a control is of a code that made its run, which may have parts that it lacks."""
    known = [code.checked.items() for code in other.header.code or (Code(),)]
    made = [code.checked.items() for code in one.header.code or (Code(),)]
    return any(mine <= theirs for mine in made for theirs in known)


def _at_rows(by_rows: dict[int, Floats], rows: int) -> Floats:
    """Return values (C,) at a number of rows, linear in 1 / rows between those that there are."""
    if rows in by_rows:
        return by_rows[rows]
    known = sorted(by_rows)
    above = next((n for n in known if n > rows), known[-1])
    below = max((n for n in known if n < rows), default=known[0])
    if above == below:
        return by_rows[above]
    share = (1 / below - 1 / rows) / (1 / below - 1 / above)
    return by_rows[below] * (1 - share) + by_rows[above] * share


def resamples(run: Run) -> str:
    """Return what intervals over chains leave out, in words; empty for a reality without an end.

    A reality that owns its rows hands them out again to its controls once all have been used.
    """
    entry = run.about.get("reality", {}).get(run.spec["reality"]["kind"])
    if entry is None or not entry.finite:
        return ""
    return (
        "The real rows are one finite set: controls are fits on rows drawn from it again, and the "
        "interval excludes the draw of D_0"
    )
