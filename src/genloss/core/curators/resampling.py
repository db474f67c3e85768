"""Rows drawn again by what a detector says of them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import checked_count
from genloss.core.curators.detector import check_tilt
from genloss.core.curators.rarity import rarity
from genloss.core.curators.reference import Reference
from genloss.core.curators.selection import Covers, Selection
from genloss.core.samples import REAL, Samples
from genloss.errors import SpecError


@dataclass(frozen=True)
class DetectorResampling:
    """Draws `upsample` times as many rows as D_t has, by (1 - c)^power, each at most `most` times.

    c is a detector's confidence that a row is generated: a score s ~ N(+-separation / 2, 1), plus
    for generated and minus for real rows, + tilt (u - 1/2) for a row of rarity u, becomes the
    calibrated c = 1 / (1 + exp(-separation s)). Rows are drawn without replacement from `most`
    copies of each (Drayson et al. 2025: power 10, most 3, upsample 1.5; a detector of theirs, where
    ours is dialled: separation 2 has an area under its curve of .92, 0 knows nothing).

    Raises:
        SpecError, DataError: a negative separation or power, a tilt outside [0, 100], upsample
            outside (0, most].
    """

    about = About(
        "detector_resampling",
        "Resampling by a detector",
        "Rows are drawn again, the likelier the more a detector takes them for real.",
        ("drayson-2025",),
    )
    separation: float = 2.0
    power: float = 10.0
    most: int = 3
    upsample: float = 1.5
    tilt: float = 0.0
    rounds: ClassVar[int] = 1
    covers: ClassVar[Covers] = "training"

    def __post_init__(self) -> None:
        for name in ("separation", "power"):
            if not 0 <= getattr(self, name) < np.inf:
                raise SpecError(
                    f"detector_resampling: {name} is {getattr(self, name)}; expected 0 or more"
                )
        checked_count(self.most, "detector_resampling: most")
        if not 0 < self.upsample <= self.most:
            raise SpecError(
                f"detector_resampling: upsample is {self.upsample}; expected a number in "
                f"(0, most = {self.most}], as no row is drawn more often"
            )
        check_tilt(self.tilt, "detector_resampling")

    def select(self, rows: Samples, reference: Reference, rng: np.random.Generator) -> Selection:
        """Draw rows, and let each weigh as often as it was drawn."""
        shape = rows.x.shape[:2]
        weight = np.ones(shape) if rows.weight is None else rows.weight
        real = np.asarray(rows.origin) == REAL
        score = rng.normal(size=shape) + self.separation * np.where(real, -0.5, 0.5)
        if self.tilt:
            low, high = rarity(reference).of(rows.x)
            score = score + self.tilt * ((low + high) / 2 - 0.5)
        # ln (1 - c)^power.
        log_weight = -self.power * np.logaddexp(0.0, self.separation * score)
        key = log_weight[:, :, None] + rng.gumbel(size=(*shape, self.most))
        key = np.where((weight > 0)[:, :, None], key, -np.inf).reshape(len(key), -1)
        order = np.argsort(-key, axis=1, kind="stable")
        k = np.maximum(np.rint(self.upsample * (weight > 0).sum(axis=1)), 1)
        drawn = np.zeros(key.shape, dtype=bool)
        np.put_along_axis(drawn, order, np.arange(key.shape[1]) < k[:, None], axis=1)
        times = drawn.reshape(*shape, self.most).sum(axis=2)
        return Selection(times > 0, np.zeros(shape, dtype=np.int64), ("not drawn",), times * weight)
