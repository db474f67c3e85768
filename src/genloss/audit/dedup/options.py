"""What near means, and how large a shard is."""

from dataclasses import dataclass

from genloss.errors import SpecError


@dataclass(frozen=True)
class DedupOptions:
    """Near: texts whose rows of `words` words share the MinHashes of one of `bands` bands.

    Two texts of Jaccard similarity s share a band of `rows` hashes with probability
    1 - (1 - s^rows)^bands: .95 at .8 and .06 at .5 for 16 bands of 8. near: False for exact
    duplicates alone. seed: of the hashes. shard: bytes.

    Raises:
        SpecError: a number that is not positive, or more than 4,096 hashes.
    """

    near: bool = True
    words: int = 5
    bands: int = 16
    rows: int = 8
    seed: int = 0
    shard: int = 64 << 20

    def __post_init__(self) -> None:
        for name in ("words", "bands", "rows", "shard"):
            if getattr(self, name) < 1:
                raise SpecError(f"{name} is {getattr(self, name)}; expected 1 or more")
        if self.bands * self.rows > 4096:
            raise SpecError(f"{self.bands} bands of {self.rows} hashes; expected 4,096 at most")

    def recall(self, similarity: float) -> float:
        """Return the probability that two texts of this similarity share a band."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)
