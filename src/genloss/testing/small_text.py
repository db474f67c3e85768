"""A small reality of text: tokens are letters, a step of Zipf's law apart, with a long tail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from genloss.core.arrays import Array, Ints
from genloss.core.samples import NO_TOKEN
from genloss.testing.laws import rng

CHAINS, ROWS, LENGTH, VOCABULARY, END = 2, 300, 16, 400, 0


class Letters:
    """Token i is a letter, the end a line."""

    size, end, begin = VOCABULARY, END, NO_TOKEN

    def encode(self, texts: Sequence[str]) -> list[Ints]:
        """Return the tokens of each text."""
        return [np.array([ord(c) - 64 if c != "\n" else END for c in text]) for text in texts]

    def decode(self, tokens: Ints) -> str:
        """Return the text of tokens."""
        return "".join(chr(64 + w) if w != END else "\n" for w in tokens if w != NO_TOKEN)


@dataclass(frozen=True)
class SmallText:
    """Training blocks x (C, n, T) and test blocks (m, T)."""

    x: Ints
    test: Ints
    tokeniser: ClassVar[Letters] = Letters()
    starts: ClassVar[Ints] = np.zeros((1, 1), dtype=np.int64)

    @property
    def n_chains(self) -> int:
        """C."""
        return len(self.x)

    @property
    def n_rows(self) -> int:
        """Blocks of each chain."""
        return self.x.shape[1]

    @property
    def test_bytes(self) -> int:
        """UTF-8 bytes of the test blocks."""
        return len("".join(map(self.tokeniser.decode, self.test)).encode())

    @property
    def test_languages(self) -> tuple[str, ...]:
        """Those of the test blocks."""
        return tuple(self.languages_of(self.test))

    def languages_of(self, x: Ints) -> list[str]:
        """Return "cy" for rows whose second token is odd, else "en"."""
        return ["cy" if row[1] % 2 else "en" for row in x]

    def rows(self, start: int, n: int) -> Ints:
        """Return blocks."""
        return self.x[:, start : start + n]

    def labels_of(self, start: int, n: int) -> None:
        """No classes."""

    def split(self, m: int) -> tuple["SmallText", Ints]:
        """Hold the last m blocks out."""
        return replace(self, x=self.x[:, :-m]), self.x[:, -m:]

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw blocks, with replacement."""
        return self.x[:, rng.integers(self.n_rows, size=n)]

    def state(self) -> dict[str, Array]:
        """Return the blocks."""
        return {"x": self.x}


def written(n: int, key: int) -> Ints:
    """Return rows of a Markov chain (C, n, T): a step of Zipf's law from the last token."""
    stream = rng(key)
    p = 1.0 / np.arange(1, VOCABULARY + 1)
    steps = stream.choice(VOCABULARY, size=(CHAINS, n, LENGTH), p=p / p.sum())
    steps[:, :, ::2] = 0
    x = np.cumsum(steps, axis=2) % VOCABULARY
    return np.where(stream.random(x.shape) < 0.3, np.minimum(steps, VOCABULARY - 1), x)
