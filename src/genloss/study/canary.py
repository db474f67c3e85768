"""The canary: what a base says of a text that no model was trained on, before a long run.

A base that is computed wrongly, by a release of torch or transformers or by this machine, is
surprised by the text. For a named base the value is known; for others it is measured and shown, and
where transformers computes a family that our own decoder knows, both must agree.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol, runtime_checkable

import numpy as np

from genloss.core.bases import NAMED, folder_on_disk, origin_of
from genloss.core.roles import Model
from genloss.core.text import SequenceModel, TextLearner
from genloss.corpus.tokenisers import Pretrained
from genloss.errors import DataError, FitError, GenlossError, SpecError
from genloss.spec.build import build
from genloss.study.study import Study

TEXT = "canary.txt"

TOKENS = 512
"""Tokens that are scored, at most; a shift of positions shows after a few."""

TOLERANCE = 1e-3
"""Of a perplexity, relative, in float32, as rows are always scored.

A logarithm of it is a mean over some 500 tokens. Each log-probability goes through about 300 sums
(30 layers of ten) that are rounded by 6e-8, in another order on another processor: 300 x 6e-8 x
10, for terms ten times as large as their sum, is 2e-4, and a mean of 500 such errors of either sign
a twentieth of that. (SmolLM2-135M: 28.2378; with attention scaled twice 2,100, with key heads dealt
in another order 102,497, with another base of the rotations 31.2.)
"""

TOLERANCE_BFLOAT16 = 0.02
"""Of the perplexity of weights and activations in bfloat16, relative.

One step rounds by 2^-9, and errors of 300 steps add up like a walk to 3 % of a log-probability's
terms, of either sign; their mean over 500 tokens moves by less than 1 % (SmolLM2-135M: 28.36).
"""


@runtime_checkable
class Based(TextLearner, Protocol):
    """A learner whose fits begin at a pretrained model."""

    @property
    def base(self) -> str:
        """Its folder, name or file; empty without one."""
        ...

    def base_model(self) -> Model | None:
        """Return it as it is before any fit; None where fits do not begin there."""
        ...


@dataclass(frozen=True)
class Canary:
    """The perplexity of a base on the first tokens of the text, beside what it should be.

    expected: the known value, or that of our own decoder; None: neither. source: which of them.
    """

    base: str
    tokens: int
    perplexity: float
    expected: float | None
    source: str

    @property
    def is_well(self) -> bool:
        """Whether the value is the expected one, as far as there is one."""
        if self.expected is None:
            return bool(np.isfinite(self.perplexity))
        return bool(abs(self.perplexity / self.expected - 1.0) <= TOLERANCE)

    def __str__(self) -> str:
        """Return one line."""
        value = f"canary: {self.base} has perplexity {self.perplexity:.6g} on {self.tokens} tokens"
        if self.expected is None:
            return f"{value}; no canary known for it"
        return f"{value}; {self.source}: {self.expected:.6g}, within {TOLERANCE:.1%}"

    def check(self) -> None:
        """Raise FitError where the bird is dead."""
        if not self.is_well:
            raise FitError(
                f"{self}: it is not; this release of torch or transformers, or this machine, "
                "computes the model wrongly, or its weights were changed; take the versions of "
                "genloss's constraints.txt, or fetch the model again"
            )


def canary_of(study: Study) -> Canary | None:
    """Return the canary of the base that a study's fits begin at; None where there is none.

    Takes a pass over `TOKENS` tokens once the base is loaded. A base whose folder holds no
    tokeniser of its own has none: nothing could read the text.

    Raises:
        GenlossError: a base that cannot be read.
    """
    learner = study.learner
    if not isinstance(learner, Based) or not learner.base:
        return None
    try:
        tokeniser = Pretrained(learner.base).made_from(())
        ready: Any = learner.of_text(tokeniser)
    except (DataError, SpecError):
        return None
    tokens = np.array([tokeniser.end, *tokeniser.encode([text()])[0]])
    measured = _perplexity(ready.base_model(), tokens)
    if measured is None:
        return None
    n, value = measured
    expected, source = _known(learner.base), "known value"
    if expected is None and (own := _by_our_decoder(learner, tokeniser)) is not None:
        other = _perplexity(own, tokens)
        expected, source = (None, "") if other is None else (other[1], "our own decoder")
    return Canary(learner.base, n, value, expected, source)


def text() -> str:
    """Return the text, which was written for this."""
    return files("genloss.study").joinpath(TEXT).read_text(encoding="utf-8")


def _perplexity(model: Model | None, tokens: Any) -> tuple[int, float] | None:
    """Return how many tokens were scored, and exp of their mean surprise."""
    if not isinstance(model, SequenceModel):
        return None
    row = tokens[: min(TOKENS + 1, int(getattr(model, "positions", TOKENS)))]
    log_probs = model.token_log_probs(row[None, None])
    return len(row) - 1, float(np.exp(-log_probs.mean()))


def _known(base: str) -> float | None:
    folder = folder_on_disk(base)
    try:
        digest = "" if folder is None else origin_of(folder).sha256
    except DataError:
        return None
    return next((named.canary for named in NAMED.values() if named.gguf == digest), None)


def _by_our_decoder(learner: Any, tokeniser: Any) -> Model | None:
    """Return the base in our decoder, where transformers has computed it and ours knows it."""
    if getattr(learner, "kind", "") != "hugging_face" or learner.adapters != "none":
        return None
    part = {"kind": "transformer", "base": learner.base, "revision": learner.revision}
    try:
        ours: Model | None = build("learner", part).of_text(tokeniser).base_model()
    except GenlossError:
        return None
    return ours
