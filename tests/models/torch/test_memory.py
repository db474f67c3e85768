"""Errors that stand for too little memory, in the words of the libraries that raise them."""

import pytest
import torch

from genloss.errors import FitError
from genloss.models.torch.memory import in_batches, lacks_memory

SAID = [
    "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried",
]


@pytest.mark.slow
@pytest.mark.parametrize("said", SAID)
def test_too_little_memory_in_other_words_halves_the_batch(said):
    done = []

    def write(part):
        if part.stop - part.start > 3:
            raise RuntimeError(said)
        done.extend(range(part.start, part.stop))

    assert in_batches(write, 10, 8, torch.device("cpu"), "a prompt") == 2
    assert done == [*range(10)]

    def never(part):
        raise RuntimeError(said)

    with pytest.raises(FitError, match="a prompt does not fit the memory of cpu"):
        in_batches(never, 1, 1, torch.device("cpu"), "a prompt")


def test_what_a_cpu_says_that_has_no_room():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert lacks_memory(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: device-side assert triggered",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`",
        "shapes do not match",
    ],
)
def test_other_errors_are_no_lack_of_memory(said):
    assert not lacks_memory(RuntimeError(said))
