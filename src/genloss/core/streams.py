"""Named random streams: adding a metric never shifts the chain, resuming saves no generator."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from genloss.core.arrays import checked_count


@dataclass(frozen=True)
class Streams:
    """Streams of one block of chains: SeedSequence(seed, spawn_key=(block, t, crc32(role))).

    `seed + generation` is never used: seed 0 of generation 1 would be seed 1 of generation 0.
    """

    seed: int
    block: int = 0

    def __post_init__(self) -> None:
        checked_count(self.seed, "seed", 0)
        checked_count(self.block, "block", 0)

    def rng(self, t: int, role: str, again: int = 0) -> np.random.Generator:
        """Return a fresh generator for one role of generation t; the same call, the same draws.

        again: how often the role has drawn in this generation before; each time is a stream.
        """
        first = (self.block, t, crc32(role.encode()))
        key = (*first, again) if again else first
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key))
        )
