"""Linear regression y = x . w* + noise, relabelled by its own predictions, fit after fit.

T rows x ~ N(0, I_d), noise variance sigma^2, least squares. Errors are E||w_t - w*||^2, the test
error without the noise floor; with features of covariance Sigma, the Sigma-norm, the same law.

Generation 1 fits real labels: w_1 = w* + X^+ e_1, and E||X^+ e||^2 = sigma^2 E tr (X'X)^{-1} =
sigma^2 d/(T - d - 1), the mean of an inverse Wishart matrix: one *dose* of error.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genloss.theory import arguments, moments


def dose(n: float, d: float, *, sigma2: float = 1.0) -> float:
    """Error of one fit: sigma^2 d/(T - d - 1).

    Args:
        n: rows T per generation, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        E||w_1 - w*||^2, >= 0. Source: inverse Wishart mean; Gerstgrasser et al. 2024.
    """
    rows = arguments.number("n", n, arguments.number("d", d, 1) + 2)
    return arguments.number("sigma2", sigma2) * d / (rows - d - 1)


def replace_error(t: ArrayLike, n: float, d: float, *, sigma2: float = 1.0) -> NDArray[np.float64]:
    """Replace: E = t sigma^2 d/(T - d - 1); every generation adds an independent dose.

    w_t = w_{t-1} + X^+ e_t, whether the features are kept or drawn anew.

    Args:
        t: generations, any shape.
        n: rows T per generation, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        Shape of `t`. Source: Dohmatob et al. 2024; Gerstgrasser et al. 2024.
    """
    return np.asarray(arguments.generations(t) * dose(n, d, sigma2=sigma2))


def accumulate_error(
    t: ArrayLike, n: float, d: float, *, sigma2: float = 1.0
) -> NDArray[np.float64]:
    """Accumulate, same features relabelled: E = dose * sum_{s<=t} 1/s^2 <= dose * pi^2/6.

    The fit to all labels of the same X is the mean of the fits, w_t = (1/t) sum_s (w_{s-1} +
    X^+ e_s) with w_0 = w*, so w_t - w_{t-1} = X^+ e_t / t.

    Args:
        t: generations, any shape.
        n: rows T per generation, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        Shape of `t`; bounded. Source: Gerstgrasser et al. 2024.
    """
    squares = moments.accumulate_mean_error_bound(t, 1)
    return np.asarray(dose(n, d, sigma2=sigma2) * squares)


def replace_multiple_error(
    t: ArrayLike, n: float, d: float, *, sigma2: float = 1.0, kept: bool = False
) -> NDArray[np.float64]:
    """Replace, with t T rows at generation t: E grows like ln t.

    The features of generation s are s T new rows, E = sum_{s<=t} sigma^2 d/(s T - d - 1); or, if
    kept, the first T ones s times over, so that X'X is s times as large: E = dose sum_{s<=t} 1/s.

    Args:
        t: generations, any shape.
        n: rows T of generation 1, > d + 1.
        d: features.
        sigma2: noise variance.
        kept: whether the features stay.

    Returns:
        Shape of `t`. Source: derived here; O(log t) in Gerstgrasser et al. 2024.
    """
    steps = arguments.generations(t)
    first = dose(n, d, sigma2=sigma2)
    times = np.arange(1, steps.max(initial=0) + 1)
    shares = 1 / times if kept else (n - d - 1) / (n * times - d - 1)
    return np.asarray(arguments.running(first * shares)[steps])


def edited_rows(t: ArrayLike, n: float, *, share: float, decay: float) -> NDArray[np.int64]:
    """Rows of D_t in another version than the real one: min(n, n share (1 + q + ... + q^(t-2))).

    Args:
        t: generations, any shape.
        n: rows T.
        share: share of the rows that is rewritten between generations 1 and 2, in [0, 1].
        decay: q in [0, 1], what an edit is of the one before.

    Returns:
        Whole numbers, shape of `t`.
    """
    steps = np.maximum(arguments.generations(t) - 1, 0)
    first, q = (float(arguments.fraction(*a)) for a in (("share", share), ("decay", decay)))
    fits = steps if q == 1 else (1 - q**steps) / (1 - q)
    return np.minimum(np.rint(n * first * fits), n).astype(np.int64)


def token_edit_error(
    t: ArrayLike,
    n: float,
    d: float,
    *,
    share: float,
    decay: float,
    sigma2: float = 1.0,
    draws: int = 4000,
) -> NDArray[np.float64]:
    """Token editing, same features: exact given X, and averaged over `draws` of X.

    Write X = U P with P = (X'X)^(1/2), so that U'U = I, and c_t = P (w_t - w*) = U'e_t, where e_t
    are the errors of the labels of D_t. Between fits t and t + 1 the rows of a block A, real until
    then, take the labels x . w_t + noise; with B = U_A'U_A and fresh noise e'

        c_{t+1} = (I + B) c_t - U_A'e_A + U_A'e'_A,     c_1 = U'e_1.

    So Cov(c_t, U_A'e_A) = sigma^2 F_t B for every block not yet edited, F_{t+1} = (I + B) F_t, and

        V_{t+1} = (I + B) V_t (I + B) - (I + B) F_t B - B F_t'(I + B) + 2 B,     V_1 = I.

    P is independent of U and E P^{-2} = I/(T - d - 1), hence E = sigma^2 E tr V_t/(T - d - 1). One
    edit of q T rows costs about 2 q - q^2 doses, all rows at once two doses in all; many small
    edits of a share f lead to 2 e^f - 1 doses (d much smaller than T).

    Args:
        t: generations, any shape.
        n: rows T, > d + 1.
        d: features.
        share: share of the rows rewritten between generations 1 and 2.
        decay: what an edit is of the one before.
        sigma2: noise variance, of real labels and of the model's.
        draws: of X, always the same ones; 4,000 leave a relative error below 0.1 %.

    Returns:
        Shape of `t`. Cost O(draws d^3) for each edit. Source: derived here; setting of Zhu et al.
        2025, whose editing matrices are these blocks.
    """
    steps = arguments.generations(t)
    one = dose(n, d, sigma2=sigma2)
    last = max(int(steps.max(initial=0)), 1)
    done = edited_rows(np.arange(1, last + 1), n, share=share, decay=decay)
    blocks = _blocks(np.diff(done).tolist(), int(n), int(d), draws)
    path = [0.0, float(d)]
    eye = np.eye(int(d))
    v = f = np.tile(eye, (draws, 1, 1))
    for b in blocks:
        if b is not None:
            g = eye + b
            grown = g @ f @ b
            v = g @ v @ g - grown - grown.transpose(0, 2, 1) + 2 * b
            f = g @ f
        path.append(float(np.trace(v, axis1=1, axis2=2).mean()))
    return np.asarray(one / d * np.array(path)[steps])


def _blocks(sizes: list[int], n: int, d: int, draws: int) -> list[NDArray[np.float64] | None]:
    """Draw U_A'U_A (draws, d, d) of disjoint blocks of rows; None for an empty one."""
    rng = np.random.default_rng(0)

    def scatter(rows: int) -> NDArray[np.float64] | None:
        if not rows:
            return None
        if rows < d:
            x = rng.standard_normal((draws, d, rows))
        else:
            # The factor of Bartlett: as many numbers for any number of rows.
            x = np.tril(rng.standard_normal((draws, d, d)), -1)
            x[:, np.arange(d), np.arange(d)] = np.sqrt(
                rng.chisquare(rows - np.arange(d), (draws, d))
            )
        return np.asarray(x @ x.transpose(0, 2, 1))

    parts = [scatter(m) for m in sizes]
    rest = scatter(n - sum(sizes))
    total = sum((p for p in (*parts, rest) if p is not None), np.zeros((draws, d, d)))
    values, vectors = np.linalg.eigh(total)
    root = (vectors / np.sqrt(values)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return [None if p is None else root @ p @ root for p in parts]


def token_edit_bound(n: float, d: float, *, sigma2: float = 1.0) -> float:
    """Token-edited real labels: E <= 2 sigma^2 d/(T - d - 1) at every generation.

    As published. With labels rewritten by the model of the last generation (`token_edit_error`) it
    holds while at most about 40 % of the rows are ever edited (2 e^f - 1 <= 2), and for one edit of
    any size; many small edits of all rows lead to 2 e - 1 = 4.4 doses.

    Args:
        n: rows T, > d + 1.
        d: features.
        sigma2: noise variance.

    Returns:
        A bound that does not grow with t. Source: Zhu et al. 2025 (ToEdit).
    """
    return 2 * dose(n, d, sigma2=sigma2)
