"""Binoculars: perplexity under one model over the cross-perplexity of two."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from genloss.core.about import About
from genloss.core.arrays import Floats, checked_count
from genloss.errors import SpecError
from genloss.models.torch.device import Device
from genloss.models.torch.lm.detection.judge import Judge, judge
from genloss.models.torch.lm.detection.single import BASE, FEWEST, TOKENS
from genloss.models.torch.lm.detection.token_laws import logits_of, positions
from genloss.models.torch.lm.hub import content_of


@dataclass(frozen=True)
class Binoculars:
    """Minus sum ln q(x_i) / sum_i sum_x p(x) ln q(x): p of the observer, q of the performer.

    performer, observer: bases with one tokeniser; the authors take a tuned model as performer and
    what it was tuned from as observer (Hans et al. 2024). A pair of small models is a toy pair: its
    scores are no evidence about those of large ones.

    Raises:
        SpecError: no performer, or two tokenisers.
        DataError: a base that cannot be read.
        MissingExtra: torch or transformers is not installed.
    """

    about = About(
        "binoculars",
        "Binoculars",
        "How surprising a text is to one model, against how surprising another model's words are.",
        ("hans-2024",),
    )
    performer: str = field(metadata={"identity": False})
    observer: str = field(default=BASE, metadata={"identity": False})
    tokens: int = TOKENS
    device: Device = field(default="auto", metadata={"identity": False})

    def __post_init__(self) -> None:
        checked_count(self.tokens, "tokens", FEWEST)
        if not self.performer:
            raise SpecError("binoculars: performer is empty; expected a second model, tuned or not")

    def identity(self) -> dict[str, str]:
        """Return the content of both bases."""
        pair = {"performer": self.performer, "observer": self.observer}
        return {name: content_of(base, "")["base"] for name, base in pair.items()}

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return minus the ratio (n,)."""
        observer, performer = (judge(b, "", self.device) for b in (self.observer, self.performer))
        _check_one_tokeniser(observer, performer)
        rows = observer.tokens(texts, min(self.tokens, performer.positions))

        def both(x: Tensor) -> Tensor:
            return torch.cat([logits_of(m.module, x) for m in (observer, performer)], dim=2)

        read = positions(rows, observer.module.device, both, laws_of_two, 2)
        return np.array([ratio(own) if len(own) >= FEWEST - 1 else np.nan for own in read])


def laws_of_two(logits: Tensor, target: Tensor) -> Tensor:
    """Return ln q(x) and sum p ln q (m, 2) for logits (m, 2 V) of observer and performer."""
    p, log_q = logits.chunk(2, dim=1)
    log_q = log_q.log_softmax(1)
    own = log_q.gather(1, target[:, None])[:, 0]
    return torch.stack([own, (p.softmax(1) * log_q).sum(1)], 1)


def ratio(laws: Floats) -> float:
    """Return minus the ratio of the sums of both columns (T - 1, 2)."""
    own, crossed = laws.sum(axis=0)
    return float(-own / crossed) if crossed else float("nan")


def _check_one_tokeniser(observer: Judge, performer: Judge) -> None:
    sizes = [int(m.module.config.vocab_size) for m in (observer, performer)]
    if observer.tokeniser.get_vocab() != performer.tokeniser.get_vocab() or sizes[0] != sizes[1]:
        raise SpecError(
            f"binoculars: {observer.base} and {performer.base} have different tokenisers; expected "
            "a model and another one made from it"
        )
