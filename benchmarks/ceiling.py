"""What a device can do at most: matrix products and memory traffic, measured, not read off a sheet.

    python benchmarks/ceiling.py [DEVICE]

Other scripts print their share of it. A product of two square matrices of random numbers; bytes
are those read and written by a copy.
"""

import sys
import time
from collections.abc import Callable

import torch

SIDES = {"cpu": 1024, "cuda": 8192}
MEGABYTES = {"cpu": 64, "cuda": 8192}


def seconds_of(call: Callable, device: torch.device, rounds: int = 5) -> float:
    """Return the seconds of the fastest call."""
    best = float("inf")
    for _ in range(rounds + 2):
        begun = time.perf_counter()
        call()
        wait(device)
        best = min(best, time.perf_counter() - begun)
    return best


def wait(device: torch.device) -> None:
    """Wait until a GPU has done all that it was told to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def products(device: torch.device, dtype: torch.dtype) -> float:
    """Return the floating-point operations per second of a large matrix product."""
    side = SIDES[device.type]
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return 2 * side**3 / seconds_of(lambda: a @ b, device)


def traffic(device: torch.device) -> float:
    """Return the bytes per second of a large copy, read and written."""
    x = torch.randn(MEGABYTES[device.type] << 18, device=device)
    y = torch.empty_like(x)
    return 2 * x.nbytes / seconds_of(lambda: y.copy_(x), device)


def main() -> None:
    name = sys.argv[1] if sys.argv[1:] else "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    for dtype in (torch.float32, torch.bfloat16):
        print(f"{dtype}: {products(device, dtype) / 1e12:.2f} TFLOP/s")
    print(f"copy: {traffic(device) / 1e9:.1f} GB/s")


if __name__ == "__main__":
    main()
