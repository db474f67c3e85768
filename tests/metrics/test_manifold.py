import numpy as np
import pytest

from genloss.errors import DataError
from genloss.metrics.arrays import neighbours
from genloss.metrics.arrays.manifold import precision_recall_density_coverage


def by_loop(real, fake, k):
    """The four definitions with closed balls, from an exact table of squared distances."""

    def squared(a, b):
        return ((a[:, None] - b[None]) ** 2).sum(axis=2)

    def radii(x):
        return np.sort(squared(x, x), axis=1)[:, k]

    gap, slack = squared(real, fake), 1 + 1e-9
    in_real = gap <= radii(real)[:, None] * slack
    in_fake = gap <= radii(fake)[None] * slack
    return (
        in_real.any(axis=0).mean(),
        in_fake.any(axis=1).mean(),
        in_real.sum() / (k * len(fake)),
        in_real.any(axis=1).mean(),
    )


def collapsed(rng, n, d):
    """Two clusters of width 1e-9: squared distances far below the rounding of the norms."""
    return np.sign(rng.standard_normal((n, 1))) + 1e-9 * rng.standard_normal((n, d))


def memorised(rng, n, d):
    """Copies of 20 integer rows: exact ties and radii of 0."""
    return rng.integers(-1, 2, (20, d))[rng.integers(0, 20, n)].astype(float)


def spread(rng, n, d):
    return rng.standard_normal((n, d)) + 1e3


@pytest.mark.parametrize("d", [1, 2, 12, 40])
@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("law", [spread, collapsed, memorised])
def test_scores_equal_the_definitions(d, k, law):
    rng = np.random.default_rng(0)
    real = law(rng, 150, d)
    fake = np.stack([law(rng, 180, d), real[rng.integers(0, 150, 180)], 0.9 * law(rng, 180, d)])
    got = precision_recall_density_coverage(real, fake, k)
    right = np.array([by_loop(real, one, k) for one in fake]).T
    for name, one, expected in zip(got._fields, got, right, strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-12, err_msg=name)


def test_every_chain_may_have_its_own_real_rows():
    rng = np.random.default_rng(1)
    real, fake = spread(rng, 40, 2), spread(rng, 40, 2)
    got = precision_recall_density_coverage(np.stack([real, fake]), np.stack([fake, fake]), k=3)
    np.testing.assert_allclose([one[0] for one in got], by_loop(real, fake, 3))
    np.testing.assert_allclose([one[1] for one in got], by_loop(fake, fake, 3))


@pytest.mark.parametrize("d", [2, 12])
def test_equal_laws_have_the_documented_expectations(d):
    # Over 60 chains of independent real and fake rows: density has mean 1, coverage
    # 1 - prod_{i<k} (m - 1 - i)/(m + n - 1 - i); band 4 standard errors.
    m, n, k, c = 100, 130, 3, 60
    rng = np.random.default_rng(2)
    got = precision_recall_density_coverage(
        rng.standard_normal((c, m, d)), rng.standard_normal((c, n, d)), k
    )
    missed = np.prod([(m - 1 - i) / (m + n - 1 - i) for i in range(k)])
    for value, centre in ((got.density, 1.0), (got.coverage, 1 - missed)):
        assert abs(value.mean() - centre) < 4 * value.std() / np.sqrt(c)


def test_a_generator_stuck_on_one_real_row_keeps_precision_and_loses_recall():
    real = np.random.default_rng(3).standard_normal((100, 2))
    fake = np.repeat(real[None, :1], 100, axis=1)
    got = precision_recall_density_coverage(real, fake, k=5)
    np.testing.assert_allclose([got.precision[0], got.recall[0]], [1, 0.01])


@pytest.mark.parametrize("rows", [500, 3000])
def test_the_blocks_and_the_tree_agree(rows, monkeypatch):
    rng = np.random.default_rng(4)
    real, fake = spread(rng, rows, 3), spread(rng, 700, 3)[None]
    tree = precision_recall_density_coverage(real, fake, 4)
    with monkeypatch.context() as patch:
        patch.setattr(neighbours, "_TREE_DIMENSIONS", 0)
        blocks = precision_recall_density_coverage(real, fake, 4)
    with monkeypatch.context() as patch:
        patch.setattr(neighbours, "_CROWDED", 0)
        crowded = precision_recall_density_coverage(real, fake, 4)
    np.testing.assert_array_equal(blocks, tree)
    np.testing.assert_array_equal(crowded, tree)


def test_lists_of_members_are_taken_in_parts(monkeypatch):
    rng = np.random.default_rng(5)
    real, fake = spread(rng, 300, 2), spread(rng, 300, 2)[None]
    whole = precision_recall_density_coverage(real, fake, 4)
    monkeypatch.setattr(neighbours, "_LISTED", 7)
    np.testing.assert_array_equal(precision_recall_density_coverage(real, fake, 4), whole)


@pytest.mark.parametrize("k", [0, 4])
def test_k_must_leave_other_rows(k):
    with pytest.raises(DataError, match="neighbours"):
        precision_recall_density_coverage(np.zeros((9, 2)), np.zeros((1, 4, 2)), k)
