"""Laws of a model, whoever made it: it draws, says what it is, and never changes."""

from typing import Protocol

import numpy as np

from genloss.core.abilities import CategoricalLaw, DensityModel, MomentLaw
from genloss.core.arrays import Array, Floats
from genloss.core.decoding import PromptedModel
from genloss.core.roles import Model
from genloss.core.samples import NO_TOKEN
from genloss.core.text import SequenceModel
from genloss.testing.examples import is_symbols, is_text
from genloss.testing.laws import Skipped, digest, gap, near, require, rng

SIGMAS = 4
"""Standard errors that a true law may miss by: 6e-5 of the normal law lies outside."""

DRAWS = 4000
MOST_DIMENSIONS = 3
"""A density in more dimensions is too thin for a few thousand rows to say much of it."""


class HasModel(Protocol):
    """A case with a model and rows (C, n, ...) of the kind that it writes."""

    @property
    def model(self) -> Model:
        """The model."""
        ...

    @property
    def rows(self) -> Array:
        """Rows to score."""
        ...


def scores(model: Model, x: Array) -> Floats | None:
    """Return ln p of rows, or of their tokens, in nats, chains on axis 0; None if it knows none."""
    if isinstance(model, SequenceModel):
        return model.token_log_probs(x)
    return model.log_prob(x) if isinstance(model, DensityModel) else None


def samples_have_the_shape_of_rows(case: HasModel) -> None:
    """(C, n, ...) finite numbers of the same kind."""
    model, rows = case.model, case.rows
    for n in (1, 7):
        x = model.sample(n, rng(1))
        inner = x.shape[2:] if x.ndim != 3 or not is_text(rows) else rows.shape[2:]
        right = (model.n_chains, n, *rows.shape[2:])
        require((*x.shape[:2], *inner) == right, f"shape {x.shape}", f"{right}")
        require(x.dtype.kind == rows.dtype.kind, f"dtype {x.dtype}", f"that of rows, {rows.dtype}")
        require(np.isfinite(x).all(), "NaN or infinity among the rows", "finite numbers")


def sampling_and_measuring_never_change_a_model(case: HasModel) -> None:
    """The field's own code trained a saved model again while generating from it."""
    model = case.model
    before = digest(model.state())
    model.sample(50, rng())
    scores(model, case.rows)
    if isinstance(model, MomentLaw):
        model.moments()
    require(digest(model.state()) == before, "another state afterwards", "the same state")


def nobody_can_write_into_a_model(case: HasModel) -> None:
    """What `state` returns is read-only, or a copy."""
    before = digest(case.model.state())
    for value in case.model.state().values():
        if value.flags.writeable:
            copy = value.copy()
            value[...] = 0
            changed = digest(case.model.state()) != before
            value[...] = copy
            require(
                not changed,
                "a model that changes with what its state() returned",
                "read-only arrays (value.flags.writeable = False) or copies",
            )


def a_state_is_arrays_with_chains_on_axis_0(case: HasModel) -> None:
    """Numbers or booleans, one entry per chain."""
    c = case.model.n_chains
    for name, value in case.model.state().items():
        kind = np.asarray(value).dtype.kind
        require(kind in "biuf", f"{name} of {type(value).__name__}", "arrays of numbers")
        require(np.shape(value)[:1] == (c,), f"{name} of shape {np.shape(value)}", f"({c}, ...)")


def draws_are_a_function_of_the_stream(case: HasModel) -> None:
    """The same stream gives the same rows, a stream goes on, and another gives others."""
    model, stream = case.model, rng(7)
    one, two = model.sample(50, stream), model.sample(50, stream)
    again, other = model.sample(50, rng(7)), model.sample(50, rng(8))
    require(_same(one, again), "other rows from an equal stream", "the same rows")
    require(not _same(one, two), "the same rows from the rest of the stream", "new rows")
    require(not _same(one, other), "the same rows from another stream", "other rows")


def _same(one: Array, two: Array) -> bool:
    return bool(np.array_equal(one, two))


