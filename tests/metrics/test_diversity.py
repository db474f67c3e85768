import numpy as np
import pytest

from genloss.errors import DataError, SpecError
from genloss.metrics.arrays.diversity import duplicate_rate, vendi_score

ORDERS = [0.0, 0.5, 1.0, 2.0, 7.5, np.inf]


def by_full_kernel(kernel, q):
    """The definition, from all eigenvalues of the n x n matrix."""
    value = np.linalg.eigvalsh(kernel / len(kernel))
    value = value[value > 1e-12]
    if q == 1:
        return np.exp(-(value * np.log(value)).sum())
    if q == np.inf:
        return 1 / value.max()
    return (value**q).sum() ** (1 / (1 - q))


def cosine(x):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit @ unit.T


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("shape", [(2, 60, 5), (2, 5, 60)])
def test_cosine_score_honours_every_order(q, shape):
    x = np.random.default_rng(0).standard_normal(shape) * np.linspace(1, 3, shape[2]) + 0.3
    right = [by_full_kernel(cosine(one), q) for one in x]
    np.testing.assert_allclose(vendi_score(x, q=q), right, rtol=1e-9)


@pytest.mark.parametrize("q", ORDERS)
def test_rbf_score_honours_every_order_at_full_rank(q):
    x = np.random.default_rng(1).standard_normal((2, 40, 6)) + 50
    right = [
        by_full_kernel(np.exp(-((one[:, None] - one[None]) ** 2).sum(2) / (2 * 0.8**2)), q)
        for one in x
    ]
    np.testing.assert_allclose(vendi_score(x, "rbf", bandwidth=0.8, q=q), right, rtol=1e-4)


@pytest.mark.parametrize("q", [1.0, 2.0, np.inf])
def test_rbf_score_keeps_its_bound_at_low_rank(q):
    # 400 rows need a rank of about 80 here: 1e-6 of the trace is left out, at most
    # 1e-6 (15 + ln 400) = 2.1e-5 of the log score.
    x = np.random.default_rng(2).standard_normal((1, 400, 2))
    kernel = np.exp(-((x[0, :, None] - x[0, None]) ** 2).sum(2) / 2)
    got = vendi_score(x, "rbf", bandwidth=1.0, q=q, max_rank=100)
    np.testing.assert_allclose(np.log(got[0]), np.log(by_full_kernel(kernel, q)), atol=2.1e-5)


def test_orders_are_ordered_and_equal_for_equal_shares():
    x = np.random.default_rng(3).standard_normal((1, 50, 8)) * np.linspace(1, 4, 8)
    scores = [vendi_score(x, q=q)[0] for q in ORDERS]
    assert (np.diff(scores) < -0.01).all()
    axes = np.repeat(np.eye(6), 3, axis=0)[None]
    np.testing.assert_allclose([vendi_score(axes, q=q)[0] for q in ORDERS], 6)


def test_rows_of_zeros_are_one_class_and_tiny_rows_keep_their_direction():
    x = np.array([[[0.0, 0], [0, 0], [1e-300, 0], [5, 0]]])
    np.testing.assert_allclose(vendi_score(x), [2])
    np.testing.assert_allclose(vendi_score(np.zeros((1, 7, 3))), [1])


def test_an_rbf_spectrum_beyond_the_rank_is_refused_and_full_rank_never():
    x = np.random.default_rng(4).standard_normal((1, 200, 5))
    with pytest.raises(DataError, match="rank 50"):
        vendi_score(x, "rbf", bandwidth=1e-3, max_rank=50)
    np.testing.assert_allclose(vendi_score(x, "rbf", bandwidth=1e-3, max_rank=200), [200])


@pytest.mark.parametrize(
    "options",
    [
        {"q": -1.0},
        {"q": np.nan},
        {"kernel": "rbf"},
        {"bandwidth": 1.0},
        {"kernel": "linear"},
        {"kernel": "rbf", "bandwidth": 0.0},
    ],
)
def test_bad_options_are_refused(options):
    with pytest.raises(SpecError, match="expected"):
        vendi_score(np.ones((1, 3, 2)), **options)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8])
@pytest.mark.parametrize("shape", [(3, 500), (3, 500, 2), (3, 500, 2, 2)])
def test_duplicate_rate_counts_distinct_rows(dtype, shape):
    x = np.random.default_rng(5).integers(0, 9, shape).astype(dtype)
    right = [1 - len({one.tobytes() for one in chain}) / 500 for chain in x]
    np.testing.assert_allclose(duplicate_rate(x), right)


def test_both_zeros_are_one_value_and_neighbouring_floats_are_two():
    x = np.array([[[0.0, 1.0], [-0.0, 1.0], [0.0, np.nextafter(1.0, 2)]]])
    np.testing.assert_allclose(duplicate_rate(x), [1 / 3])


def test_duplicate_rate_refuses_what_has_no_rows():
    for x in (np.ones(3), np.ones((2, 0)), np.array([["a", "b"]])):
        with pytest.raises(DataError, match="expected"):
            duplicate_rate(x)
