"""Products with a matrix that is read many times: on a CPU laid out for it once.

A plain product lays its matrix out anew in each call, which for a handful of rows takes as long as
the product itself. oneDNN keeps a layout of its own; torch's compiler freezes weights the same way.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

LEAST = 1 << 16
"""Numbers of the smallest matrix that is laid out."""


def product(x: Tensor, matrix: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x matrix^T + bias, (..., out), of x (..., in) and a matrix, laid out or not."""
    if not matrix.is_mkldnn:
        return F.linear(x, matrix, bias)
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, matrix, bias, "none", [], "")
    return out


def laid_out(matrix: Tensor) -> Tensor:
    """Return a matrix (out, in) laid out for products with rows, on a CPU that can; a copy.

    The tensor returned serves `product` alone, and takes no gradient.
    """
    return torch.ops.mkldnn._reorder_linear_weight(matrix) if _can(matrix) else matrix.contiguous()


def _can(matrix: Tensor) -> bool:
    """Whether oneDNN multiplies such a matrix on this machine, and well."""
    # What is tiny is not worth a layout, and torch's own small products are quicker to call.
    if matrix.device.type != "cpu" or matrix.numel() < LEAST:
        return False
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (there and torch._C.has_mkl):
        return False
    if matrix.dtype == torch.bfloat16:
        # Elsewhere oneDNN would compute in 16 bits by the slow road.
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return matrix.dtype == torch.float32
