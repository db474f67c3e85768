"""Decoding: how a language model is asked, with prompts and without.

The options have the meaning that they have in Hugging Face transformers' `generate`.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from genloss.core.abilities import ConditionalModel
from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints, checked_count
from genloss.core.roles import Model
from genloss.core.samples import NO_TOKEN
from genloss.core.text import SequenceModel
from genloss.errors import SpecError


@dataclass(frozen=True)
class Prompts:
    """What stands before the text to be written.

    kind 'blocks': the rows of S_0, one continuation each, as Shumailov et al. 2024 do; 'starts':
    the beginnings of documents inside those rows; 'none': the token that begins a document.
    tokens: how many tokens of a row (0: all; 'starts' needs a number).

    Raises:
        SpecError, DataError: an unknown kind, or 'starts' without a number of tokens.
    """

    kind: Literal["blocks", "starts", "none"] = "blocks"
    tokens: int = 0

    def __post_init__(self) -> None:
        checked_count(self.tokens, "prompts: tokens", 1 if self.kind == "starts" else 0)
        if self.kind not in ("blocks", "starts", "none"):
            raise SpecError(
                f"prompts: kind is {self.kind!r}; expected 'blocks', 'starts' or 'none'"
            )

    def of(self, rows: Array | None, end: int, n_chains: int, n: int) -> Ints:
        """Return n prompts for every chain (C, n, P), cycling through the rows in order.

        rows: S_0 (C, m, T); end: the token that begins a document.

        Raises:
            SpecError: no rows of tokens to take prompts from, or no document begins in them.
        """
        if self.kind == "none":
            return np.full((n_chains, n, 1), end, dtype=np.int64)
        if rows is None or rows.ndim != 3 or rows.dtype.kind not in "iu":
            raise SpecError(
                f"prompts of kind {self.kind!r} need real rows of tokens; use form = 'rows' with a "
                "reality of text, or prompts = { kind = 'none' }"
            )
        if self.kind == "blocks":
            cut = rows[:, :, : self.tokens or None]
            return np.asarray(cut[:, np.arange(n) % rows.shape[1]])
        width = self.tokens + 1
        return np.stack([_cut(chain, *_starts(chain, end, width, n), width) for chain in rows])

    def after(self, rows: Ints, following: Ints, end: int, n: int, length: int) -> Ints:
        """Return the `length` tokens with which the text goes on after prompts: (C, n, length).

        rows: S_0 (C, m, T); following: the text after each row (C, m, T'); end, n: as for `of`.
        Filled up with NO_TOKEN where the text is not known any further.

        Raises:
            SpecError: prompts that are not in the rows.
        """
        if self.kind == "none":
            raise SpecError(
                "prompts of kind 'none' stand in no text; expected 'blocks' or 'starts'"
            )
        out = []
        for chain, rest in zip(rows, following, strict=True):
            if self.kind == "blocks":
                row = np.arange(n) % len(chain)
                place = np.full(n, self.tokens or chain.shape[1])
            else:
                row, place = _starts(chain, end, self.tokens + 1, n)
                place = place + self.tokens + 1
            out.append(_cut(np.concatenate([chain, rest], axis=1), row, place, length))
        return np.stack(out)


def _starts(rows: Ints, end: int, width: int, n: int) -> tuple[Ints, Ints]:
    """Return row and place (n,) of the `end` tokens of rows (m, T) that begin `width` tokens."""
    row, place = np.nonzero(rows == end)
    whole = (_cut(rows, row, place, width) != NO_TOKEN).all(axis=1)
    if not whole.any():
        raise SpecError(
            f"no document begins with {width - 1} tokens inside the rows of S_0; ask for fewer "
            "tokens or use prompts = 'blocks'"
        )
    again = np.flatnonzero(whole)[np.arange(n) % whole.sum()]
    return row[again], place[again]


def _cut(rows: Ints, row: Ints, place: Ints, width: int) -> Ints:
    """Return `width` tokens of rows (m, T) from each place on: (k, width), filled up."""
    padded = np.pad(rows, ((0, 0), (0, width)), constant_values=NO_TOKEN)
    return np.asarray(padded[row[:, None], place[:, None] + np.arange(width)])


@runtime_checkable
class Decoding(Protocol):
    """A sampler that says how a language model continues prompts; `prompted` is its `ask`."""

    @property
    def prompts(self) -> Prompts:
        """What stands before the text."""
        ...

    @property
    def max_new(self) -> int:
        """The most tokens that are written."""
        ...

    @property
    def min_new(self) -> int:
        """The tokens before which no text ends."""
        ...

    @property
    def repetition_penalty(self) -> float:
        """What makes tokens that occurred already less likely; 1 is none."""
        ...

    @property
    def draws(self) -> bool:
        """Whether a random number decides about every token."""
        ...

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model that continues prompts this way."""
        ...


@runtime_checkable
class TokenChoice(Decoding, Protocol):
    """A decoding that chooses one token at a time: what another package brings."""

    def choose(self, logits: Floats, uniform: Floats | None) -> Ints:
        """Return a token (n,) for each row of logits (n, V), which may be changed in place.

        They have been through the repetition penalty and the minimum length. uniform (n,) in
        [0, 1), or None where the decoding draws nothing. Rows are independent.
        """
        ...


def token_choice(how: Decoding) -> TokenChoice:
    """Return a decoding that is not ours; raises SpecError where it cannot choose a token."""
    if isinstance(how, TokenChoice):
        return how
    raise SpecError(
        f"{type(how).__name__} does not say how a token is chosen; expected beam_search, sampling, "
        "or a method choose(logits, uniform)"
    )


def choices(how: TokenChoice, logits: Floats, uniform: Floats | None) -> Ints:
    """Return the tokens (n,) that a decoding chooses; raises SpecError for anything else."""
    n, vocabulary = logits.shape
    tokens = np.asarray(how.choose(logits, uniform))
    if tokens.shape != (n,) or tokens.dtype.kind not in "iu":
        raise SpecError(
            f"{type(how).__name__}.choose returned {tokens.dtype} of shape {tokens.shape}; "
            f"expected whole numbers ({n},)"
        )
    if n and not 0 <= tokens.min() <= tokens.max() < vocabulary:
        raise SpecError(
            f"{type(how).__name__}.choose returned tokens {tokens.min()} to {tokens.max()}; "
            f"expected 0 to {vocabulary - 1}"
        )
    return tokens.astype(np.int64)


def penalised(logits: Floats, seen: Ints, how: Decoding, step: int, end: int) -> Floats:
    """Return logits (n, V) after the repetition penalty and the minimum length of `how`.

    seen (n, m): the tokens so far, prompt included, filled up with NO_TOKEN.
    """
    out = logits.copy()
    if how.repetition_penalty != 1.0:
        row, place = np.nonzero(seen != NO_TOKEN)
        token = seen[row, place]
        value = logits[row, token]
        r = how.repetition_penalty
        out[row, token] = np.where(value > 0, value / r, value * r)
    if step < how.min_new:
        out[:, end] = -np.inf
    return out


@dataclass(frozen=True)
class BeamSearch:
    """The most probable continuation that a beam of `beams` partial ones finds; 1 beam is greedy.

    A hypothesis scores (sum of ln p) / length^length_penalty. No end token before min_new tokens;
    max_new tokens at most. repetition_penalty r > 0 divides positive and multiplies negative logits
    of tokens that occurred already, prompt included, by r (Keskar et al. 2019). The paper: 5 beams,
    64 new tokens exactly, penalty 1 (2 in its ablation; its released code has 3).

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "beam_search",
        "Beam search",
        "The most probable continuation that a beam of candidates reaches.",
        ("shumailov-2024", "keskar-2019"),
    )
    beams: int = 5
    max_new: int = 64
    min_new: int = 64
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    prompts: Prompts = field(default_factory=Prompts)
    draws: ClassVar[bool] = False

    def __post_init__(self) -> None:
        checked_count(self.beams, "beam_search: beams")
        _check_lengths(self.min_new, self.max_new, self.repetition_penalty)

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model that continues prompts this way."""
        return prompted(model, self, prompts)


@dataclass(frozen=True)
class Sampling:
    """Tokens drawn from softmax(logits / temperature), cut to the top_k and the top_p nucleus.

    Order: repetition penalty, minimum length, temperature, top_k (0: all), top_p (1: all; the
    fewest tokens that hold so much mass). temperature 1 and no cut is ancestral sampling. See
    `BeamSearch` for the other options.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "sampling",
        "Sampling",
        "Tokens drawn at a temperature, from the most probable ones only if asked.",
        ("holtzman-2020", "keskar-2019"),
    )
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    max_new: int = 64
    min_new: int = 0
    repetition_penalty: float = 1.0
    prompts: Prompts = field(default_factory=Prompts)
    draws: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked_count(self.top_k, "sampling: top_k", 0)
        _check_lengths(self.min_new, self.max_new, self.repetition_penalty)
        if not 0.0 < self.temperature < float("inf"):
            raise SpecError(
                f"sampling: temperature is {self.temperature}; expected above 0; greedy decoding "
                "is beam_search with beams = 1"
            )
        if not 0.0 < self.top_p <= 1.0:
            raise SpecError(f"sampling: top_p is {self.top_p}; expected above 0, at most 1")

    def ask(self, model: Model, prompts: Array | None = None) -> Model:
        """Return the model that continues prompts this way."""
        return prompted(model, self, prompts)


@runtime_checkable
class WritingModel(Model, Protocol):
    """A model that continues prompts in the way that a `Decoding` names."""

    @property
    def end(self) -> int:
        """The token that begins and ends a document."""
        ...

    def decoding(self, how: Decoding) -> ConditionalModel:
        """Return the model that continues prompts (C, n, P) to rows (C, n, max_new) of new tokens.

        Raises:
            SpecError: a way that this model cannot decode.
        """
        ...


@runtime_checkable
class PromptedModel(WritingModel, SequenceModel, Protocol):
    """A language model: it continues prompts, and scores text."""


@dataclass(frozen=True, eq=False)
class Continued:
    """Rows written after prompts, as a model: row i continues prompt i."""

    model: WritingModel
    writer: ConditionalModel
    how: Decoding
    real: Array | None

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.model.n_chains

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Write n rows (C, n, max_new); tokens after the end of a text are NO_TOKEN."""
        prompts = self.how.prompts.of(self.real, self.model.end, self.n_chains, n)
        return self.writer.continue_(prompts, rng)

    def state(self) -> dict[str, Array]:
        """Return the state of the model behind it."""
        return self.model.state()


def prompted(model: Model, how: Decoding, real: Array | None) -> Continued:
    """Return the model that continues the prompts that `how` asks for.

    Raises:
        SpecError: a model that does not continue prompts.
    """
    if not isinstance(model, WritingModel):
        raise SpecError(
            f"{type(how).__name__} needs a language model; got {type(model).__name__}; "
            "use the ancestral sampler"
        )
    return Continued(model, model.decoding(how), how, real)


def _check_lengths(min_new: int, max_new: int, penalty: float) -> None:
    checked_count(max_new, "max_new")
    checked_count(min_new, "min_new", 0)
    if min_new > max_new:
        raise SpecError(f"min_new is {min_new}, above max_new = {max_new}; lower it")
    if not 0.0 < penalty < float("inf"):
        raise SpecError(f"repetition_penalty is {penalty}; expected above 0; 1 is none")
