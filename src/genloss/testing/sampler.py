"""Laws of samplers and decodings: how a model is asked changes what it draws, never the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from genloss.core.arrays import Array, Floats
from genloss.core.decoding import Decoding, TokenChoice, choices
from genloss.core.roles import Learner, Model, Sampler
from genloss.core.samples import NO_TOKEN, Samples
from genloss.errors import SpecError
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianLearner
from genloss.models.ngram.ngram import NGramLearner
from genloss.testing.examples import K, Kind, V, example
from genloss.testing.laws import Law, Outcome, Skipped, check, digest, require, rng
from genloss.testing.objects import OBJECT_LAWS

LEARNERS: Mapping[Kind, Learner] = {
    "line": GaussianLearner(ddof=1),
    "space": GaussianLearner(ddof=1),
    "symbols": CategoricalLearner(K),
    "text": NGramLearner(V, 2, "add_k", k=0.1),
}


@dataclass(frozen=True, eq=False)
class SamplerCase:
    """A sampler, a learner whose models it asks, and their training rows."""

    sampler: Sampler
    learner: Learner
    train: Samples
    role: str = field(default="sampler", init=False)

    @property
    def subject(self) -> Sampler:
        """The object that is checked."""
        return self.sampler

    @cached_property
    def model(self) -> Model:
        """The model of the rows."""
        return self.learner.fit(self.train, rng())

    @cached_property
    def asked(self) -> Model:
        """The model as asked about the rows."""
        return self.sampler.ask(self.model, self.train.x)

    @property
    def decoding(self) -> Decoding:
        """The sampler as a decoding; raises Skipped where it is none."""
        if not isinstance(self.sampler, Decoding):
            raise Skipped("the sampler is no decoding of language models")
        return self.sampler


def check_sampler(
    sampler: Sampler,
    train: Samples | Kind = "line",
    *,
    learner: Learner | None = None,
) -> Outcome:
    """Hold a sampler, or a decoding, to the laws of its role.

    train: rows of two chains, or the kind of ours ('text' for a decoding); learner: whose models it
    asks, by default a Gaussian, categorical or n-gram one.

    Raises:
        ContractError: with all laws that do not hold.
        SpecError: a kind of rows without a learner of ours.
    """
    learner = learner or (None if isinstance(train, Samples) else LEARNERS.get(train))
    if learner is None:
        raise SpecError(f"no learner for {train if isinstance(train, str) else 'these rows'}")
    given = train if isinstance(train, Samples) else example(train)
    return check(type(sampler).__name__, SAMPLER_LAWS, SamplerCase(sampler, learner, given))


def asking_leaves_the_model_alone(case: SamplerCase) -> None:
    """Drawing through it, too."""
    before = digest(case.model.state())
    case.sampler.ask(case.model, case.train.x).sample(20, rng())
    require(digest(case.model.state()) == before, "another model afterwards", "the same")


def what_is_asked_draws_rows_of_every_chain(case: SamplerCase) -> None:
    """(C, n, ...) of the kind that the model draws."""
    c = case.train.n_chains
    require(case.asked.n_chains == c, f"{case.asked.n_chains} chains", f"{c}")
    for n in (1, 7):
        x, own = case.asked.sample(n, rng(1)), case.model.sample(n, rng(1))
        require(x.shape[:2] == (c, n), f"rows of shape {x.shape}", f"({c}, {n}, ...)")
        alike = x.dtype.kind == own.dtype.kind and x.ndim == own.ndim
        require(alike, f"{x.dtype} rows of {x.ndim} axes", f"{own.dtype} and {own.ndim}")
        require(np.isfinite(x).all(), "NaN or infinity among the rows", "finite numbers")


def draws_are_a_function_of_model_and_stream(case: SamplerCase) -> None:
    """The same rows from an equal stream, however often it has been asked; others from another."""
    one = case.asked.sample(30, rng(7))
    again = case.sampler.ask(case.model, case.train.x).sample(30, rng(7))
    require(np.array_equal(one, again), "other rows from an equal stream", "the same rows")
    if isinstance(case.sampler, Decoding):
        alike = np.array_equal(one, case.asked.sample(30, rng(8)))
        got = "the same rows" if alike else "other rows"
        right = (
            "others: it says that it draws" if case.sampler.draws else "the same: draws is False"
        )
        require(alike != case.sampler.draws, f"{got} from another stream", right)


def a_chain_is_asked_apart(case: SamplerCase) -> None:
    """The first chain draws what it drew, whatever its neighbour has learned."""
    x = case.train.x.copy()
    x[-1] = x[-1, rng(3).integers(x.shape[1] // 2, size=x.shape[1])]
    beside = case.learner.fit(Samples.of(x, 0), rng())
    one, two = (case.sampler.ask(m, case.train.x).sample(20, rng(5)) for m in (case.model, beside))
    require(np.array_equal(one[0], two[0]), "other rows of the first chain", "the same rows")


def a_model_that_cannot_be_asked_is_refused(case: SamplerCase) -> None:
    """A SpecError before anything is drawn, or rows."""
    for kind, learner in LEARNERS.items():
        train = example(kind)
        model = learner.fit(train, rng())
        try:
            asked = case.sampler.ask(model, train.x)
        except SpecError as error:
            require(len(str(error)) > 20, f"{kind} refused with {error}", "what to try instead")
            continue
        asked.sample(2, rng())


def a_text_has_its_lengths(case: SamplerCase) -> None:
    """At most max_new tokens, at least min_new, and nothing after the end."""
    how = case.decoding
    x = case.asked.sample(40, rng(9))
    used = x != NO_TOKEN
    require(x.shape[2] == how.max_new, f"rows of {x.shape[2]} tokens", f"max_new, {how.max_new}")
    fewest = int(used.sum(axis=2).min())
    require(fewest >= max(how.min_new, 1), f"a text of {fewest} tokens", f"min_new, {how.min_new}")
    gaps = (used[:, :, 1:] > used[:, :, :-1]).any()
    require(not gaps, "tokens after the end of a text", "none")


def _logits() -> tuple[Floats, Floats]:
    """Return logits (n, V) of which some tokens are impossible, and a uniform number each."""
    draw = rng(21)
    logits = 2 * draw.normal(size=(200, V))
    logits[:, ::3] = -np.inf
    return logits, draw.random(200)


def _choices(how: TokenChoice, logits: Floats, uniform: Floats) -> Array:
    return choices(how, logits.copy(), uniform if how.draws else None)


def an_impossible_token_is_never_chosen(case: SamplerCase) -> None:
    """A logit of -inf has no probability, for the smallest and largest numbers drawn as well."""
    how = _choosing(case)
    logits, uniform = _logits()
    for numbers in (uniform, np.zeros(200), np.full(200, 1 - 2.0**-53)):
        tokens = _choices(how, logits, numbers)
        possible = np.isfinite(logits[np.arange(200), tokens])
        require(possible.all(), "a token of logit -inf", "a possible one")


def rows_of_logits_are_chosen_apart(case: SamplerCase) -> None:
    """In another order, and alone, every row has the token that it had."""
    how = _choosing(case)
    logits, uniform = _logits()
    tokens, order = _choices(how, logits, uniform), rng(22).permutation(200)
    turned = _choices(how, logits[order], uniform[order])
    require(np.array_equal(turned, tokens[order]), "other tokens in another order", "the same")
    alone = [_choices(how, logits[i : i + 1], uniform[i : i + 1])[0] for i in range(20)]
    require(np.array_equal(alone, tokens[:20]), "other tokens for a row alone", "the same")


def a_constant_added_to_logits_changes_nothing(case: SamplerCase) -> None:
    """They are log-probabilities up to a constant."""
    how = _choosing(case)
    logits, uniform = _logits()
    one, two = _choices(how, logits, uniform), _choices(how, logits + 0.5, uniform)
    # A number drawn may lie on the edge of a token, and rounding moves the edge.
    other = int((one != two).sum())
    require(other <= 1, f"{other} of 200 other tokens with 0.5 added to all logits", "the same")


def _choosing(case: SamplerCase) -> TokenChoice:
    if not isinstance(case.sampler, TokenChoice):
        raise Skipped("the sampler does not choose among logits")
    return case.sampler


SAMPLER_LAWS: tuple[Law[SamplerCase], ...] = (
    *OBJECT_LAWS,
    asking_leaves_the_model_alone,
    what_is_asked_draws_rows_of_every_chain,
    draws_are_a_function_of_model_and_stream,
    a_chain_is_asked_apart,
    a_model_that_cannot_be_asked_is_refused,
    a_text_has_its_lengths,
    an_impossible_token_is_never_chosen,
    rows_of_logits_are_chosen_apart,
    a_constant_added_to_logits_changes_nothing,
)
