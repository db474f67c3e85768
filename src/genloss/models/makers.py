"""Several makers of models on one web: each scrapes, trains and writes for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn, TypeVar

import numpy as np

from genloss.core.abilities import scaled
from genloss.core.about import About
from genloss.core.arrays import Array, checked_count
from genloss.core.curators.reference import Reference
from genloss.core.curators.rounds import curated_set
from genloss.core.curators.selection import Curator
from genloss.core.roles import Data, Learner, Model
from genloss.core.samples import REAL, Samples, without_replacement
from genloss.core.streams import Streams
from genloss.core.text import TextLearner, Tokeniser
from genloss.errors import DataError, SpecError
from genloss.models.gaussian import as_samples
from genloss.models.makers_joint import MakersModel, model_of

T = TypeVar("T")


@dataclass(frozen=True)
class MakersLearner:
    """M makers, each of which trains a model of its own on what it scrapes of D_t.

        D_t^m = private rows of m + scrapes different rows of the web,   t >= enters of m

    The web is D_t without the private rows, which are the first sum(private) of S_0 and are nobody
    else's; a regime that keeps S_0 keeps them: `web`, `accumulate`. enters has a number for every
    maker, M of them in all; learners, private and curators have one for each, or one for all.
    scrapes = 0 takes the whole web; share = 'disjoint' deals the web out in M equal parts instead.
    t is read off D_t: one more than its newest origin. A curator covers 'training' and sees what
    its maker scraped, private rows included, and no reality.

    Raises:
        SpecError, DataError: no maker, one too many, nobody that enters at 1, a count out of range,
            a curator of single draws.
    """

    about = About(
        "makers",
        "Makers on one web",
        "Several makers scrape one web, and each trains a model of its own.",
        ("hodel-2025",),
    )
    learners: tuple[Learner, ...]
    enters: tuple[int, ...] = (1,)
    scrapes: int = 0
    private: tuple[int, ...] = (0,)
    curators: tuple[Curator, ...] = ()
    share: Literal["overlapping", "disjoint"] = "overlapping"

    def __post_init__(self) -> None:
        for t in self.enters:
            checked_count(t, "makers: enters")
        for n in self.private:
            checked_count(n, "makers: private", 0)
        checked_count(self.scrapes, "makers: scrapes", 0)
        if 1 not in self.enters:
            raise SpecError(
                f"makers: enters is {list(self.enters)}; somebody must enter at 1, "
                "or nobody writes until then"
            )
        for name in ("learners", "private", "curators"):
            given = len(getattr(self, name))
            if given not in (1, self.n_makers) and not (name == "curators" and not given):
                raise SpecError(
                    f"makers: {given} {name} for {self.n_makers} makers; give one for each, or "
                    "one for all"
                )
        for curator in self.curators:
            if curator.covers != "training":
                raise SpecError(
                    f"makers: a curator covers {curator.covers!r}; what a maker scrapes needs one "
                    "that covers 'training'"
                )
        if self.share == "disjoint" and self.scrapes:
            raise SpecError(
                f"makers: scrapes is {self.scrapes}, and share = 'disjoint' deals out the whole "
                "web; drop one of them"
            )

    @property
    def n_makers(self) -> int:
        """M."""
        return len(self.enters)

    def scaled_to(self, real: Data) -> "MakersLearner":
        """Return the makers with learners scaled to S_0."""
        return replace(self, learners=tuple(scaled(learner, real) for learner in self.learners))

    def of_text(self, tokeniser: Tokeniser) -> "MakersLearner":
        """Return the makers with learners that take the vocabulary of the text they learn from."""
        return replace(
            self,
            learners=tuple(
                learner.of_text(tokeniser) if isinstance(learner, TextLearner) else learner
                for learner in self.learners
            ),
        )

    def fit(
        self,
        train: Samples,
        rng: np.random.Generator,
        *,
        init: Model | None = None,
        valid: Data | None = None,
    ) -> MakersModel:
        """Fit the model of every maker that has entered, each with a stream of its own."""
        rows = as_samples(train, self)
        streams, t = rng.spawn(self.n_makers), int(np.max(rows.origin)) + 1
        before = init.members if isinstance(init, MakersModel) else (None,) * self.n_makers
        parts = self._parts(rows, streams)
        members = tuple(
            _each(self.learners, i).fit(parts[i], streams[i], init=before[i], valid=valid)
            if self.enters[i] <= max(t, 1)
            else None
            for i in range(self.n_makers)
        )
        return model_of(members)

    def restore(self, state: Mapping[str, Array]) -> MakersModel:
        """Rebuild the models of those that had entered."""
        of: list[dict[str, Array]] = [{} for _ in range(self.n_makers)]
        for name, value in state.items():
            place, _, rest = name.partition(".")
            of[int(place)][rest] = value
        return model_of(
            tuple(_each(self.learners, i).restore(own) if own else None for i, own in enumerate(of))
        )

    def _parts(self, rows: Samples, streams: Sequence[np.random.Generator]) -> list[Samples]:
        """Return what each maker trains on."""
        private = [_each(self.private, i) for i in range(self.n_makers)]
        start = sum(private)
        _check_private(rows, start)
        own = np.cumsum([0, *private])
        dealt = self._scrapes(rows, start, streams)
        parts = []
        for i in range(self.n_makers):
            mine = np.broadcast_to(np.arange(own[i], own[i + 1]), (rows.n_chains, private[i]))
            part = rows.take(np.concatenate([mine, dealt[i]], axis=1))
            if self.curators:
                part = _curated(part, _each(self.curators, i), streams[i])
            parts.append(part)
        return parts

    def _scrapes(
        self, rows: Samples, start: int, streams: Sequence[np.random.Generator]
    ) -> list[Any]:
        """Return the places (C, n) of what each maker scrapes of the web, which begins at start."""
        c, size, m = rows.n_chains, rows.n_rows - start, self.n_makers
        if self.share == "disjoint":
            if size < m:
                raise DataError(f"makers: {m} makers cannot share {size} rows; raise n_real")
            order = start + without_replacement(c, size, size, streams[0])
            return [order[:, i::m] for i in range(m)]
        if not self.scrapes:
            return [np.broadcast_to(np.arange(start, rows.n_rows), (c, size))] * m
        if self.scrapes > size:
            raise DataError(
                f"makers: a maker scrapes {self.scrapes:,} rows of a web of {size:,}; scrape "
                "fewer, or raise n_real"
            )
        if rows.weight is not None:
            raise DataError("makers: rows of a web weigh 1; a curator of makers may weigh them")
        return [start + without_replacement(c, size, self.scrapes, own) for own in streams]


def _each(of: Sequence[T], i: int) -> T:
    return of[i if len(of) > 1 else 0]


def _check_private(rows: Samples, n: int) -> None:
    if n >= rows.n_rows:
        raise DataError(
            f"makers: {n:,} private rows, and {rows.n_rows:,} rows in all; private rows are the "
            "first of S_0, so raise n_real"
        )
    if n and (rows.origin[:, :n] != REAL).any():
        raise DataError(
            f"makers: the first {n:,} rows of D_t are to be private, and are not all real; use a "
            "regime that keeps S_0, such as 'web'"
        )


@dataclass(frozen=True)
class _Unseen:
    """Stands in for a reality that a maker's curator must not look at."""

    n_chains: int

    def sample(self, n: int, rng: np.random.Generator) -> NoReturn:
        """Raise SpecError."""
        raise SpecError(
            "makers: a maker's curator sees what was scraped and no reality; use one that asks "
            "for none, such as oracle, random_k, deduplication or detector_resampling"
        )

    def state(self) -> dict[str, Array]:
        """Return nothing."""
        return {}


def _curated(part: Samples, curator: Curator, rng: np.random.Generator) -> Samples:
    reference = Reference(_Unseen(part.n_chains), Streams(0), part.n_rows)
    return curated_set(part, curator, reference, rng, "let makers scrape more of the web")[0]
