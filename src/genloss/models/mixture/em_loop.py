"""Compiled expectation-maximisation: one fused pass over the rows for each iteration.

Rows lie in columns (d, n), centred on the chain's mean. A pass computes the responsibilities
r_jk and adds them up at once into sum_j r_jk [1, u, u u^T] with u = x_j - centre_k, so that no
array of responsibilities exists. centre_k is the mean that component k had before the pass: a
component of standard deviation 1e-4 at distance 1 keeps its covariance to rounding, where
E[x x^T] - mu mu^T would lose eight digits.

Full covariances take the pass of em_common where it is accurate, unless k = d = 2: that
shape, the published one, has a loop in registers which sums about every mean.
"""

import math

import numpy as np

from genloss.compiled import REORDERED, compiled
from genloss.core.arrays import Floats
from genloss.models.mixture.em_common import Common, common_pass, suits

COMMON = "9b56f21c0c06"
"""First digits of the SHA-256 of em_common.py. numba's cache of an outer function does not
notice a change in the file of an inner one; a test asks for these to follow, which it notices."""

FULL, DIAGONAL, SPHERICAL = 0, 1, 2
FITTED, SINGULAR, UNBOUNDED = 0, 1, 2

ROWS = 512
"""Rows of a block: the block stays in the first-level cache, and a product of as many
numbers in [1, 2] stays below the largest float."""

BARELY = 10 * 2.220446049250313e-16
"""scikit-learn adds this to every component's count, so that an empty one divides by no zero."""

LOST = 1e-6
"""A variance below this share of the moment it is taken from is computed once more."""

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
LOG2_E, SMALLEST = 1 / math.log(2), -708.0
# ln 2 in two parts: the first has 32 bits, so that its product with a small integer is exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
ROUND, BIAS = 1.5 * 2.0**52, 1023
(C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12) = (1 / math.factorial(i) for i in range(2, 13))


@compiled(fastmath={"contract"})
def exp_nonpositive(t: float) -> float:
    """exp(t) for t <= 0 to 4e-16 relative, and 0 below -708, in a form that vectorises.

    t = m ln 2 + r with |r| <= ln(2) / 2; exp(r) by its Taylor series to r^12 (remainder 1.7e-16);
    2^m by writing m into the exponent bits.
    """
    # Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits; must not be reordered.
    shifted = t * LOG2_E + ROUND
    m = shifted - ROUND
    r = (t - m * LN2_HIGH) - m * LN2_LOW
    p = C9 + r * (C10 + r * (C11 + r * C12))
    p = C5 + r * (C6 + r * (C7 + r * (C8 + r * p)))
    p = 1.0 + r * (1.0 + r * (C2 + r * (C3 + r * (C4 + r * p))))
    exponent = (np.float64(shifted).view(np.int64) + BIAS) << 52
    return p * np.int64(exponent).view(np.float64) if t >= SMALLEST else 0.0


