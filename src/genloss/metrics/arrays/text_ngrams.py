"""N-grams of rows of tokens (C, n, T): variety, repetition, survival.

NO_TOKEN = -1 fills rows; n-grams lie inside rows. Whatever depends on the size of a corpus is to be
compared at an equal number of tokens: cut with `first_tokens` first.
"""

from collections.abc import Iterator

import numpy as np

from genloss.core.arrays import Array, Floats, Ints
from genloss.core.numbers import open_fraction
from genloss.core.samples import NO_TOKEN
from genloss.errors import DataError, SpecError

BANDS = {"all": (1, np.inf), "hapax": (1, 1), "rare": (2, 10), "common": (11, np.inf)}
"""Frequency bands by the count of an n-gram in real text: least and most."""


def token_counts(x: Ints) -> Ints:
    """Return the number of tokens of every chain (C,)."""
    return np.asarray((checked(x) != NO_TOKEN).sum(axis=(1, 2)))


def first_tokens(x: Ints, most: int | Ints) -> Ints:
    """Keep the first `most` tokens of every chain, row after row; NO_TOKEN takes the others' place.

    Args:
        x: tokens (C, n, T).
        most: a number, or one per chain (C,).

    Returns:
        (C, n, T), the last row that counts cut short.

    Raises:
        DataError: a chain with fewer tokens.
    """
    x, most = checked(x), np.asarray(most)
    have = token_counts(x)
    if (have < most).any():
        raise DataError(f"first_tokens: got {have.min()} tokens, expected {most.max()}; ask fewer")
    place = np.cumsum((x != NO_TOKEN).reshape(len(x), -1), axis=1).reshape(x.shape)
    return np.where(place <= most.reshape(-1, 1, 1), x, NO_TOKEN)


def ngram_codes(x: Ints, n: int) -> Ints:
    """Number the n-grams of rows (..., T): equal n-grams, equal numbers, -1 where one is cut off.

    Returns:
        (..., T - n + 1), comparable within one call only. Exact: where the packed tokens would not
        fit into 63 bits, the n-grams so far are numbered anew. O(size log size) then, else O(size).

    Raises:
        SpecError: n below 1 or above T.
    """
    # Codes of narrow integers would wrap around.
    x = np.asarray(x).astype(np.int64, copy=False)
    width = x.shape[-1] - n + 1
    if n < 1 or width < 1:
        raise SpecError(f"n-grams of {n} tokens in rows of {x.shape[-1]}; expected 1 to that")
    vocabulary = max(int(x.max()), 0) + 1
    code, size = np.maximum(x[..., :width], 0), vocabulary
    for j in range(1, n):
        if size > (1 << 62) // vocabulary:
            kinds, code = np.unique(code, return_inverse=True)
            code, size = code.reshape((*x.shape[:-1], width)), len(kinds)
        code = code * vocabulary + np.maximum(x[..., j : width + j], 0)
        size *= vocabulary
    # A gap is never inside a row: the last token decides.
    return np.where(x[..., n - 1 :] != NO_TOKEN, code, -1)


def distinct_n(x: Ints, n: int) -> Floats:
    """Different n-grams over all n-grams of the corpus; the mean of rows is 1 - `repetition`.

    Returns:
        (C,), no unit, higher is more varied, range (0, 1], NaN where there is no n-gram; n = 1 is
        the type-token ratio. Falls with the size of the corpus. Source: Li et al. 2016, for the
        whole corpus as in Guo et al. 2023.

    Raises:
        DataError, SpecError: no tokens, or n above T.
    """
    return np.array([_share(len(kinds), counts) for kinds, counts in _counted(x, n)])


def repetition(x: Ints, n: int) -> Floats:
    """Mean over rows of 1 - different n-grams / n-grams of the row (rep-n).

    Rows too short for an n-gram do not count; NaN where there are no others.

    Returns:
        (C,), no unit, range [0, 1); grows with the length of rows, not with their number.
        Source: Welleck et al. 2020.
    """
    codes = np.sort(ngram_codes(checked(x), n), axis=2)
    there = codes >= 0
    kinds = there[..., 0] + (there[..., 1:] & (codes[..., 1:] != codes[..., :-1])).sum(axis=2)
    total = there.sum(axis=2)
    share = np.where(total > 0, 1.0 - kinds / np.maximum(total, 1), 0.0)
    rows = (total > 0).sum(axis=1)
    return np.where(rows > 0, share.sum(axis=1) / np.maximum(rows, 1), np.nan)


def diversity(x: Ints) -> Floats:
    """Product over n = 2, 3, 4 of 1 - rep-n, each a mean over rows (Su et al. 2022).

    Returns:
        (C,), no unit, higher is more varied, range (0, 1].
    """
    return np.asarray(np.prod([1.0 - repetition(x, n) for n in (2, 3, 4)], axis=0))


