"""Products with a matrix that was laid out are those with the matrix as it is."""

import pytest
import torch
from torch.nn import functional as F

from genloss.models.torch.lm.products import laid_out, product

WHERE = torch.backends.mkldnn.is_available() and torch._C.has_mkl


def numbers(*shape: int, dtype=torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 300), (7, 300), (3, 5, 300), (2, 1, 300)])
@pytest.mark.parametrize("biased", [True, False])
def test_a_product_is_the_same_by_both_ways(dtype, shape, biased):
    """Of 300 terms: float32 rounds each sum by 300 x 2^-24 of its terms, bfloat16 the result."""
    x, matrix = numbers(*shape, dtype=dtype), numbers(257, 300, dtype=dtype)
    bias = numbers(257, dtype=dtype) if biased else None
    with torch.inference_mode():
        ours = product(x, laid_out(matrix), bias)
    assert ours.dtype == dtype
    size = F.linear(x.double().abs(), matrix.double().abs(), None)
    exact = F.linear(x.double(), matrix.double(), None if bias is None else bias.double())
    room = size * 300 * 2.0**-24 + (exact.abs() + 4) * (2.0**-8 if dtype == torch.bfloat16 else 0)
    assert (ours.double() - exact).abs().le(room + 1e-6).all()


@pytest.mark.skipif(not WHERE, reason="torch has no oneDNN on this machine")
def test_large_matrices_are_laid_out_and_others_stay_as_they_are():
    wide = numbers(257, 300)
    assert laid_out(wide).is_mkldnn
    assert not laid_out(numbers(20, 30)).is_mkldnn
    assert not laid_out(wide.double()).is_mkldnn


def test_a_torch_without_the_library_multiplies_as_usual(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    matrix = numbers(300, 257).t()
    found = laid_out(matrix)
    assert found.is_contiguous()
    assert torch.equal(found, matrix)
