"""What alarms would see: their power on a corpus of this size, from the calibration."""

from dataclasses import dataclass

import numpy as np

from genloss.audit.share.shift import mixture_p
from genloss.audit.share.wording import Moments, larger, line_power
from genloss.core.arrays import Floats

EDITED = "two texts of five edited to the middle"
MOVED = "all scores moved by half a deviation"
STRANGERS = "two texts of five of an unknown sort, as far from human texts as machine texts are"
"""What alarms are tried on: that on scores on the first two, that on common words on the last."""

BY_SCORES = (EDITED, MOVED)

STRANGE = 0.4

DEMANDED = 0.8
"""Power below which it is said how many texts it takes."""

DRAWS = 100
"""Corpora that are simulated: a standard error of .05 at most."""

MOST = 20_000
"""Texts of a sort that are simulated, at most."""

TIMES = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Power:
    """Probability of an alarm in one arm. times: so many times the texts of each sort give 80 %.

    times is None where neither 16 times the texts nor 20,000 of a sort do. about: what the alarm
    looks at.
    """

    arm: str
    power: float
    times: int | None
    about: str = "scores"


def alarm_powers(
    human: Floats, machine: Floats, texts: int, share: float, level: float, seed: int = 0
) -> tuple[Power, ...]:
    """Return the power of the alarm on scores (n0,), (n1,) for a corpus of so many texts, by arm.

    Laws are calibration scores, drawn with replacement and smoothed (Silverman's bandwidth, the
    variance kept): unsmoothed, their gaps would pass for power. nan is left out. Edited
    texts score halfway between the two means, with four tenths of the human deviation. Time
    O(100 (n0 + n1 + n)), at most 31 times.
    """
    known = [np.asarray(s, float) for s in (human, machine)]
    laws = [s[~np.isnan(s)] for s in known]
    return tuple(_power(arm, laws[0], laws[1], texts, share, level, seed) for arm in BY_SCORES)


def wording_power(sets: tuple[Moments, Moments, Moments], share: float, level: float) -> Power:
    """Return the power of the alarm on common words, by its formula (`line_power`)."""
    powers = {}
    for times in TIMES:
        human, machine, corpus = (larger(s, times) for s in sets)
        powers[times] = line_power(human, machine, corpus, share, STRANGE, level)
    first = next((times for times, p in powers.items() if p >= DEMANDED), None)
    return Power(STRANGERS, powers[1], first, "wording")


def _power(
    arm: str, human: Floats, machine: Floats, texts: int, share: float, level: float, seed: int
) -> Power:
    sizes = (len(human), len(machine), texts)
    first = None
    for times in TIMES:
        if times > 1 and times * max(sizes) > MOST:
            break
        rng = np.random.default_rng([seed, BY_SCORES.index(arm), times])
        several = [min(times * n, MOST) for n in sizes]
        drawn = [
            _drawn(s, (DRAWS, n), rng) for s, n in zip((human, machine), several, strict=False)
        ]
        corpus = _corpus(arm, human, machine, (DRAWS, several[2]), share, rng)
        found = float((mixture_p(drawn[0], drawn[1], corpus) < level).mean())
        first = found if first is None else first
        if found >= DEMANDED:
            return Power(arm, first, times)
    return Power(arm, float(first or 0.0), None)


def _corpus(
    arm: str,
    human: Floats,
    machine: Floats,
    shape: tuple[int, int],
    share: float,
    rng: np.random.Generator,
) -> Floats:
    made = rng.random(shape) < share
    scores = np.where(made, _drawn(machine, shape, rng), _drawn(human, shape, rng))
    if arm == MOVED:
        return np.asarray(scores + 0.5 * human.std())
    middle = rng.normal((human.mean() + machine.mean()) / 2, 0.4 * human.std(), shape)
    return np.where(rng.random(shape) < 0.4, middle, scores)


def _drawn(law: Floats, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    spread, centre = law.std(), law.mean()
    width = 1.06 * len(law) ** -0.2
    noisy = rng.choice(law, shape) - centre + width * spread * rng.normal(size=shape)
    return np.asarray(centre + noisy / np.sqrt(1 + width**2))