@compiled(fastmath=REORDERED)
def pass_pair_plane(
    x: Floats, y: Floats, centre: Floats, p: Floats, at: Floats, c: Floats, out: Floats
) -> float:
    """One block of the pass for k = 2 components in d = 2, everything in registers.

    One exponential of the log-odds and one division a row; log(1 + e) as the log of a product.
    Adds (sum r, sum r u, sum r v, sum r u^2, sum r u v, sum r v^2) to out (2, 6); returns the
    block's log-likelihood.
    """
    x0, y0, x1, y1 = centre[0, 0], centre[0, 1], centre[1, 0], centre[1, 1]
    a0, b0, d0, f0, g0, c0 = p[0, 0, 0], p[0, 1, 0], p[0, 1, 1], at[0, 0], at[0, 1], c[0]
    a1, b1, d1, f1, g1, c1 = p[1, 0, 0], p[1, 1, 0], p[1, 1, 1], at[1, 0], at[1, 1], c[1]
    n0 = su0 = sv0 = suu0 = suv0 = svv0 = 0.0
    n1 = su1 = sv1 = suu1 = suv1 = svv1 = 0.0
    bound, product = 0.0, 1.0
    for j in range(x.size):
        u0, v0, u1, v1 = x[j] - x0, y[j] - y0, x[j] - x1, y[j] - y1
        s, t = a0 * u0 + f0, b0 * u0 + d0 * v0 + g0
        log0 = c0 - (s * s + t * t)
        s, t = a1 * u1 + f1, b1 * u1 + d1 * v1 + g1
        log1 = c1 - (s * s + t * t)
        top = max(log0, log1)
        e = exp_nonpositive(min(log0, log1) - top)
        larger = 1.0 / (1.0 + e)
        smaller = e * larger
        r0 = larger if log0 >= log1 else smaller
        r1 = smaller if log0 >= log1 else larger
        bound += top
        product *= 1.0 + e
        n0, n1 = n0 + r0, n1 + r1
        s, t = r0 * u0, r0 * v0
        su0, sv0, suu0, suv0, svv0 = su0 + s, sv0 + t, suu0 + s * u0, suv0 + s * v0, svv0 + t * v0
        s, t = r1 * u1, r1 * v1
        su1, sv1, suu1, suv1, svv1 = su1 + s, sv1 + t, suu1 + s * u1, suv1 + s * v1, svv1 + t * v1
    for i, total in enumerate((n0, su0, sv0, suu0, suv0, svv0)):
        out[0, i] += total
    for i, total in enumerate((n1, su1, sv1, suu1, suv1, svv1)):
        out[1, i] += total
    return bound + math.log(product)


