"""Text: rows of tokens, the reality that owns them, the models that score them."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import FiniteModel
from genloss.core.arrays import Array, Floats, Ints
from genloss.core.roles import Learner, Model
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError, SpecError


@runtime_checkable
class Tokeniser(Protocol):
    """Text to tokens and back; fixed at generation 0."""

    @property
    def size(self) -> int:
        """Entries of the vocabulary, V; tokens are 0 .. V - 1."""
        ...

    @property
    def end(self) -> int:
        """The token that ends (and begins) a document."""
        ...

    @property
    def begin(self) -> int:
        """The token that a model's own tokeniser puts before a text, NO_TOKEN where it puts none.

        No row has it: models that have one put it before every row and prompt.
        """
        ...

    def encode(self, texts: Sequence[str]) -> list[Ints]:
        """Return the tokens of each text, without an end token."""
        ...

    def decode(self, tokens: Ints) -> str:
        """Return the text of tokens (T,); NO_TOKEN is skipped."""
        ...


@runtime_checkable
class TextModel(FiniteModel, Protocol):
    """Real text as p_0: blocks of tokens from documents that are split before they are cut.

    `rows` hands out blocks (C, n, T) of training documents; `split` takes held-out rows from
    validation documents; `test` comes from documents that are used for nothing else.
    """

    @property
    def tokeniser(self) -> Tokeniser:
        """The vocabulary of all generations."""
        ...

    @property
    def test(self) -> Ints:
        """Return the test blocks (m, T)."""
        ...

    @property
    def test_bytes(self) -> int:
        """UTF-8 bytes of the documents in the test blocks, as they stand."""
        ...

    @property
    def starts(self) -> Ints:
        """Return the first T tokens of training documents (m, T), shorter ones filled up."""
        ...


@runtime_checkable
class ContinuedText(TextModel, Protocol):
    """A text that knows how its blocks go on."""

    def following(self, start: int, n: int) -> Ints:
        """Return the T tokens after each of blocks start .. start + n: (C, n, T), filled up."""
        ...


@runtime_checkable
class TextInLanguages(TextModel, Protocol):
    """A text whose rows can be told apart by language, real or generated ones."""

    @property
    def test_languages(self) -> tuple[str, ...]:
        """The ISO 639 code of each test block, "unknown" where it cannot be told."""
        ...

    def languages_of(self, x: Ints) -> list[str]:
        """Return the same of rows of tokens (n, T)."""
        ...


@runtime_checkable
class SequenceModel(Model, Protocol):
    """A model of rows of tokens, one token after another."""

    @property
    def vocabulary(self) -> int:
        """Entries of the vocabulary, V."""
        ...

    def token_log_probs(self, x: Ints) -> Floats:
        """Return ln p(x_i | x_1 .. x_{i-1}) in nats for i >= 2: (C, n, T - 1) for x (C, n, T).

        0 where x_i is NO_TOKEN. The first token of a row has no context and is not scored.
        """
        ...

    def token_entropies(self, x: Ints) -> Floats:
        """Return the entropy in nats of p(. | x_1 .. x_{i-1}) for i >= 2: (C, n, T - 1)."""
        ...


@runtime_checkable
class TextLearner(Learner, Protocol):
    """A learner that can take its vocabulary and end token from the text it learns from."""

    def of_text(self, tokeniser: Tokeniser) -> Learner:
        """Return the learner with those of the tokeniser, unless it names its own.

        Raises:
            SpecError: a tokeniser that does not fit the model that it starts from.
        """
        ...


def with_vocabulary_of(learner: Learner, p_0: Model) -> Learner:
    """Return the learner with the vocabulary of the reality, where both know what that is."""
    if isinstance(learner, TextLearner) and isinstance(p_0, TextModel):
        return learner.of_text(p_0.tokeniser)
    return learner


def check_vocabulary(vocabulary: int, name: str) -> None:
    """Raise SpecError for a vocabulary of 0 that no text has filled in."""
    if not vocabulary:
        raise SpecError(
            f"{name}: vocabulary = 0 stands for that of the text, but the reality is none; give "
            "vocabulary and end, or run a study with a reality of text"
        )


def check_tokeniser(
    tokeniser: Tokeniser, model: str, entries: int | None, ends: Sequence[int]
) -> None:
    """Refuse a text's tokeniser that is not that of a model; None and no ends: the model is silent.

    A model may have more entries than its tokeniser (OPT: 50,272 and 50,265), and several ends.

    Raises:
        SpecError: more entries than the model has, or another end token.
    """
    if entries is not None and tokeniser.size > entries:
        raise SpecError(
            f"the tokeniser of the text is not that of the model: it has {tokeniser.size} entries "
            f"and {model} has {entries}; name the right one's folder or hub name by "
            "reality.tokeniser=..."
        )
    if ends and tokeniser.end not in ends:
        raise SpecError(
            f"the tokeniser of the text is not that of the model: it ends a document by token "
            f"{tokeniser.end} and {model} by {' or '.join(map(str, ends))}; name the right one by "
            "reality.tokeniser=..., or its token by reality.end='...', or correct eos_token_id in "
            "the model's config.json"
        )


def lengths(x: Ints) -> Ints:
    """Return the number of tokens of every row (..., T): those before the first NO_TOKEN."""
    return np.asarray((np.asarray(x) != NO_TOKEN).sum(axis=-1))


def checked_tokens(x: Array, vocabulary: int, what: str = "rows") -> Ints:
    """Return x as tokens (C, n, T) in [0, vocabulary), NO_TOKEN only at the end of a row.

    Raises:
        DataError: another type or shape, a token outside the vocabulary, a gap inside a row, or a
            row without a token; no rows.
    """
    x = np.asarray(x)
    if x.ndim != 3 or x.dtype.kind not in "iu":
        raise DataError(
            f"{what} have shape {x.shape} and dtype {x.dtype}; expected tokens (C, n, T), "
            "integers; use a reality of text"
        )
    if not x.size:
        raise DataError(
            f"{what} have shape {x.shape}; expected a row at least, of one token or more"
        )
    if x.min() < NO_TOKEN or x.max() >= vocabulary:
        raise DataError(
            f"{what} hold tokens {x.min()} to {x.max()}; expected 0 to {vocabulary - 1}: the "
            "tokeniser of the text is not that of the model"
        )
    used = x != NO_TOKEN
    if not used[..., 0].all() or (used[..., 1:] > used[..., :-1]).any():
        raise DataError(f"{what} have an empty row or a gap; expected NO_TOKEN only at the end")
    return x.astype(np.int64, copy=False)