def samples_have_their_own_moments(case: HasModel) -> None:
    """Mean and covariance entries within four standard errors, estimated from the rows.

    In many dimensions those along five random directions: 10,000 entries have their outliers.
    """
    model = case.model
    if not isinstance(model, MomentLaw):
        raise Skipped("the model has no moments()")
    x = model.sample(DRAWS, rng(11))
    mean, cov = model.moments()
    d = mean.shape[1]
    if d > MOST_DIMENSIONS:
        u = rng(10).normal(size=(d, 5)) / np.sqrt(d)
        x, mean, cov = x @ u, mean @ u, u.T @ cov @ u
    centred = x - mean[:, None]
    products = centred[:, :, :, None] * centred[:, :, None, :]
    for what, value, right in (("mean", x, mean), ("covariance", products, cov)):
        error = value.std(axis=1) / np.sqrt(DRAWS)
        got = value.mean(axis=1)
        within = np.abs(got - right) <= SIGMAS * error + 1e-12 * np.abs(right)
        require(within.all(), f"a {what} of {gap(got, right)} (rows, moments())", "4 sd or less")


def samples_match_their_own_density(case: HasModel) -> None:
    """Shares of intervals on the line, of symbols, or a bridge to a known density in space."""
    model, rows = case.model, case.rows
    if not isinstance(model, DensityModel) or isinstance(model, SequenceModel):
        raise Skipped("the model has no log_prob(x)")
    if is_symbols(rows):
        _symbol_shares(model)
    elif rows.ndim == 3 and rows.shape[2] == 1:
        _interval_shares(model)
    elif rows.ndim == 3 and rows.shape[2] <= MOST_DIMENSIONS:
        _bridge(model, rows)
    else:
        raise Skipped(f"rows of shape {rows.shape[2:]} are too many dimensions to check a density")


def _shares(got: Floats, right: Floats, n: int) -> None:
    error = np.sqrt(right * (1 - right) / n)
    within = np.abs(got - right) <= SIGMAS * error + 1e-9
    require(within.all(), f"shares of {gap(got, right)} (rows, log_prob)", "4 sd or less between")


def _symbol_shares(model: DensityModel) -> None:
    x = model.sample(DRAWS, rng(13))
    k = int(x.max()) + 1
    if isinstance(model, CategoricalLaw):
        k = model.probabilities().shape[1]
    every = np.broadcast_to(np.arange(k), (model.n_chains, k))
    p = np.exp(model.log_prob(every))
    total = p.sum(axis=1)
    require(near(total, np.ones_like(total), atol=1e-6), f"a total of {total.max():.6g}", "1")
    _shares(np.stack([np.bincount(c, minlength=k) / c.size for c in x]), p, DRAWS)


def _interval_shares(model: DensityModel) -> None:
    """Integrate over the intervals between twenty quantiles of other draws, by trapezia."""
    edges = np.quantile(model.sample(DRAWS, rng(12))[:, :, 0], np.linspace(0.02, 0.98, 21), axis=1)
    x = model.sample(DRAWS, rng(13))[:, :, 0]
    inside = np.linspace(0.0, 1.0, 401)
    for c, e in enumerate(edges.T):
        grid = (e[:-1, None] + np.diff(e)[:, None] * inside).ravel()
        p = np.exp(model.log_prob(np.tile(grid[None, :, None], (model.n_chains, 1, 1))))[c]
        p = p.reshape(20, -1)
        mass = ((p[:, 1:] + p[:, :-1]) / 2).sum(axis=1) * np.diff(e) / 400
        _shares(np.histogram(x[c], e)[0] / DRAWS, np.minimum(mass, 1.0), DRAWS)


def _bridge(model: DensityModel, rows: Array) -> None:
    """E_p[q / (p + q)] = E_q[p / (p + q)] for a density q of kernels at some rows; both bounded.

    Wrong if log_prob is off by a constant, or if the rows come from another shape.
    """
    (c, n, d), stream = rows.shape, rng(14)
    h = np.array([0.35 * _nearby(centres) for centres in rows])
    centres = np.take_along_axis(rows, stream.integers(n, size=(c, DRAWS))[:, :, None], axis=1)
    from_q = centres + h[:, None, None] * stream.standard_normal((c, DRAWS, d))
    parts = []
    for x in (model.sample(DRAWS, rng(13)), from_q):
        log_q = np.stack([_kernels(*each) for each in zip(x, rows, h, strict=True)])
        parts.append(1 / (1 + np.exp(np.clip(model.log_prob(x) - log_q, -700, 700))))
    of_p, of_q = parts[0], 1 - parts[1]
    apart = of_p.mean(axis=1) - of_q.mean(axis=1)
    error = np.sqrt((of_p.var(axis=1) + of_q.var(axis=1)) / DRAWS)
    worst = int(np.argmax(np.abs(apart) / (error + 1e-12)))
    got = f"E[q/(p+q)] of its rows off by {apart[worst]:.3g} (error {error[worst]:.2g})"
    require((np.abs(apart) <= SIGMAS * error).all(), got, "4 sd or less: a density of its rows")


