"""Several makers of models that scrape one growing web, which they fill with what they write.

    D_1^m = P^m + scrape of the web            when maker m enters
    D_t^m = P^m + scrape of the web            at every later generation
    web   = web + (what people write) + S_t^m of all makers

P^m are the private real rows of maker m, the same at all times. Each maker is an ordinary chain
(`genloss.core.chain.run_chain`) whose regime scrapes the web; they advance side by side, and what
one writes at t the others can read at t + 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.chain import Generation, run_chain
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import curated_set
from genloss.core.curators.selection import Curator
from genloss.core.forms import Rows
from genloss.core.roles import Data, History, Learner, Model, Reality, Sizes
from genloss.core.samplers import Ancestral
from genloss.core.samples import REAL, Samples
from genloss.core.streams import Streams
from genloss.core.view import Metric, NotApplicable, Partial, View, entry_of, stream_key
from genloss.errors import SpecError
from genloss.store.series import Series, joined


@dataclass(frozen=True)
class Maker:
    """Who enters at generation `enters`, scrapes so many rows of the web, and writes as many.

    private: real rows that only this maker has; curator: what the maker trains on of what it
    scraped, private rows included, one that looks at whole training sets.

    Raises:
        SpecError, DataError: a count out of range, or a curator of single draws.
    """

    learner: Learner
    enters: int = 1
    scrapes: int = 100
    writes: int = 100
    private: int = 0
    curator: Curator | None = None

    def __post_init__(self) -> None:
        for name in ("enters", "scrapes", "writes"):
            checked_count(getattr(self, name), f"maker: {name}")
        checked_count(self.private, "maker: private", 0)
        if self.curator is not None and self.curator.covers != "training":
            raise SpecError(
                f"maker: the curator covers {self.curator.covers!r}; what a maker scrapes needs "
                "one that covers 'training'"
            )


@dataclass(frozen=True)
class Ecosystem:
    """M makers on one web, C times over: `human` real rows at first, `inflow` more at every t.

    Raises:
        SpecError: no maker, one that never enters, or one that scrapes more than there is.
    """

    reality: Reality
    makers: tuple[Maker, ...]
    generations: int
    human: int
    inflow: int = 0
    chains: int = 1
    seed: int = 0
    metrics: tuple[Metric, ...] = ()

    def __post_init__(self) -> None:
        for name in ("generations", "human", "chains"):
            checked_count(getattr(self, name), f"ecosystem: {name}")
        checked_count(self.inflow, "ecosystem: inflow", 0)
        if not self.makers:
            raise SpecError("ecosystem: there are no makers; name one or more")
        for i, maker in enumerate(self.makers, 1):
            if maker.enters > self.generations:
                raise SpecError(
                    f"maker {i} never enters: enters is {maker.enters}, and generation "
                    f"{self.generations} is the last; lower it, or raise generations"
                )
            if maker.scrapes > self.human:
                raise SpecError(
                    f"maker {i} scrapes {maker.scrapes:,} rows of a web that begins with "
                    f"{self.human:,}; scrape fewer, or raise human"
                )

    @property
    def human_rows(self) -> int:
        """Real rows of one chain in all: on the web by the last scrape, and private."""
        on_web = self.human + self.inflow * (self.generations - 1)
        return on_web + sum(maker.private for maker in self.makers)


@dataclass
class Web:
    """What can be scraped: parts of it, oldest first; origins are generations of the ecosystem."""

    parts: list[Samples] = field(default_factory=list)

    def scrape(self, n: int, rng: np.random.Generator) -> Samples:
        """Return n different rows for each chain, all equally likely."""
        if len(self.parts) > 1:
            self.parts = [Samples.concat(self.parts)]
        return self.parts[0].subsample(n, rng)


@dataclass(frozen=True)
class Scraping:
    """The regime of one maker: its private rows, and a new scrape at every generation."""

    web: Web
    n: int
    private: int

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return private and scraped rows, and what is written."""
        return Sizes(self.private + self.n, n)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the private rows and a scrape; the first scrape is S_0 of the chain."""
        assert isinstance(history.real, Samples)
        scraped = self.web.scrape(self.n, rng)
        if not self.private:
            return scraped
        return Samples.concat([history.real.head(self.private), scraped])

    def remember(self, history: History) -> History:
        """Keep nothing: what was written is on the web."""
        return history.keeping_last(0)


Measured = Mapping[str, Series]
"""Series by metric; t counts generations of the ecosystem."""


def run_ecosystem(ecosystem: Ecosystem) -> tuple[Measured, ...]:
    """Return what each maker's models measured, from its entry on.

    Makers with the same options and entry have the same law, and streams of their own. In memory:
    an interruption loses all.

    Raises:
        GenlossError: what a reality, learner, curator or metric refuses.
    """
    own = Streams(ecosystem.seed, len(ecosystem.makers))
    p_0 = ecosystem.reality.realise(ecosystem.chains, own.rng(0, "realise"))
    web = Web([_people(p_0, ecosystem.human, own, 0)])
    values: list[dict[str, dict[int, Floats]]] = [{} for _ in ecosystem.makers]
    at_work: dict[int, Iterator[Generation]] = {}
    for t in range(1, ecosystem.generations + 1):
        written = []
        for i, maker in enumerate(ecosystem.makers):
            if maker.enters == t:
                at_work[i] = _chain(maker, p_0, web, Streams(ecosystem.seed, i))
            if i in at_work:
                generation = next(at_work[i])
                written.append(Samples.of(_rows(generation), t))
                streams = Streams(ecosystem.seed, i)
                _measure(ecosystem.metrics, p_0, generation, streams, t, values[i])
        # All scrape before any of them writes: who comes first in a list has no advantage.
        web.parts += written
        if ecosystem.inflow:
            web.parts.append(_people(p_0, ecosystem.inflow, own, t))
    return tuple(_series(ecosystem.metrics, of) for of in values)


def _people(p_0: Model, n: int, streams: Streams, t: int) -> Samples:
    return Samples.of(p_0.sample(n, streams.rng(t, "reality")), REAL)


def _rows(generation: Generation) -> Array:
    assert isinstance(generation.samples, Samples)
    return generation.samples.x


def _chain(maker: Maker, p_0: Model, web: Web, streams: Streams) -> Iterator[Generation]:
    """Return the chain of a maker that enters now."""
    scraped = web.scrape(maker.scrapes, streams.rng(0, "compose"))
    if maker.private:
        scraped = Samples.concat([_people(p_0, maker.private, streams, 0), scraped])
    if maker.curator is not None:
        reference = Reference(p_0, streams, scraped.n_rows)
        scraped = curated_set(scraped, maker.curator, reference, streams.rng(0, "curate"))[0]
    return run_chain(
        p_0,
        maker.learner,
        Scraping(web, maker.scrapes, maker.private),
        sampler=Ancestral(),
        form=Rows(),
        n_synthetic=maker.writes,
        streams=streams,
        after=History(scraped, (), 1, scraped.n_rows, p_0),
        curator=maker.curator,
    )


def _measure(
    metrics: Sequence[Metric],
    p_0: Model,
    generation: Generation,
    streams: Streams,
    t: int,
    values: dict[str, dict[int, Floats]],
) -> None:
    for metric in metrics:
        view = View(
            generation.t,
            p_0,
            generation.model,
            generation.train,
            generation.samples,
            None,
            streams.rng(generation.t, stream_key(metric)),
            streams=streams,
            curation=generation.curation,
        )
        value = metric(view)
        if not isinstance(value, NotApplicable):
            numbers = value.values if isinstance(value, Partial) else value
            values.setdefault(metric.name, {})[t] = np.asarray(numbers, dtype=np.float64)


def _series(metrics: Sequence[Metric], values: Mapping[str, Mapping[int, Floats]]) -> Measured:
    return {
        metric.name: joined(entry_of(metric), sorted(of), [of])
        for metric in metrics
        if (of := values.get(metric.name))
    }
