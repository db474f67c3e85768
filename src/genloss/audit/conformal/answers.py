"""What a calibration says of a text: flagged, not flagged, or why it does not answer."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genloss.audit.conformal.calibration import Calibration, Name, Scored
from genloss.audit.conformal.thresholds import Guarantee, p_values
from genloss.core.arrays import Floats

Answer = Literal["flagged", "not flagged", "too short", "refused", "not judged", "no group"]
"""too short: fewer words than are judged. refused: too few calibration texts for the promise. not
judged: the scorer has no score. no group: no human text like it was calibrated on."""

JUDGED: tuple[Answer, ...] = ("flagged", "not flagged")


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers (n,), and p-values (n,), nan where there are none."""

    answers: tuple[Answer, ...]
    p: Floats

    def are(self, *which: Answer) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Return which texts have one of these answers: (n,)."""
        return np.array([answer in which for answer in self.answers], dtype=bool)


def answered(
    calibration: Calibration, texts: Scored, level: float, guarantee: Guarantee
) -> Answers:
    """Return the answers on scored texts at a level, with this promise."""
    thresholds = calibration.thresholds(level, guarantee)
    p = np.full(len(texts.ids), np.nan)
    for name, group in calibration.groups.items():
        own = np.array([g == name for g in texts.groups], dtype=bool)
        p[own] = p_values(texts.scores[own], group.scores)

    def answer(i: int, name: Name) -> Answer:
        if name not in calibration.groups:
            return "no group"
        if texts.words[i] < calibration.groups[name].least_words:
            return "too short"
        if np.isnan(texts.scores[i]):
            return "not judged"
        if thresholds[name].is_refused:
            return "refused"
        return "flagged" if texts.scores[i] > thresholds[name].value else "not flagged"

    answers = tuple(answer(i, name) for i, name in enumerate(texts.groups))
    judged = np.array([a in JUDGED for a in answers], dtype=bool)
    return Answers(answers, np.where(judged, p, np.nan))
