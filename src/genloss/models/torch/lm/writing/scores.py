"""What is done to scores before a token is chosen, with the meaning that transformers gives it."""

import torch
from torch import Tensor

from genloss.errors import FitError

CELL = 64
"""Tokens of a cell; the engine fills the vocabulary up to whole cells, with logits of -inf."""

FIRST = 256
"""Tokens among which the nucleus is sought first; four times as many each time it is larger."""


def penalise(scores: Tensor, tokens: Tensor, penalty: float) -> None:
    """Divide positive and multiply negative scores (rows, V) of seen tokens (rows, k), in place.

    A token that was seen twice is changed once (Keskar et al. 2019).
    """
    if penalty != 1.0 and tokens.shape[1]:
        before = scores.gather(1, tokens)
        changed = torch.where(before < 0, before * penalty, before / penalty)
        scores.scatter_(1, tokens, changed)


def cut_to_top_k(logits: Tensor, k: int) -> None:
    """Set all logits (rows, V) below the k-th largest to -inf, in place; 0 cuts nothing."""
    if 0 < k < logits.shape[1]:
        least = logits.topk(k, sorted=False).values.amin(dim=1, keepdim=True)
        logits.masked_fill_(logits < least, -torch.inf)


def cut_to_top_p(logits: Tensor, p: float) -> None:
    """Set all logits (rows, V) outside the nucleus to -inf, in place; 1 cuts nothing.

    The nucleus is the fewest most probable tokens that hold a mass of p (Holtzman et al. 2020).
    """
    if p >= 1.0:
        return
    total, size = logits.double().logsumexp(dim=1, keepdim=True), logits.shape[1]
    k = size if logits.is_cuda else min(FIRST, size)
    while True:
        top = logits.topk(k).values
        mass = (top - total).exp_().cumsum(dim=1)
        if k == size or bool((mass[:, -1] >= p).all()):
            break
        k = min(4 * k, size)
    # A token stays if those above it do not hold p yet.
    n = 1 + (mass[:, :-1] < p).sum(dim=1, keepdim=True)
    logits.masked_fill_(logits < top.gather(1, n - 1), -torch.inf)


def draw(logits: Tensor, uniform: Tensor) -> Tensor:
    """Return the token (rows,) at which the distribution function of logits (rows, V') exceeds u.

    uniform: u (rows,), float64, in [0, 1). Sums are float64: float32 would lose the tail. First the
    cell of tokens is found, then the token in it.
    """
    weights = (logits - logits.amax(dim=1, keepdim=True)).exp_()
    cells = weights.view(len(weights), -1, CELL)
    cell, left = _first(cells.sum(dim=2, dtype=torch.float64), uniform, None)
    inside = cells[torch.arange(len(cells), device=cells.device), cell]
    token, _ = _first(inside.double(), uniform, left)
    return cell * CELL + token


def _first(mass: Tensor, uniform: Tensor, left: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the first place (rows,) where the sum of mass (rows, k) exceeds left or u total."""
    sums = mass.cumsum(dim=1)
    total = sums[:, -1]
    goal = uniform * total if left is None else left
    # Rounding must not lead past the last token that has any mass.
    goal = torch.minimum(goal, torch.nextafter(total, torch.zeros_like(total)))
    place = torch.searchsorted(sums, goal.unsqueeze(1), right=True)
    # There is none only where sums are NaN, which `check_finite` tells once all is written.
    place.masked_fill_(place == sums.shape[1], 0)
    before = (sums - mass).gather(1, place).squeeze(1)
    return place.squeeze(1), (goal - before).clamp_min_(0.0)


def check_finite(fine: Tensor) -> None:
    """Raise FitError unless everything that the decoder made was finite; waits for the device."""
    if not fine:
        raise FitError(
            "the model cannot write: what it makes of a text is not finite, so that its training "
            "diverged at the end; try a lower learning_rate, or clip = 1.0"
        )


def best(scores: Tensor, running: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the k best of scores (n B, V') + running (n, B): values, beams and tokens (n, k).

    Best first. The k best lie in the k cells with the best maxima; only those are looked into.
    """
    n, beams = running.shape
    cells = scores.view(n, beams, -1, CELL)
    n_cells = cells.shape[2]
    maxima = (cells.amax(dim=3) + running.unsqueeze(2)).flatten(1)
    top = maxima.topk(min(k, maxima.shape[1]), sorted=False).indices
    start = torch.arange(n, device=top.device).unsqueeze(1) * (beams * n_cells)
    inside = cells.view(-1, CELL).index_select(0, (top + start).flatten())
    beam = top // n_cells
    values = inside.view(n, -1, CELL) + running.gather(1, beam).unsqueeze(2)
    highest = values.flatten(1).topk(k)
    which = highest.indices // CELL
    cell = top.gather(1, which) % n_cells
    return highest.values, beam.gather(1, which), cell * CELL + highest.indices % CELL
