"""What a model says of every token of texts: one pass, from which several scores are made."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genloss.core.arrays import Floats, Ints
from genloss.core.progress import reached
from genloss.models.torch.device import release
from genloss.models.torch.lm.detection.judge import Judge
from genloss.models.torch.memory import in_batches

TOKENS = {"cpu": 1 << 11, "cuda": 1 << 14}
"""Tokens in one pass, by kind of device."""

POSITIONS = 256
"""Positions of which the whole law of the next token is held at a time."""

Laws = Callable[[Tensor, Tensor], Tensor]
"""Returns numbers (m, k) per position for (logits (m, V), targets (m,))."""


@dataclass(frozen=True, eq=False)
class TokenLaws:
    """Of every token of a text but the first, (T - 1,), under p = p(. | x_1 .. x_{i-1}).

    log_p: ln p(x_i), nats. rank: 1 + tokens that are more probable. mean, variance: of ln p(x) for
    x drawn from p.
    """

    log_p: Floats
    rank: Floats
    mean: Floats
    variance: Floats


def token_laws(judge: Judge, texts: Sequence[str], tokens: int) -> list[TokenLaws]:
    """Return what a model says of the first tokens of each text. O(tokens x parameters)."""
    read = by_position(judge, judge.tokens(texts, tokens), laws_of_one, 4)
    return [TokenLaws(*rows.T) for rows in read]


def laws_of_one(logits: Tensor, target: Tensor) -> Tensor:
    """Return log_p, rank, mean and variance (m, 4) of targets (m,) under logits (m, V)."""
    log_p = logits.log_softmax(1)
    p = log_p.exp()
    own = log_p.gather(1, target[:, None])
    rank = 1 + (logits > logits.gather(1, target[:, None])).sum(1)
    mean = (p * log_p).sum(1)
    variance = (p * (log_p - mean[:, None]).square()).sum(1)
    return torch.stack([own[:, 0], rank.to(mean.dtype), mean, variance], 1)


def by_position(judge: Judge, rows: Sequence[Ints], laws: Laws, k: int) -> list[Floats]:
    """Return numbers (T - 1, k) for each row of tokens (T,); texts of like length go together."""
    module, device = judge.module, judge.module.device
    return positions(rows, device, lambda x: logits_of(module, x), laws, k)


def logits_of(module: object, x: Tensor) -> Tensor:
    """Return the logits (B, T, V) of a module, float32."""
    logits: Tensor = module(input_ids=x, use_cache=False).logits  # type: ignore[operator]
    return logits.float()


def positions(
    rows: Sequence[Ints],
    device: torch.device,
    logits: Callable[[Tensor], Tensor],
    laws: Laws,
    k: int,
) -> list[Floats]:
    """Return numbers (T - 1, k) for each row, of logits (B, T, V) that a function gives."""
    out = [np.zeros((max(0, len(row) - 1), k)) for row in rows]
    order = np.argsort([len(row) for row in rows], kind="stable")
    order = order[[len(rows[i]) > 1 for i in order]] if len(rows) else order
    longest = max((len(row) for row in rows), default=1)

    def read(part: slice) -> None:
        own = order[part]
        width = max(len(rows[i]) for i in own)
        # What fills a row stands behind it, where a causal model cannot see it.
        x = np.stack([np.pad(rows[i], (0, width - len(rows[i])), mode="edge") for i in own])
        given = torch.from_numpy(x).to(device)
        values = _numbers(logits(given), given, laws)
        for row, i in zip(values, own, strict=True):
            out[i][:] = row[: len(out[i])]
        reached(1, 1)

    with torch.inference_mode():
        size = max(1, TOKENS[device.type] // longest)
        if len(order):
            in_batches(read, len(order), size, device, "a text to score")
    release(device)
    return out


def _numbers(logits: Tensor, x: Tensor, laws: Laws) -> Floats:
    target, rows = x[:, 1:].flatten(), logits[:, :-1].flatten(0, 1)
    parts = [laws(rows[a:b], target[a:b]) for a, b in _slices(len(target))]
    values: Floats = torch.cat(parts).view(len(x), -1, parts[0].shape[1]).cpu().double().numpy()
    return values


def _slices(n: int) -> Iterator[tuple[int, int]]:
    for start in range(0, n, POSITIONS):
        yield start, min(n, start + POSITIONS)