def surviving_share(x: Ints, real: Ints, n: int, band: str = "all") -> Floats:
    """Share of real text's n-grams of a frequency band that occur in x.

    Args:
        x: tokens (C, n, T).
        real: tokens (C, m, T'), as many as in x for a fair comparison.
        n: tokens of an n-gram.
        band: 'all', or by their count in real: 'hapax' 1, 'rare' 2 to 10, 'common' above.

    Returns:
        (C,), no unit, higher is closer, range [0, 1], NaN where the band is empty. Below 1 even for
        another real text of that size: compare with one. Source: Suresh et al. 2024.

    Raises:
        SpecError: an unknown band.
    """
    least, most = BANDS[checked_band(band)]
    shares = []
    for mine, theirs in zip(checked(x), checked(real), strict=True):
        codes = ngram_codes(_stacked(mine, theirs), n)
        ours, real_codes = codes[: len(mine)], codes[len(mine) :]
        kinds, counts = np.unique(real_codes[real_codes >= 0], return_counts=True)
        kinds = kinds[(counts >= least) & (counts <= most)]
        alive = np.isin(kinds, ours)
        shares.append(alive.mean() if len(alive) else np.nan)
    return np.array(shares)


def missing_mass(x: Ints, n: int = 1) -> Floats:
    """Good and Turing's estimate of the mass of n-grams not seen: those seen once / all.

    Returns:
        (C,), a probability, compare with reality (lower is less varied), range [0, 1], NaN
        where there is no n-gram; falls with the size of the corpus. Source: Good 1953.
    """
    return np.array([_share((counts == 1).sum(), counts) for _, counts in _counted(x, n)])


def rare_share(x: Ints, real: Ints, mass: float = 0.05) -> Floats:
    """Share of the tokens of x that are real text's rarest: types that hold `mass` of it at most.

    Types are taken from the rarest on, smaller tokens first, while their sum is at most `mass`; a
    token that real text lacks does not count.

    Returns:
        (C,), no unit, range [0, 1], NaN where x has no token. The real text's own share is just
        below `mass`; that of another real text of its size is not: rare there is rare by chance
        (0.05 to 0.09 were seen for 0.05), so compare generations, or with a model of real text.

    Raises:
        SpecError: mass outside (0, 1).
    """
    open_fraction(mass, "mass")
    shares = []
    for mine, theirs in zip(checked(x), checked(real), strict=True):
        kinds, counts = np.unique(theirs[theirs != NO_TOKEN], return_counts=True)
        order = np.argsort(counts, kind="stable")
        rare = kinds[order][np.cumsum(counts[order]) <= mass * counts.sum()]
        alive = np.isin(mine[mine != NO_TOKEN], rare)
        shares.append(alive.mean() if len(alive) else np.nan)
    return np.array(shares)


def rarefied_types(x: Ints, tokens: int, n: int = 1) -> Floats:
    """Expected different n-grams among `tokens` of those of x, drawn without replacement.

    E = sum_i 1 - C(N - n_i, m) / C(N, m) for counts n_i, N of them in all.

    Returns:
        (C,), types, compare with reality, range [1, m]; comparable between corpora of any size.
        Source: Hurlbert 1971.

    Raises:
        DataError: fewer than `tokens` n-grams.
    """
    return rarefaction(x, np.array([tokens]), n)[:, 0]


def rarefaction(x: Ints, tokens: Ints, n: int = 1) -> Floats:
    """Rarefaction curve: `rarefied_types` at each of tokens (k,), as (C, k)."""
    from scipy.special import gammaln

    curves = []
    for _, counts in _counted(x, n):
        total = int(counts.sum())
        if np.max(tokens) > total or np.min(tokens) < 1:
            raise DataError(f"rarefaction: got {total} n-grams, expected 1 to {np.max(tokens)}")
        sizes, many = np.unique(counts, return_counts=True)
        left, m = (total - sizes)[:, None], np.asarray(tokens)[None]
        with np.errstate(invalid="ignore"):
            log_none = gammaln(left + 1) - gammaln(left - m + 1) - gammaln(total + 1)
            log_none += gammaln(total - m + 1)
        none = np.where(left >= m, np.exp(np.minimum(np.nan_to_num(log_none), 0.0)), 0.0)
        curves.append(many @ (1.0 - none))
    return np.stack(curves)


def checked_band(band: str) -> str:
    """Return band if there is one of that name; raises SpecError otherwise."""
    if band not in BANDS:
        raise SpecError(f"band: got {band!r}, expected one of {', '.join(BANDS)}")
    return band


def checked(x: Array) -> Ints:
    """Return x in 64 bits if it is tokens (C, n, T); raises DataError otherwise."""
    x = np.asarray(x)
    if x.ndim != 3 or x.dtype.kind not in "iu" or 0 in x.shape or (x == NO_TOKEN).all():
        raise DataError(
            f"tokens: got {x.dtype} of shape {x.shape}, expected integers (C, n, T), not all "
            "NO_TOKEN; use x[None] for a single chain"
        )
    return x.astype(np.int64, copy=False)


def _counted(x: Ints, n: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield the n-grams of each chain and how often they occur; there may be none."""
    for rows in checked(x):
        codes = ngram_codes(rows, n)
        yield np.unique(codes[codes >= 0], return_counts=True)


def _share(some: float, counts: Ints) -> float:
    return some / counts.sum() if len(counts) else np.nan


def _stacked(a: Ints, b: Ints) -> Ints:
    """Stack rows (n, T) on rows (m, T'), filled up."""
    width = max(a.shape[1], b.shape[1])
    full = [
        np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=NO_TOKEN)
        for rows in (a, b)
    ]
    return np.concatenate(full)
