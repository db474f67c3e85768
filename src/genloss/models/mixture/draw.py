"""Rows of a mixture from uniform and normal draws, compiled."""

from genloss.compiled import compiled
from genloss.core.arrays import Floats


@compiled()
def place_rows(edges: Floats, means: Floats, factors: Floats, u: Floats, z: Floats) -> None:
    """Turn z (C, n, d) into rows means_k + L_k z, in place, k chosen by u (C, n).

    edges (C, k): cumulative weights, u in [0, edges[-1]). factors (C, k, d, d): lower triangular.
    """
    for chain in range(z.shape[0]):
        for row in range(z.shape[1]):
            k = 0
            while k < edges.shape[1] - 1 and u[chain, row] >= edges[chain, k]:
                k += 1
            # From the last coordinate down, so that each z_j is read before it is overwritten.
            for i in range(z.shape[2] - 1, -1, -1):
                value = means[chain, k, i]
                for j in range(i + 1):
                    value += factors[chain, k, i, j] * z[chain, row, j]
                z[chain, row, i] = value
