"""Studies that differ in one field: a pool, a weight, the quality of a filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from genloss.core.abilities import FiniteModel
from genloss.core.streams import Streams
from genloss.errors import RealityExhausted, SpecError
from genloss.run.setup import reserve
from genloss.spec.build import describe
from genloss.spec.toml import checked_number, merged, parsed
from genloss.study.study import UNIDENTIFIED, Study, study_from

STEPS = 1000
"""Settings of a field that is no whole number, between its ends."""


OF_THE_SEARCH = {
    "seed": "it changes by chance alone",
    "chains": "--chains sets it",
    "chains_per_block": "it decides no number of a chain",
    "generations": "the target names the generation",
    "measure": "the target names the generation",
    "keep": "it decides no number of a run",
    **dict.fromkeys(UNIDENTIFIED, "it decides no number of a run"),
}
"""Fields of a study that a search sets by itself or that change nothing, and why."""


@dataclass(frozen=True)
class FieldDial:
    """A field `axis` of a study from `start`, setting 0, to `end`, setting `most`."""

    study: Study
    axis: str
    start: float
    end: float
    most: int

    @property
    def limit(self) -> str:
        """Return what sets the last setting, in words."""
        return f"{self.axis} = {self.end:g}"

    @cached_property
    def _spec(self) -> Mapping[str, Any]:
        out: Mapping[str, Any] = describe(self.study)
        return out

    def value(self, k: float) -> float:
        """Return the field at a setting."""
        return self.start + (self.end - self.start) * k / self.most

    def study_of(self, k: int) -> Study:
        """Return the study of a setting."""
        value = self.value(k)
        whole = self.most == abs(self.end - self.start) and self.start == int(self.start)
        return study_from(merged(self._spec, {self.axis: int(value) if whole else value}))

    def total(self, k: int) -> int:
        """Return the rows of the last D_t."""
        study = self.study_of(k)
        return study.regime.sizes(study.generations, study.n_real, study.n_synthetic).train


def field_dial(study: Study, text: str) -> FieldDial:
    """Read KEY=START:END, such as regime.k=1:20 or curator.keep=1.0:0.1.

    Raises:
        SpecError: text that is laid out otherwise, ends that are one, no such field, one that a
            search sets by itself, or more rows than a finite reality has.
    """
    key, equals, ends = text.partition("=")
    first, colon, last = ends.partition(":")
    if not (equals and colon and key.strip()):
        raise SpecError(f"--vary {text!r}; expected KEY=START:END, such as regime.k=1:20")
    if why := OF_THE_SEARCH.get(key.strip().partition(".")[0]):
        raise SpecError(
            f"--vary {text!r}: {key.strip()} cannot be sought, as {why}; vary a field that models "
            "learn by, such as regime.k or n_real"
        )
    start, end = (parsed(end.strip()) for end in (first, last))
    for number in (start, end):
        checked_number(number, f"--vary {text!r}: end")
    if start == end:
        raise SpecError(f"--vary {text!r}: nothing lies between {start} and {end}")
    whole = isinstance(start, int) and isinstance(end, int)
    dial = FieldDial(study, key.strip(), start, end, abs(end - start) if whole else STEPS)
    for k in (0, dial.most):
        _check_rows(dial.study_of(k), f"--vary {text!r}: at {dial.value(k):g}")
    return dial


def _check_rows(study: Study, where: str) -> None:
    """Refuse a setting for which a finite reality has too few rows; raises SpecError."""
    p_0 = study.reality.realise(1, np.random.default_rng(0))
    if isinstance(p_0, FiniteModel):
        try:
            reserve(study, p_0, Streams(study.seed, 0))
        except RealityExhausted as error:
            raise SpecError(f"{where} {error}") from error
