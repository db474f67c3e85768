"""A decoding: only tokens at least `min_p` times as probable as the best one may be drawn."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from genloss.core.about import About, Work
from genloss.core.decoding import Prompts, prompted

NGUYEN = Work(
    "nguyen-2024", "Nguyen and others", 2024, "Turning Up the Heat: Min-p Sampling", "arXiv",
    "https://arxiv.org/abs/2407.01082",
)  # fmt: skip


@dataclass(frozen=True)
class MinP:
    """Tokens drawn from the softmax, cut to p >= min_p max p."""

    about = About(
        "min_p", "Min-p sampling", "Tokens not much less likely than the best.", (NGUYEN,)
    )
    min_p: float = 0.1
    max_new: int = 64
    min_new: int = 0
    repetition_penalty: float = 1.0
    prompts: Prompts = field(default_factory=Prompts)
    draws: ClassVar[bool] = True

    def ask(self, model, prompts=None):
        return prompted(model, self, prompts)

    def choose(self, logits, uniform):
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p[p < self.min_p] = 0.0
        edges = np.cumsum(p, axis=1)
        return (edges <= uniform[:, None] * edges[:, -1:]).sum(axis=1)
