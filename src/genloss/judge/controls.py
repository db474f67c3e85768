"""A run beside its controls: what its learner reaches on real rows, and how far away the run is.

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
from genloss.core.numbers import open_fraction
from genloss.core.regimes import Replace
from genloss.core.roles import Regime
from genloss.errors import DataError, GenlossError
from genloss.spec.build import build
from genloss.spec.consent import foreign_classes
from genloss.store.fingerprint import fingerprint
from genloss.store.folder import CONTROLS, control_path
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
        matched = self.kind == "matched" and t > 0
        return _at_rows(means, self.layout.sizes(t).train if matched else self.layout.n_real)

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
    if not (run.path.parent / CONTROLS).is_dir():
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
        if foreign_classes(spec["regime"]):
            raise GenlossError
        regime = build("regime", spec["regime"])
    except GenlossError:
        sizes = spec["n_real"], spec["n_real"]
    measure = spec["measure"]
    schedule = Schedule(measure["every"], tuple(measure["at"]))
    return Layout(regime, *sizes, spec["generations"], spec["warm_start"], schedule)


def _folder(run: Run, control: Control) -> Path | None:
    there = _folders(run, control)
    mine = [p for p in there if _same_code(Run(p), run)]
    return next(iter([*mine, *there]), None)


def _folders(run: Run, control: Control) -> list[Path]:
    path = control_path(run.path, fingerprint(control.identity(run.header.identity)))
    # Code of your own that changed is another folder, for runs and controls alike.
    beside = sorted(path.parent.glob(f"{path.name}-??????"))
    return [p for p in (path, *beside) if (p / HEADER).exists()]


def _same_code(one: Run, other: Run) -> bool:
    known = [code.checked for code in other.header.code]
    return not known or any(code.checked in known for code in one.header.code)


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


@dataclass(frozen=True, eq=False)
class Difference:
    """A metric's difference over generations t (T,): mean over chains and the ends of its interval.

    paired: whether chains were compared one by one. correlation: of the two sides over chains, mean
    over t; NaN where one of them does not vary. variance_ratio: variance of paired over that of
    unpaired differences; below 1 where common random numbers pay. since: the generation that a rise
    is measured from.
    """

    t: Ints
    estimate: Floats
    low: Floats
    high: Floats
    confidence: float
    paired: bool
    correlation: float
    variance_ratio: float
    since: int | None = None


def excess(
    run: Run, control: ControlRun, column: str, confidence: float = 0.95
) -> Difference | None:
    """Return run minus control of a column over t >= 1; None where either lacks it.

    What feeding on itself adds to what the learner makes of real rows. Generations with infinite
    values are left out.

    Raises:
        DataError: another number of chains than the control has.
    """
    there = run.columns.get(column)
    if there is None:
        return None
    pairs = [
        (int(t), v, control.at(column, int(t))) for t, v in zip(there.t, there.values, strict=True)
    ]
    known = [(t, v, beside) for t, v, beside in pairs if t > 0 and beside is not None]
    return _differences(known, confidence, None)


def rise(run: Run, column: str, confidence: float = 0.95) -> Difference | None:
    """Return a column over t minus itself at generation 0, chain by chain; None without either.

    Where reality has no value, as a text has no perplexity of its own, it is the rise over the
    first generation that has one.
    """
    there = run.columns.get(column)
    if there is None or len(there.t) < 2:
        return None
    since = int(there.t[0])
    pairs = [
        (int(t), v, there.values[0]) for t, v in zip(there.t[1:], there.values[1:], strict=True)
    ]
    return _differences(pairs, confidence, since)


def _differences(
    pairs: list[tuple[int, Floats, Floats]], confidence: float, since: int | None
) -> Difference | None:
    open_fraction(confidence, "confidence")
    pairs = [p for p in pairs if np.isfinite(p[1]).all() and np.isfinite(p[2]).all()]
    if not pairs:
        return None
    t = np.array([p[0] for p in pairs], dtype=np.int64)
    one, other = np.array([p[1] for p in pairs]).T, np.array([p[2] for p in pairs]).T
    if one.shape != other.shape:
        raise DataError(f"{len(one)} chains beside {len(other)} of the control; run it again")
    correlation, ratio = pairing(one, other)
    # Chains of a rise are the same ones.
    paired = since is not None or ratio < pays_below(len(one), confidence)
    half = _half(one, other, paired, confidence)
    mean = (one - other).mean(axis=0)
    return Difference(
        t, mean, mean - half, mean + half, confidence, paired, correlation, ratio, since
    )


def pairing(one: Floats, other: Floats) -> tuple[float, float]:
    """Correlation of two sides (C, T) over chains; variance of paired over unpaired differences.

    Both pooled over T: one answer for a whole run, so that no t is chosen by its own chance. NaN
    and 1 where neither side varies, or of one chain.
    """
    if len(one) < 2:
        return float("nan"), 1.0
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    both = float((a**2).sum() + (b**2).sum())
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    correlation = float((a * b).sum()) / size if size else float("nan")
    return correlation, float(((a - b) ** 2).sum()) / both if both else 1.0


def pays_below(n_chains: int, confidence: float = 0.95) -> float:
    """Variance ratio below which pairs give the shorter interval, at half the degrees of freedom.

    (t_(2C-2) / t_(C-1))^2 of Student's quantiles; 0 for one chain.
    """
    from scipy.special import stdtrit

    if n_chains < 2:
        return 0.0
    ends = [stdtrit(df, (1 + confidence) / 2) for df in (2 * n_chains - 2, n_chains - 1)]
    return float((ends[0] / ends[1]) ** 2)


def _half(one: Floats, other: Floats, paired: bool, confidence: float) -> Floats:
    """Return half the interval's length: Student's of pairs, else Welch's; infinite for C = 1."""
    from scipy.special import stdtrit

    n = len(one)
    if n < 2:
        return np.full(one.shape[1], np.inf)
    level = (1 + confidence) / 2
    if paired:
        error: Floats = (one - other).std(axis=0, ddof=1) / np.sqrt(n)
        return np.asarray(stdtrit(n - 1, level) * error)
    a, b = one.var(axis=0, ddof=1) / n, other.var(axis=0, ddof=1) / n
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(a + b > 0, (a + b) ** 2 / ((a**2 + b**2) / (n - 1)), n - 1.0)
    return np.asarray(stdtrit(freedom, level) * np.sqrt(a + b))
