"""A verifier that errs: it keeps right rows at one rate and wrong ones at another."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import CategoricalLaw, ModalLaw
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Bools, Covers, Selection, check_passage
from genloss.core.curators.share import check_rate
from genloss.core.roles import Model
from genloss.core.samples import UNLABELLED, Samples
from genloss.errors import DataError, SpecError


@runtime_checkable
class CheckableModel(Model, Protocol):
    """A reality that can tell whether a row is right."""

    def correct(self, x: Array, label: Ints | None) -> Bools:
        """Return whether rows (C, n, ...) of classes (C, n), or of none, are right: (C, n)."""
        ...


@dataclass(frozen=True)
class Verifier:
    """Keeps a right row with probability phi and a wrong one with psi (Feng et al. 2024).

    A row is right if reality says so (`CheckableModel`), else if its label is that of the nearest
    real row, else if its symbol can occur, else if it lies within a mode of reality. Rows without
    any of these cannot be verified.

    Raises:
        SpecError, DataError: rates outside [0, 1], both 0, or fewer rounds than one; (when it
            decides) rows that have nothing to check.
    """

    about = About(
        "verifier",
        "Verifier",
        "Rows are checked, and right ones enter at one rate, wrong ones at another.",
        ("feng-2024",),
    )
    phi: float
    psi: float
    rounds: int = 10
    covers: Covers = "generated"

    def __post_init__(self) -> None:
        check_rate(self.phi, "verifier: phi")
        check_rate(self.psi, "verifier: psi")
        if self.phi == self.psi == 0:
            raise SpecError("verifier: phi and psi are 0, so that nothing enters; raise one")
        check_passage("verifier", self.rounds, self.covers)

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Check every row and toss a coin."""
        right = correct(rows, reference)
        accepted = rng.random(rows.x.shape[:2]) < np.where(right, self.phi, self.psi)
        reasons = ("refused though right", "refused as wrong")
        return Selection(accepted, (~right).astype(np.int64), reasons)


def correct(rows: Samples, reference: Reference) -> Bools:
    """Return whether rows are right (C, m).

    Raises:
        DataError: rows that have nothing to check.
    """
    p_0, x = reference.p_0, rows.x
    if isinstance(p_0, CheckableModel):
        return np.asarray(p_0.correct(x, rows.label))
    if rows.label is not None and reference.real.label is not None:
        return _labelled_as_neighbours(x, rows.label, reference.real)
    if isinstance(p_0, CategoricalLaw):
        return np.asarray(np.take_along_axis(p_0.probabilities(), x, axis=1) > 0)
    if isinstance(p_0, ModalLaw):
        centres, radius = p_0.modes()
        away = x[:, :, None] - centres
        return np.asarray(np.sqrt((away * away).sum(axis=3)).min(axis=2) <= radius)
    raise DataError(
        f"verifier: rows of {type(p_0).__name__} have no labels and no property to check; a "
        "'detector' errs by origin, 'top_k' or 'weighted_choice' judge by a score"
    )


def _labelled_as_neighbours(x: Array, label: Ints, real: Samples) -> Bools:
    """Return whether each row has the label of the nearest real row that has one."""
    if x.dtype.kind != "f" or real.label is None:
        raise DataError("verifier: labels are checked by the nearest real row; tokens have none")
    out = [
        _nearest_label(a.reshape(len(a), -1), b.reshape(len(b), -1), known) == given
        for a, b, known, given in zip(x, real.x, real.label, label, strict=True)
    ]
    return np.stack(out) & (label != UNLABELLED)


def _nearest_label(x: Floats, real: Floats, label: Ints) -> Ints:
    known = label != UNLABELLED
    real, label = real[known], label[known]
    step = max(1, (1 << 20) // max(1, real.size))
    blocks = [x[i : i + step, None] - real for i in range(0, len(x), step)]
    return np.concatenate([label[(b * b).sum(axis=2).argmin(axis=1)] for b in blocks])