@compiled(fastmath=REORDERED)
def add_sums(
    share: Floats,
    total: Floats,
    x: Floats,
    term: Floats,
    centre: Floats,
    spread: int,
    out: Floats,
) -> None:
    """Add one component's sums over a block to out; share (m,) becomes its responsibilities."""
    d, m = centre.shape[0], total.shape[0]
    count = 0.0
    for j in range(m):
        share[j] *= total[j]
        count += share[j]
    out[0] += count
    for i in range(d):
        start, first = centre[i], 0.0
        for j in range(m):
            term[j] = share[j] * (x[i, j] - start)
            first += term[j]
        out[1 + i] += first
        for l in range(0 if spread == FULL else i, i + 1):
            start, second = centre[l], 0.0
            for j in range(m):
                second += term[j] * (x[l, j] - start)
            out[1 + d + i * (i + 1) // 2 + l] += second


@compiled(fastmath=REORDERED)
def pass_block(
    rows: Floats,
    weight: Floats,
    centre: Floats,
    p: Floats,
    at: Floats,
    c: Floats,
    spread: int,
    work: Floats,
    out: Floats,
) -> float:
    """One block (d, m) of the pass for any k and d; weight (m,), or (0,) where every row counts 1.

    work (k + 3 + d, ROWS). Adds (sum r, sum r u_i, sum r u_i u_l for l <= i) to out (k, ...).
    """
    k, d, m = centre.shape[0], rows.shape[0], rows.shape[1]
    top, total, term, x = work[k], work[k + 1], work[k + 2], work[k + 3 :]
    # Adjacent in memory, which the compiler can see: without it no loop below is vectorised.
    for i in range(d):
        for j in range(m):
            x[i, j] = rows[i, j]
    for h in range(k):
        log_h = work[h]
        for j in range(m):
            log_h[j] = c[h]
        for i in range(d):
            for j in range(m):
                term[j] = at[h, i]
            for l in range(0 if spread == FULL else i, i + 1):
                slope, start = p[h, i, l], centre[h, l]
                for j in range(m):
                    term[j] += slope * (x[l, j] - start)
            for j in range(m):
                log_h[j] -= term[j] * term[j]
        for j in range(m):
            top[j] = log_h[j] if h == 0 else max(top[j], log_h[j])
    for j in range(m):
        total[j] = 0.0
    for h in range(k):
        log_h = work[h]
        for j in range(m):
            log_h[j] = exp_nonpositive(log_h[j] - top[j])
            total[j] += log_h[j]
    bound = add_bound(top, total, weight, m)
    for j in range(m):
        total[j] = 1.0 / total[j]
    for j in range(weight.size):
        total[j] *= weight[j]
    for h in range(k):
        add_sums(work[h, :m], total[:m], x, term, centre[h], spread, out[h])
    return bound


@compiled(fastmath=REORDERED)
def add_bound(top: Floats, total: Floats, weight: Floats, m: int) -> float:
    """sum_j w_j (top_j + log total_j), with one logarithm for 16 rows where w_j = 1."""
    bound = 0.0
    for j in range(weight.size):
        bound += weight[j] * (top[j] + math.log(total[j]))
    if weight.size == 0:
        for j in range(m):
            bound += top[j]
        for first in range(0, m, 16):
            product = 1.0
            for j in range(first, min(first + 16, m)):
                product *= total[j]
            bound += math.log(product)
    return bound


@compiled()
def whole_pass(
    x: Floats,
    weight: Floats,
    centre: Floats,
    p: Floats,
    at: Floats,
    c: Floats,
    spread: int,
    work: Floats,
    out: Floats,
) -> float:
    """Expectation step and sufficient statistics over all rows; returns sum_j w_j log p(x_j)."""
    for h in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[h, i] = 0.0
    bound = 0.0
    n = x.shape[1]
    pair_plane = x.shape[0] == 2 and centre.shape[0] == 2 and weight.size == 0
    for first in range(0, n, ROWS):
        last = min(first + ROWS, n)
        if pair_plane:
            bound += pass_pair_plane(x[0, first:last], x[1, first:last], centre, p, at, c, out)
        else:
            part = weight[first:last]
            bound += pass_block(x[:, first:last], part, centre, p, at, c, spread, work, out)
    return bound


@compiled()
def factorise(cov: Floats, spread: int, p: Floats) -> float:
    """Fill p = L^-1 / sqrt(2), cov = L L^T; returns log det L^-1, NaN if cov is not positive.

    Then |p u|^2 is half the squared Mahalanobis length of u.
    """
    d = cov.shape[0]
    log_det = 0.0
    for i in range(d):
        for j in range(0 if spread == FULL else i, i + 1):
            rest = cov[i, j]
            for l in range(0 if spread == FULL else j, j):
                rest -= p[i, l] * p[j, l]
            if i > j:
                p[i, j] = rest / p[j, j]
            elif rest > 0.0 and rest < math.inf:
                p[i, i] = math.sqrt(rest)
                log_det -= 0.5 * math.log(rest)
            else:
                return math.nan
    for j in range(d):
        p[j, j] = 1.0 / p[j, j]
        for i in range(j + 1, d if spread == FULL else j):
            rest = p[i, j] * p[j, j]
            for l in range(j + 1, i):
                rest += p[i, l] * p[l, j]
            p[i, j] = -rest / p[i, i]
    for i in range(d):
        for j in range(i + 1):
            p[i, j] *= math.sqrt(0.5)
    return log_det


@compiled()
def maximise(
    out: Floats,
    centre: Floats,
    shift: Floats,
    reg_covar: Floats,
    spread: int,
    weights: Floats,
    means: Floats,
    covs: Floats,
) -> bool:
    """Maximisation step from the statistics about centre; False where digits were lost."""
    k, d = means.shape
    accurate, total = True, 0.0
    for h in range(k):
        count = out[h, 0] + BARELY
        weights[h] = count
        total += count
        for i in range(d):
            step = (out[h, 1 + i] - BARELY * (centre[h, i] + shift[i])) / count
            means[h, i] = centre[h, i] + step
            for l in range(0 if spread == FULL else i, i + 1):
                other = means[h, l] - centre[h, l]
                raw = out[h, 1 + d + i * (i + 1) // 2 + l]
                kept = raw - out[h, 1 + i] * other - step * out[h, 1 + l]
                kept = (kept + out[h, 0] * step * other) / count
                if i == l:
                    accurate &= kept >= LOST * raw / count
                    kept = max(kept, 0.0) + reg_covar[i]
                covs[h, i, l] = kept
                covs[h, l, i] = kept
    for h in range(k):
        weights[h] /= total
    for h in range(k if spread == SPHERICAL else 0):
        variance = 0.0
        for i in range(d):
            variance += covs[h, i, i] / d
        for i in range(d):
            covs[h, i, i] = variance
    return accurate


@compiled()
def prepare(weights: Floats, covs: Floats, spread: int, p: Floats, c: Floats) -> int:
    """Factors p and log constants c of every component; returns the first singular one, or -1."""
    k, d = covs.shape[0], covs.shape[1]
    for h in range(k):
        log_det = factorise(covs[h], spread, p[h])
        if math.isnan(log_det):
            return h
        c[h] = math.log(weights[h]) + log_det - d * HALF_LOG_2PI
    return -1


@compiled()
def centred(x: Floats, means: Floats) -> Floats:
    """Subtract the mean of the columns (d, n) from them and from means (k, d); returns it (d,)."""
    shift = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            shift[i] += x[i, j]
        shift[i] /= x.shape[1]
        for j in range(x.shape[1]):
            x[i, j] -= shift[i]
        for h in range(means.shape[0]):
            means[h, i] -= shift[i]
    return shift


@compiled()
def recentre(p: Floats, means: Floats, centre: Floats, at: Floats) -> None:
    """Move the centres (k, d) to the means: at (k, d) keeps p (x - centre) + at as it was."""
    for h in range(means.shape[0]):
        for i in range(means.shape[1]):
            for l in range(i + 1):
                at[h, i] += p[h, i, l] * (means[h, l] - centre[h, l])
        for i in range(means.shape[1]):
            centre[h, i] = means[h, i]


@compiled()
def fit_chain(
    x: Floats,
    weight: Floats,
    shift: Floats,
    common: Common | None,
    spread: int,
    tol: float,
    max_iter: int,
    reg_covar: Floats,
    weights: Floats,
    means: Floats,
    covs: Floats,
) -> tuple[int, float, int, int, bool]:
    """Iterate one chain in place; returns n_iter, bound, status, guilty component, converged.

    x (d, n) and means lie about the chain's mean, shift (d,); reg_covar (d,) is added to the
    variances. Without common (None), which the compiler sees, only whole_pass is compiled.
    """
    k, d = means.shape
    rows = 0.0 if weight.size else float(x.shape[1])
    for j in range(weight.size):
        rows += weight[j]
    origin = np.zeros((k, d))
    p, c, at = np.zeros((k, d, d)), np.empty(k), np.zeros((k, d))
    work, out = np.empty((k + 3 + d, ROWS)), np.empty((k, 1 + d + d * (d + 1) // 2))
    centre, bound, n_iter, converged = np.empty((k, d)), -math.inf, 0, False
    guilty = prepare(weights, covs, spread, p, c)
    while guilty < 0 and n_iter < max_iter and not converged:
        n_iter, before = n_iter + 1, bound
        for h in range(k):
            for i in range(d):
                centre[h, i], at[h, i] = means[h, i], 0.0
        enough = False
        # Two conditions, not one: only "is not None" by itself is decided by the compiler.
        if common is not None:  # noqa: SIM102
            if suits(common[3], means, p):
                now = (weights, means, p, c)
                bound = common_pass(common, weight, now, work, out) / rows
                enough = maximise(out, origin, shift, reg_covar, spread, weights, means, covs)
        for _ in range(0 if enough else 2):
            bound = whole_pass(x, weight, centre, p, at, c, spread, work, out) / rows
            if maximise(out, centre, shift, reg_covar, spread, weights, means, covs):
                break
            # A component moved by many of its standard deviations: sum again about its new mean.
            recentre(p, means, centre, at)
        if not abs(bound) < math.inf:
            return n_iter, bound, UNBOUNDED, guilty, False
        guilty = prepare(weights, covs, spread, p, c)
        converged = abs(bound - before) < tol
    for h in range(k):
        for i in range(d):
            means[h, i] += shift[i]
    return n_iter, bound, FITTED if guilty < 0 else SINGULAR, guilty, converged
