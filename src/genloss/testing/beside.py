"""What curators are tried beside: a reality of rows that are the same in every chain."""

from dataclasses import dataclass, replace

import numpy as np

from genloss.core.arrays import Array, Ints
from genloss.core.curators.rarity import moments_of
from genloss.core.curators.reference import Reference
from genloss.core.roles import Model
from genloss.core.samples import Samples
from genloss.core.streams import Streams
from genloss.models.categorical import CategoricalLearner
from genloss.models.gaussian import GaussianModel
from genloss.models.ngram.ngram import NGramLearner
from genloss.testing.examples import is_symbols, is_text
from genloss.testing.laws import rng


@dataclass(frozen=True, eq=False)
class Shared:
    """A finite reality of rows x (N, ...), labelled (N,) or not, that are the same in C chains."""

    x: Array
    label: Ints | None
    n_chains: int

    @property
    def n_rows(self) -> int:
        """N."""
        return len(self.x)

    def rows(self, start: int, n: int) -> Array:
        """Return rows in their order: (C, n, ...)."""
        return np.stack([self.x[start : start + n]] * self.n_chains)

    def labels_of(self, start: int, n: int) -> Ints | None:
        """Return their classes (C, n)."""
        label = self.label
        return None if label is None else np.stack([label[start : start + n]] * self.n_chains)

    def split(self, m: int) -> tuple["Shared", Array]:
        """Return the reality without its last m rows, and those."""
        k = len(self.x) - m
        rest = Shared(self.x[:k], None if self.label is None else self.label[:k], self.n_chains)
        return rest, self.rows(k, m)

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw rows with replacement, the same in every chain."""
        return np.stack([self.x[rng.integers(len(self.x), size=n)]] * self.n_chains)

    def state(self) -> dict[str, Array]:
        """Return the rows."""
        return {"x": self.x} | ({} if self.label is None else {"label": self.label})


def beside(given: Samples) -> Reference:
    """Return a reference of which half the rows are S_0 and half are held out.

    p_1 and the writer are a plain model of all of them: a Gaussian, frequencies or bigrams.
    """
    x = given.x.reshape(-1, *given.x.shape[2:])
    order = rng(31).permutation(len(x))
    label = None if given.label is None else given.label.reshape(-1)[order]
    whole = Shared(x[order], label, given.n_chains)
    p_0, held_out = whole.split(len(x) // 2)
    model = _plain(whole.rows(0, whole.n_rows))
    return Reference(p_0, Streams(7), p_0.n_rows, held_out, model, model)


def _plain(x: Array) -> Model:
    rows = Samples.of(x, 0)
    if is_text(x):
        return NGramLearner(int(x.max()) + 1, 2).fit(rows, rng(32))
    if is_symbols(x):
        return CategoricalLearner(int(x.max()) + 1, 0.5).fit(rows, rng(32))
    mean, cov = moments_of(x)
    return GaussianModel(mean, cov + 1e-6 * np.eye(mean.shape[1]))


def without_memory(reference: Reference) -> Reference:
    """Return a reference that remembers nothing yet."""
    return replace(reference, memo={})
