"""Between data and noise: noise schedules, and the walk from noise back to data.

Diffusion goes from data x to noise by x_t = sqrt(abar_t) x + sqrt(1 - abar_t) z; a flow by the
straight line x_t = (1 - t) z + t x. Both walks ask a function for what the network predicts, so
that they can be tried on laws whose prediction is known exactly.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
from torch import Tensor

from genloss.core.arrays import Floats, Ints
from genloss.errors import SpecError

NoiseSchedule = Literal["linear", "cosine"]
Solver = Literal["euler", "heun"]

Predict = Callable[[Tensor, float], Tensor]
"""Returns the noise (diffusion) or the velocity (flow) at x and time t in [0, 1], shaped as x."""

FIRST_BETA, LAST_BETA, OF_STEPS = 1e-4, 0.02, 1000
"""The linear schedule of Ho, Jain and Abbeel 2020, and the number of steps it was made for."""

OFFSET, LARGEST_BETA = 0.008, 0.999
"""Of the cosine schedule: keeps the first steps from being too small and the last from singular."""


def signal_left(schedule: NoiseSchedule, steps: int) -> Floats:
    """Return abar_t for t = 0 .. steps: the share of variance that is still data; abar_0 = 1.

    'linear': abar_t = prod (1 - beta_s), beta from 1e-4 to 0.02 times 1000 / steps, so that any
    number of steps ends in the same noise (Ho, Jain and Abbeel 2020). 'cosine': abar_t = f(t) /
    f(0), f(t) = cos^2((t / steps + 0.008) / 1.008 pi / 2) (Nichol and Dhariwal 2021). No beta is
    above 0.999.

    Returns:
        (steps + 1,), falling from 1 towards 0.
    """
    if schedule == "linear":
        beta = np.linspace(FIRST_BETA, LAST_BETA, steps) * OF_STEPS / steps
    else:
        angle = (np.linspace(0.0, 1.0, steps + 1) + OFFSET) / (1 + OFFSET) * np.pi / 2
        f = np.cos(angle) ** 2
        beta = 1 - f[1:] / f[:-1]
    return np.concatenate([[1.0], np.cumprod(1 - np.minimum(beta, LARGEST_BETA))])


def visited(steps: int, of: int) -> Ints:
    """Return the times of a walk in so many steps: from `of` down to 0, as even as whole numbers.

    Raises:
        SpecError: more steps than there are times.
    """
    if steps > of:
        raise SpecError(
            f"denoising in {steps} steps asked of a model trained with {of}; use steps = {of} or "
            "fewer, or 0 for all"
        )
    return np.linspace(of, 0, steps + 1).round().astype(np.int64)


def denoise(
    noise_in: Predict,
    x: Tensor,
    abar: Floats,
    times: Ints,
    eta: float,
    reach: Tensor | float,
    normal: Callable[[], Tensor],
) -> Tensor:
    """Walk from noise x to data along the times, the last of which is 0.

    From t to s < t, with e = noise_in(x_t, t / T) and x_0 = (x_t - sqrt(1 - abar_t) e) /
    sqrt(abar_t), cut off at +-reach: x_s = sqrt(abar_s) x_0 + sqrt(1 - abar_s - v) e + sqrt(v) z,
    v = eta^2 (1 - abar_s) / (1 - abar_t) (1 - abar_t / abar_s). eta = 1 through all times is the
    ancestral sampler of Ho, Jain and Abbeel 2020 with the smaller variance; eta = 0 is DDIM (Song,
    Meng and Ermon 2021). normal() draws z like x.
    """
    last = len(abar) - 1
    for t, s in pairwise(times.tolist()):
        now, then = float(abar[t]), float(abar[s])
        e = noise_in(x, t / last)
        clean = ((x - (1 - now) ** 0.5 * e) / now**0.5).clamp(-reach, reach)
        if s == 0:
            return clean
        # What is noise, given that the data have been cut off.
        e = (x - now**0.5 * clean) / (1 - now) ** 0.5
        v = eta**2 * (1 - then) / (1 - now) * (1 - now / then)
        x = then**0.5 * clean + max(0.0, 1 - then - v) ** 0.5 * e
        if v > 0:
            x = x + v**0.5 * normal()
    return x


def follow(velocity: Predict, x: Tensor, steps: int, solver: Solver) -> Tensor:
    """Follow dx/dt = velocity(x, t) from noise at t = 0 to data at t = 1, in even steps.

    'euler' asks once a step, error O(1 / steps); 'heun' twice, error O(1 / steps^2), except for
    the last step, which goes straight.
    """
    h = 1.0 / steps
    for i in range(steps):
        v = velocity(x, i * h)
        if solver == "heun" and i < steps - 1:
            v = 0.5 * (v + velocity(x + h * v, (i + 1) * h))
        x = x + h * v
    return x


def guided(conditional: Tensor, unconditional: Tensor, w: float) -> Tensor:
    """Return (1 + w) conditional - w unconditional (Ho and Salimans 2022)."""
    return conditional + w * (conditional - unconditional)