def _kernels(x: Array, centres: Array, h: float) -> Floats:
    """Return the log density at x (m, d) of normal kernels of width h at centres (n, d)."""
    n, d = centres.shape
    squares = ((x[:, None] - centres) ** 2).sum(axis=2) / h**2
    log_q: Floats = np.logaddexp.reduce(-0.5 * squares, axis=1)
    return log_q - np.log(n) - d * np.log(h * np.sqrt(2 * np.pi))


def _nearby(centres: Array) -> float:
    """The root mean square of a coordinate of nearest differences, times two."""
    squares = ((centres[:, None] - centres) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    return float(2 * np.sqrt(np.median(squares.min(axis=1)) / centres.shape[1]))


def next_tokens_have_probabilities_that_sum_to_1(case: HasModel) -> None:
    """Every token of the vocabulary in turn after a few prefixes, and their entropy."""
    model = _sequences(case)
    v, prefix = model.vocabulary, case.rows[:, :2, :3]
    before = np.repeat(prefix, v, axis=1)
    every = np.broadcast_to(np.tile(np.arange(v), 2)[:, None], (*before.shape[:2], 1))
    ln = model.token_log_probs(np.concatenate([before, every], axis=2))[:, :, -1]
    p = np.exp(ln.reshape(model.n_chains, 2, v))
    total = p.sum(axis=2)
    require(near(total, np.ones_like(total), 1e-4), f"a total of {total.ravel()[0]:.6g}", "1")
    with np.errstate(divide="ignore", invalid="ignore"):
        right = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=2)
    rows = np.concatenate([prefix, np.ones_like(prefix[:, :, :1])], axis=2)
    got = model.token_entropies(rows)[:, :, -1]
    require(near(got, right, 1e-3, 1e-4), f"entropies of {gap(got, right)}", "those of its law")


def what_fills_a_row_is_not_scored(case: HasModel) -> None:
    """0 where a row is over, and what comes before does not change."""
    model, x = _sequences(case), np.maximum(case.rows[:, :4], 0)
    short = x.copy()
    short[:, :, 4:] = NO_TOKEN
    for values in (model.token_log_probs, model.token_entropies):
        got, whole = values(short), values(x)
        require((got[:, :, 3:] == 0).all(), "a score of what fills a row", "0")
        same = near(got[:, :, :3], whole[:, :, :3], 1e-4, 1e-5)
        require(same, f"before the end {gap(got[:, :, :3], whole[:, :, :3])}", "the same scores")


def rows_are_written_with_their_own_probabilities(case: HasModel) -> None:
    """-ln p - H of every token written after an end token has mean 0, given all before it."""
    model = _sequences(case)
    if not isinstance(model, PromptedModel):
        raise Skipped("nothing is known of what stands before the first token")
    x = model.sample(DRAWS // 4, rng(13))
    rows = np.concatenate([np.full((*x.shape[:2], 1), model.end), x], axis=2)
    used = x != NO_TOKEN
    surprise = -model.token_log_probs(rows) - model.token_entropies(rows)
    for c in range(model.n_chains):
        d = surprise[c][used[c]]
        z = d.sum() / np.sqrt((d**2).sum() + 1e-12)
        require(abs(z) <= SIGMAS, f"-ln p - H of mean {d.mean():.4g} ({z:.1f} sd)", "0 within 4 sd")


def _sequences(case: HasModel) -> SequenceModel:
    if not isinstance(case.model, SequenceModel):
        raise Skipped("the model writes no rows of tokens")
    return case.model


MODEL_LAWS = (
    samples_have_the_shape_of_rows,
    sampling_and_measuring_never_change_a_model,
    nobody_can_write_into_a_model,
    draws_are_a_function_of_the_stream,
    samples_have_their_own_moments,
    samples_match_their_own_density,
    next_tokens_have_probabilities_that_sum_to_1,
    what_fills_a_row_is_not_scored,
    rows_are_written_with_their_own_probabilities,
)
