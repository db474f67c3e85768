"""A regime: fully synthetic, but every `every`-th generation learns from the real rows again."""

from dataclasses import dataclass

from genloss.core.about import About
from genloss.core.roles import Sizes


@dataclass(frozen=True)
class Respite:
    """D_t = S_0 where `every` divides t, else S_{t-1}."""

    about = About("respite", "Respite", "Real rows come back every few generations.")
    every: int = 5

    def trains_on(self):
        return f"what the last model wrote, and real rows every {self.every} generations"

    def sizes(self, t, n_real, n):
        return Sizes(n_real if t == 1 or t % self.every == 0 else n, n)

    def compose(self, history, fresh, rng):
        return history.real if history.t % self.every == 0 else history.synthetic[-1]

    def remember(self, history):
        return history.keeping_last(1)
