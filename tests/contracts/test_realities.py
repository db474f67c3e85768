"""Every reality, held to the laws of `genloss.testing`; and rules by hand."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from genloss.core.abilities import MomentLaw
from genloss.errors import SpecError
from genloss.metrics.laws import DensityModel
from genloss.testing import check_reality

from .table import held


@pytest.fixture(params=held("reality"), ids=str, autouse=True)
def reality(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", np.random.default_rng(5).normal(size=(40, 2)))
    return request.param.build("reality")


def rng(key: int) -> np.random.Generator:
    return np.random.default_rng(key)


def test_every_reality_keeps_the_laws(reality):
    check_reality(reality)


def test_density_is_normalised_and_is_that_of_the_samples(reality):
    """Quadrature over +-7 sd: the density integrates to 1, and E log p is the mean over samples."""
    model = reality.realise(2, rng(0))
    if not isinstance(model, DensityModel) or not isinstance(model, MomentLaw):
        return
    mean, cov = model.moments()
    if mean.shape[1] > 2:
        return
    deviations = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    n = 4000
    log_p = model.log_prob(model.sample(n, rng(1)))
    assert log_p.shape == (2, n)
    for chain in range(2):
        lines = [
            np.linspace(m - 7 * s, m + 7 * s, 601)
            for m, s in zip(mean[chain], deviations[chain], strict=True)
        ]
        grid = np.stack([a.ravel() for a in np.meshgrid(*lines)], axis=1)
        on_grid = model.log_prob(np.stack([grid] * 2))[chain]
        mass = np.exp(on_grid) * np.prod([line[1] - line[0] for line in lines])
        np.testing.assert_allclose(mass.sum(), 1.0, rtol=1e-5)
        expected = (mass * on_grid).sum()
        assert abs(log_p[chain].mean() - expected) < 4 * log_p[chain].std() / n**0.5


def test_a_spec_table_gives_the_same_recipe(reality):
    as_table = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(reality).items()}
    adapter = TypeAdapter(type(reality))
    assert adapter.validate_python(as_table) == reality
    assert hash(reality) == hash(adapter.validate_python(as_table))


def test_unknown_fields_and_wrong_types_are_refused(reality):
    adapter = TypeAdapter(type(reality))
    for name in vars(reality):
        with pytest.raises((ValueError, SpecError)):
            adapter.validate_python({**vars(reality), name: {"no": "number"}})
