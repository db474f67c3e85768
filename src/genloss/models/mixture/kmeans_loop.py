"""Compiled k-means on the columns (d, n) of one chain, with the loop over rows innermost."""

import numpy as np

from genloss.compiled import REORDERED, compiled
from genloss.core.arrays import Floats, Ints


@compiled(fastmath=REORDERED)
def squared_distances(x: Floats, centre: Floats, out: Floats) -> None:
    """|x_j - centre|^2 of every column (d, n) into out (n,)."""
    for j in range(out.size):
        out[j] = 0.0
    for i in range(x.shape[0]):
        for j in range(out.size):
            u = x[i, j] - centre[i]
            out[j] += u * u


@compiled(fastmath=REORDERED)
def smaller(near: Floats, far: Floats, weight: Floats) -> float:
    """near_j = min(near_j, far_j) in place; returns sum_j w_j near_j."""
    total = 0.0
    for j in range(near.size):
        near[j] = min(near[j], far[j])
        total += weight[j] * near[j]
    return total


@compiled()
def draw_row(mass: Floats, u: float) -> int:
    """The first row whose running sum of mass exceeds u times the whole; the last one if none."""
    left = 0.0
    for j in range(mass.size):
        left += mass[j]
    left *= u
    for j in range(mass.size):
        left -= mass[j]
        if left < 0.0:
            return j
    return mass.size - 1


@compiled()
def first_centres(x: Floats, weight: Floats, uniforms: Floats, trials: int, out: Floats) -> None:
    """Greedy k-means++: k rows of x into out (k, d)."""
    d, n = x.shape
    nearest, best = np.full(n, np.inf), np.empty(n)
    candidate, mass = np.empty(n), np.empty(n)
    row = draw_row(weight, uniforms[0])
    for h in range(out.shape[0]):
        least = np.inf
        for trial in range(trials if h else 1):
            if h:
                row = draw_row(mass, uniforms[1 + (h - 1) * trials + trial])
            squared_distances(x, x[:, row].copy(), candidate)
            total = smaller(candidate, nearest, weight)
            if total < least:
                least = total
                for i in range(d):
                    out[h, i] = x[i, row]
                best, candidate = candidate, best
        nearest, best = best, nearest
        for j in range(n):
            mass[j] = weight[j] * nearest[j]


@compiled(fastmath=REORDERED)
def assign(x: Floats, centres: Floats, nearest: Floats, far: Floats, labels: Ints) -> int:
    """Nearest centre of every column into labels, its squared distance too; returns changes."""
    n, changes = labels.size, 0
    old = labels.copy()
    squared_distances(x, centres[0], nearest)
    for j in range(n):
        labels[j] = 0
    for h in range(1, centres.shape[0]):
        squared_distances(x, centres[h], far)
        for j in range(n):
            closer = far[j] < nearest[j]
            labels[j] = h if closer else labels[j]
            nearest[j] = far[j] if closer else nearest[j]
    for j in range(n):
        changes += old[j] != labels[j]
    return changes


@compiled(fastmath=REORDERED)
def gather(x: Floats, weight: Floats, labels: Ints, sums: Floats) -> None:
    """Weighted sums of the columns of every label, and their weight, into sums (k, d + 1)."""
    d, n = x.shape
    for h in range(sums.shape[0]):
        count = 0.0
        for j in range(n):
            count += weight[j] if labels[j] == h else 0.0
        sums[h, d] = count
        for i in range(d):
            total = 0.0
            for j in range(n):
                total += weight[j] * x[i, j] if labels[j] == h else 0.0
            sums[h, i] = total


@compiled()
def refill(x: Floats, weight: Floats, labels: Ints, nearest: Floats, sums: Floats) -> None:
    """Give every label without weight the row farthest from its own centre."""
    d, n = x.shape
    for h in range(sums.shape[0]):
        if sums[h, d] > 0.0:
            continue
        row, distance = -1, 0.0
        for j in range(n):
            if nearest[j] > distance and weight[j] > 0.0:
                row, distance = j, nearest[j]
        if row < 0:
            return
        nearest[row] = 0.0
        for i in range(d):
            sums[labels[row], i] -= weight[row] * x[i, row]
            sums[h, i] = weight[row] * x[i, row]
        sums[labels[row], d] -= weight[row]
        sums[h, d] = weight[row]


@compiled()
def cluster(
    x: Floats,
    weight: Floats,
    k: int,
    uniforms: Floats,
    trials: int,
    max_iter: int,
    tol: float,
    labels: Ints,
) -> None:
    """One run on columns x (d, n), which are centred in place; fills labels (n,)."""
    d, n = x.shape
    variance = 0.0
    for i in range(d):
        mean = 0.0
        for j in range(n):
            mean += x[i, j] / n
        for j in range(n):
            x[i, j] -= mean
            variance += x[i, j] * x[i, j] / (n * d)
    centres, sums = np.zeros((k, d)), np.empty((k, d + 1))
    nearest, far = np.empty(n), np.empty(n)
    first_centres(x, weight, uniforms, trials, centres)
    for j in range(n):
        labels[j] = -1
    for _ in range(max_iter):
        if assign(x, centres, nearest, far, labels) == 0:
            return
        gather(x, weight, labels, sums)
        refill(x, weight, labels, nearest, sums)
        moved = 0.0
        for h in range(k):
            for i in range(d):
                new = sums[h, i] / sums[h, d] if sums[h, d] > 0.0 else centres[h, i]
                moved += (new - centres[h, i]) ** 2
                centres[h, i] = new
        if moved <= tol * variance:
            break
    assign(x, centres, nearest, far, labels)
