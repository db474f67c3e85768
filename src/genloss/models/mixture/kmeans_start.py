"""k-means as the start of a mixture: one run, k-means++ then Lloyd, every chain at once."""

import math

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.errors import FitError, SpecError
from genloss.models.columns import columns, row_weight


def kmeans_labels(
    x: Floats,
    k: int,
    rng: np.random.Generator,
    *,
    max_iter: int = 300,
    tol: float = 1e-4,
    weight: Floats | None = None,
    threads: int | None = None,
) -> Ints:
    """Cluster every chain into k groups that make sum_j w_j |x_j - centre(label_j)|^2 small.

    Centres start by greedy k-means++: the first is a random row; each next one is the best of
    2 + floor(ln k) rows drawn with probability proportional to w_j times the squared distance to
    the nearest centre so far. Lloyd's steps follow until no label changes, or the centres together
    move by less than sqrt(tol times the mean variance of a coordinate). A centre that loses its
    last row moves to the row farthest from its own centre. This is scikit-learn's KMeans with
    n_init = 1, on other random numbers.

    Args:
        x: rows (C, n, d), finite.
        k: clusters, 1 to n.
        rng: one block of C (1 + (k - 1) trials) uniform numbers is drawn, chain after chain, so
            that a chain's labels depend neither on the chains after it nor on the threads.
        max_iter: Lloyd steps at most, 1 or more.
        tol: squared movement at convergence, as a share of the mean variance.
        weight: rows count this often, (C, n), 0 or more, above 0 somewhere in every chain.
        threads: at most so many; None takes every core, or NUMBA_NUM_THREADS.

    Returns:
        Labels (C, n) in 0..k-1, not all of them in use where rows coincide.

    Raises:
        SpecError: k, max_iter or tol out of range.
        DataError: x or weight of another shape, or a weight out of range.
        FitError: more clusters than rows.

    Cost: O(C n k d) a step. Sources: Lloyd (1982); Arthur & Vassilvitskii (2007).
    """
    cols = columns(x)
    chains, _, rows = cols.shape
    _check(k, rows, max_iter, tol)
    from genloss.models.mixture.kmeans_loop import cluster
    from genloss.models.threads import each_chain

    trials = 2 + int(math.log(k))
    uniforms = rng.random((chains, 1 + (k - 1) * trials))
    w = np.ones((chains, rows)) if weight is None else row_weight(weight, x)
    labels = np.empty((chains, rows), np.int64)

    def task(c: int) -> None:
        cluster(cols[c], w[c], k, uniforms[c], trials, max_iter, float(tol), labels[c])

    each_chain(task, chains, threads)
    return labels


def _check(k: int, rows: int, max_iter: int, tol: float) -> None:
    if k < 1 or max_iter < 1 or not tol >= 0.0:
        raise SpecError(
            f"k-means with k = {k}, max_iter = {max_iter}, tol = {tol}; expected k and max_iter of "
            "1 or more, tol of 0 or more"
        )
    if k > rows:
        raise FitError(
            f"every chain has {rows} row(s) for {k} clusters; use at most {rows} clusters "
            "or train on more rows"
        )
