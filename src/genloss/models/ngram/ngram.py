"""N-gram language models: they collapse in seconds, and every probability is exact."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, Ints, checked_count, frozen
from genloss.core.decoding import (
    BeamSearch,
    Decoding,
    Sampling,
    TokenChoice,
    choices,
    penalised,
    token_choice,
)
from genloss.core.roles import Data, Model
from genloss.core.samples import NO_TOKEN, Samples
from genloss.core.source import Source
from genloss.core.text import Tokeniser, check_vocabulary, checked_tokens
from genloss.errors import DataError, FitError, SpecError
from genloss.models.gaussian import as_samples
from genloss.models.ngram.counts import Smoothing, Tree, arrays_of, counted, tree_of
from genloss.models.ngram.tables import How, Search, Tables, tables_of


@dataclass(frozen=True, eq=False)
class NGramModel:
    """p(w | h) from counts c of n-grams, h the N - 1 tokens before w in its row, or fewer.

    Kneser-Ney: max(c(h w) - D, 0) / c(h) + D types(h) / c(h) p(w | h'), h' without its first token;
    below the empty context lies 1 / V. Add-k: (c(h w) + k) / (c(h) + k V). A context that was never
    continued gives way to its longest suffix that was.
    """

    learner: "NGramLearner"
    tree: Tree
    length: int

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.tree.n_chains

    @property
    def vocabulary(self) -> int:
        """Entries of the vocabulary, V."""
        return self.learner.vocabulary

    @property
    def end(self) -> int:
        """The token that begins and ends a document."""
        return self.learner.end

    def token_log_probs(self, x: Ints) -> Floats:
        """Return ln p(x_i | x_1 .. x_{i-1}) in nats, (C, n, T - 1); 0 at NO_TOKEN, -inf if lost."""
        return self._walked(x, np.arange(self.n_chains))[0][:, :, 1:]

    def token_entropies(self, x: Ints) -> Floats:
        """Return the entropy in nats of p(. | x_1 .. x_{i-1}), (C, n, T - 1); 0 at NO_TOKEN."""
        before = self._walked(x, np.arange(self.n_chains))[1][:, :, 1:]
        return np.where(before >= 0, self._entropies[before], 0.0)

    def log_prob(self, x: Ints) -> Floats:
        """Return ln p of whole rows as `sample` writes them, in nats: (C, n)."""
        return np.asarray(self._walked(x, self._opening)[0].sum(axis=2))

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write n rows of every chain (C, n, T) as long as the rows learned from.

        The text begins after an end token and goes on past others, as rows cut from a text do.
        """
        checked_count(n, "n")
        start = np.full((self.n_chains, n, 1), self.end)
        return self._continued(start, Sampling(max_new=self.length), rng, stops=False)

    def decoding(self, how: Decoding) -> "NGramWriter":
        """Return the model that continues prompts; logits are the log-probabilities."""
        return NGramWriter(self, how)

    def state(self) -> dict[str, Array]:
        """Return the counts of the n-grams and the length of a row."""
        length = frozen(np.full(self.n_chains, self.length, dtype=np.int64))
        return arrays_of(self.tree) | {"length": length}

    @cached_property
    def _tables(self) -> Tables:
        learner = self.learner
        k = None if learner.smoothing == "kneser_ney" else learner.k
        return tables_of(self.tree, self.vocabulary, learner.discount, k)

    @cached_property
    def _entropies(self) -> Floats:
        from genloss.models.ngram.draw import entropies

        return entropies(self._tables)

    @cached_property
    def _opening(self) -> Ints:
        """The context of each chain after an end token, (C,)."""
        ends = np.full((self.n_chains, 1, 1), self.end)
        return self._walked(ends, np.arange(self.n_chains))[2][:, 0]

    @cached_property
    def _log_base(self) -> Floats:
        """The lowest law, (C, V)."""
        c, v = self.n_chains, self.vocabulary
        if self.learner.smoothing == "add_k":
            return np.full((c, v), -np.log(v))
        every = np.broadcast_to(np.arange(v)[:, None], (c, v, 1))
        return self._walked(every, np.arange(c))[0][:, :, 0]

    def _walked(self, x: Ints, start: Ints) -> tuple[Floats, Ints, Ints]:
        """Return ln p of every token, the context before it, and the contexts at the ends.

        start: the context before each chain's rows (C,), or before each row (C, n).
        """
        from genloss.models.ngram.draw import contexts

        x = checked_tokens(x, self.vocabulary)
        shape = (self.n_chains, *x.shape[1:])
        rows = np.ascontiguousarray(np.broadcast_to(x, shape)).reshape(-1, shape[2])
        log_p, before = np.zeros(rows.shape), np.full(rows.shape, -1)
        with np.errstate(divide="ignore"):
            starts = np.repeat(start, shape[1]) if start.ndim == 1 else start.reshape(-1)
            last = contexts(self._tables, rows, starts, log_p, before)
        return log_p.reshape(shape), before.reshape(shape), last.reshape(shape[:2])

    def _continued(
        self, prompts: Ints, how: Sampling, rng: np.random.Generator, *, stops: bool
    ) -> Ints:
        from genloss.models.ngram.draw import continued

        prompts = np.ascontiguousarray(checked_tokens(prompts, self.vocabulary, "prompts"))
        out = np.full((*prompts.shape[:2], how.max_new), -1, dtype=np.int64)
        for chain in range(self.n_chains):
            base, options = self._log_base[chain], _options(how, stops)
            arguments = prompts[chain], self.end, options, rng, out[chain]
            continued(self._tables, base, chain, *arguments)
        return out

    def _choose(self, prompts: Ints, how: TokenChoice, rng: np.random.Generator) -> Ints:
        """Write one token after another as a decoding of another package chooses them."""
        prompts = checked_tokens(prompts, self.vocabulary, "prompts")
        c, n, v = *prompts.shape[:2], self.vocabulary
        uniform = rng.random((c, n, how.max_new)) if how.draws else None
        at = self._walked(prompts, np.arange(c))[2]
        out = np.full((c, n, how.max_new), NO_TOKEN)
        every = np.broadcast_to(np.tile(np.arange(v), n)[:, None], (c, n * v, 1))
        going = np.ones((c, n), dtype=bool)
        for step in range(how.max_new):
            log_p, _, after = self._walked(every, np.repeat(at, v, axis=1))
            for chain in range(c):
                seen = np.concatenate([prompts[chain], out[chain, :, :step]], axis=1)
                logits = penalised(log_p[chain].reshape(n, v), seen, how, step, self.end)
                own = None if uniform is None else uniform[chain, :, step]
                tokens = choices(how, logits, own)
                at[chain] = after[chain].reshape(n, v)[np.arange(n), tokens]
                out[chain, going[chain], step] = tokens[going[chain]]
                going[chain] &= tokens != self.end
        return out

    def _searched(self, prompts: Ints, how: BeamSearch) -> Ints:
        """Search once for all prompts that a search cannot tell apart."""
        from genloss.models.ngram.draw import searched

        prompts = checked_tokens(prompts, self.vocabulary, "prompts")
        at = self._walked(prompts, np.arange(self.n_chains))[2]
        out = np.full((*prompts.shape[:2], how.max_new), NO_TOKEN)
        for chain, places in enumerate(at):
            # Without a penalty nothing but the last tokens matters.
            keys = places[:, None] if how.repetition_penalty == 1.0 else prompts[chain]
            _, first, back = np.unique(keys, axis=0, return_index=True, return_inverse=True)
            distinct, texts = prompts[chain][first], out[chain][first]
            base, options = self._log_base[chain], _search(how, self.end)
            searched(self._tables, base, places[first], distinct, options, texts)
            out[chain] = texts[back.reshape(-1)]
        return out


def _options(how: Sampling, stops: bool) -> How:
    cuts = how.temperature, how.top_k, how.top_p, how.repetition_penalty
    return How(cuts == (1.0, 0, 1.0, 1.0), stops, how.min_new, *cuts)


def _search(how: BeamSearch, end: int) -> Search:
    penalties = float(how.length_penalty), float(how.repetition_penalty)
    return Search(how.beams, how.min_new, *penalties, end)


@dataclass(frozen=True, eq=False)
class NGramWriter:
    """An n-gram model that continues prompts in one way."""

    model: NGramModel
    how: Decoding

    @property
    def n_chains(self) -> int:
        """C, the number of independent chains."""
        return self.model.n_chains

    def continue_(self, prompts: Array, rng: np.random.Generator) -> Ints:
        """Continue prompts (C, n, P) to rows (C, n, max_new), NO_TOKEN after an end token.

        Beam search draws no random number; of equally good continuations it takes the one of the
        better beam, then the smaller token. O(B V) for each token of each different prompt.
        """
        if isinstance(self.how, BeamSearch):
            return self.model._searched(prompts, self.how)
        if isinstance(self.how, Sampling):
            return self.model._continued(prompts, self.how, rng, stops=True)
        return self.model._choose(prompts, token_choice(self.how), rng)

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Write n rows of every chain after an end token: (C, n, max_new)."""
        return self.continue_(np.full((self.n_chains, n, 1), self.model.end), rng)

    def state(self) -> dict[str, Array]:
        """Return the state of the model."""
        return self.model.state()


@dataclass(frozen=True)
class NGramLearner:
    """Counts of n-grams inside rows of tokens, smoothed.

    vocabulary: V of the tokeniser; end: the token that begins and ends a document; a vocabulary of
    0 stands for both of the text that a study is about. order: N, 1 to 5. smoothing 'kneser_ney'
    interpolates with discount D, estimated from the counts unless given (see
    `genloss.models.ngram.counts.discounts`); 'add_k' adds k to every count, and k = 0 is maximum
    likelihood: a token not seen after its context is lost. source_rows: rows drawn from an endless
    source. Interpolated Kneser-Ney: Kneser and Ney 1995, Chen and Goodman 1999.

    Raises:
        SpecError, DataError: an option out of range.
    """

    about = About(
        "ngram",
        "n-gram model",
        "Counts of short sequences of tokens, smoothed.",
        ("chen-1999", "kneser-1995", "suresh-2024"),
    )
    vocabulary: int = 0
    order: int = 3
    smoothing: Smoothing = "kneser_ney"
    discount: float | None = None
    k: float = 0.0
    end: int = 0
    source_rows: int = 100_000

    def __post_init__(self) -> None:
        checked_count(self.vocabulary, "ngram: vocabulary", 0)
        checked_count(self.source_rows, "ngram: source_rows")
        if checked_count(self.order, "ngram: order") > 5:
            raise SpecError(f"ngram: order is {self.order}; expected 1 to 5")
        if self.smoothing not in ("kneser_ney", "add_k"):
            raise SpecError(
                f"ngram: smoothing is {self.smoothing!r}; expected 'kneser_ney' or 'add_k'"
            )
        if self.discount is not None and not 0.0 <= self.discount <= 1.0:
            raise SpecError(f"ngram: discount is {self.discount}; must lie in [0, 1]")
        if not 0.0 <= self.k < np.inf:
            raise SpecError(f"ngram: k is {self.k}; expected 0 or more")
        below = self.vocabulary or 1
        if checked_count(self.end, "ngram: end", 0) >= below:
            raise SpecError(f"ngram: end is {self.end}; expected a token below {below}")

    def of_text(self, tokeniser: Tokeniser) -> "NGramLearner":
        """Return the learner with vocabulary and end of the tokeniser, unless it has its own."""
        if self.vocabulary:
            return self
        return replace(self, vocabulary=tokeniser.size, end=tokeniser.end)

    def fit(
        self,
        train: Samples | Source,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> NGramModel:
        """Count every chain's rows (C, n, T); init and valid are not used.

        Raises:
            SpecError: a vocabulary that is neither given nor taken from a text.
            DataError: no rows of tokens, or tokens of another vocabulary.
        """
        check_vocabulary(self.vocabulary, "ngram")
        if isinstance(train, Source):
            train = train.take(self.source_rows, rng)
        rows = as_samples(train, self)
        if rows.x.ndim != 3 or rows.x.dtype.kind not in "iu":
            raise DataError(
                f"NGramLearner needs rows of tokens (C, n, T); got {rows.x.shape} of "
                f"{rows.x.dtype}; use a reality of text"
            )
        x = checked_tokens(rows.x, self.vocabulary)
        tree = counted(x, rows.weight, self.order, self.vocabulary, self.smoothing)
        return NGramModel(self, tree, x.shape[2])

    def restore(self, state: Mapping[str, Array]) -> NGramModel:
        """Rebuild a model from its state."""
        tree = tree_of(state)
        if tree.order != self.order:
            raise FitError(f"a state of order {tree.order}; the learner has order {self.order}")
        return NGramModel(self, tree, int(state["length"][0]))
