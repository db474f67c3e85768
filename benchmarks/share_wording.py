"""Does the alarm on common words and marks see what is no mixture? Real texts, drawn again.

    python benchmarks/share_wording.py DATA draws=400 arms=prevalence,power

Arms of power take a quarter of the draws.

DATA: the folder with human-machine/ and english-novels/. Prevalence: texts are drawn with
replacement, so that the pools are the laws and only the share changes; an alarm in one draw of
twenty at most. The other arms take no text twice, and no prompt in two sets, so that their sizes
end where the texts do; beside the power seen stands what `line_power` says of a twin of that arm.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr
from scipy.stats import chi2

from detection_law import law, novels
from detection_scores import Text, texts
from genloss.audit.share.wording import (
    MOST,
    PART,
    SHARES,
    Moments,
    _cumulants,
    _turned,
    line_p,
    occurring,
)

LEVEL = 0.05
ALONE = 0.05 / 3
"""Level where scores and lengths are looked at as well, as `genloss corpus share` does."""

WIDE = 500
"""Parts that are counted once for all draws; each draw takes its own hundred of them."""

Sets = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Rows of human, machine and corpus texts."""

PIECE = 1500
"""Characters of a piece of a novel."""


class Pool:
    """Texts, how often parts occur in them, and what is known of each."""

    def __init__(self, rows: list[Text]) -> None:
        """Count once."""
        self.rows = rows
        bodies = [" ".join(t["text"].split()[t.get("shared", 0) :]) for t in rows]
        seen = Counter(p for body in bodies for p in set(PART.findall(body.lower())))
        known = [p for p, _ in sorted(seen.items(), key=lambda x: (-x[1], x[0]))[:WIDE]]
        self.values = occurring(bodies, known)
        self.there = (self.values > 0).astype(np.float32)

    def where(self, **asked: Any) -> np.ndarray:
        """Return the places of texts with these fields."""
        fits = [all(t[k] == v for k, v in asked.items()) for t in self.rows]
        return np.flatnonzero(fits)

    def p(self, sets: Sets) -> float:
        """Return the p-value, the hundred commonest parts of the calibration looked at."""
        times = np.bincount(np.concatenate(sets[:2]), minlength=len(self.rows))
        most = np.argsort(-(times.astype(np.float32) @ self.there), kind="stable")[:MOST]
        return line_p(*(Moments.of(self.values[np.ix_(rows, most)]) for rows in sets))


def power(pool: Pool, draw: Callable[[np.random.Generator], Sets], draws: int) -> str:
    """Return the share of draws with an alarm, alone and beside two others."""
    p = np.array([pool.p(draw(np.random.default_rng(seed))) for seed in range(draws)])
    return f"{(p < LEVEL).mean():.3f} | {(p < ALONE).mean():.3f}"


def with_replacement(human: np.ndarray, machine: np.ndarray, n: int, share: float) -> Any:
    """Draw n of each, the corpus with this share."""

    def draw(rng: np.random.Generator) -> Sets:
        made = rng.random(n) < share
        corpus = np.where(made, rng.choice(machine, n), rng.choice(human, n))
        return rng.choice(human, n), rng.choice(machine, n), corpus

    return draw


def once(
    pool: Pool, human: Any, machine: Any, other: Any, n: int, share: float, part: float
) -> Any:
    """Draw n of each, no unit twice; a part of the corpus comes from other texts."""

    def draw(rng: np.random.Generator) -> Sets:
        used: set[str] = set()

        def taken(places: np.ndarray, most: int) -> list[int]:
            found: list[int] = []
            for i in rng.permutation(places):
                unit = pool.rows[i]["unit"]
                if len(found) < most and unit not in used:
                    found.append(int(i))
                    used.add(unit)
            if len(found) < most:
                raise ValueError(f"{len(found)} texts for {most}")
            return found

        foreign = rng.binomial(n, part)
        artificial = rng.binomial(n - foreign, share)
        sets = taken(human, n), taken(machine, n)
        corpus = taken(other, foreign) + taken(machine, artificial)
        return *map(np.array, sets), np.array(corpus + taken(human, n - foreign - artificial))

    return draw


def needed(pool: Pool, places: Sets, share: float, part: float) -> str:
    """Return the first of 50, 100, 200, ... texts a sort with 80 % power at .0167, by formula.

    places: human, machine and other texts, all of them. What chance adds to the distance of their
    means from the line is taken off; where nothing is left, no size is known.
    """
    most = np.argsort(-pool.there[np.concatenate(places[:2])].sum(axis=0), kind="stable")[:MOST]
    human, machine, other = _turned(*(Moments.of(pool.values[np.ix_(p, most)]) for p in places))
    a = part + (1 - part) * (1 - share)  # so much of the corpus is no known machine text
    off = part * (other.mean - human.mean) + (1 - a) * (machine.mean - human.mean)
    gaps = off - SHARES[:, None] * (machine.mean - human.mean)
    line = SHARES - (1 - a)
    chance = part**2 * np.trace(other.error) + line**2 * np.trace(machine.error)
    chance = chance + (part - line) ** 2 * np.trace(human.error)
    distance = (gaps**2).sum(axis=1) - chance
    if distance.min() <= 0:
        return "not known"
    for n in 50 * 2 ** np.arange(10):
        sets = [Moments(int(n), s.mean, s.error * s.n / n) for s in (human, machine, human)]
        k1, k2, k3 = _cumulants(*sets)
        freedom = 8 * k2**3 / k3**2
        bound = k1 + np.sqrt(k2) * (chi2.isf(ALONE, freedom) - freedom) / np.sqrt(2 * freedom)
        power = ndtr((k1 + distance - bound) / np.sqrt(k2 + 2 * distance * k2 / k1)).min()
        if power >= 0.8:
            return f"{n:,}"
    return "over 25,600"


def prevalence(name: str, every: list[Text], draws: int) -> None:
    """Only the share changes."""
    pool = Pool(every)
    people, made = pool.where(origin="human"), pool.where(origin="model")
    for n in (100, 300, 1000):
        for share in (0.0, 0.1, 0.5, 0.9, 1.0):
            found = power(pool, with_replacement(people, made, n, share), draws)
            print(f"| prevalence alone, {name} | {n:,} | {share} | {found} |", flush=True)


def of_bao(every: list[Text], draws: int) -> None:
    """Another domain, a generator left out."""
    pool = Pool(every)
    people, made = pool.where(origin="human"), pool.where(origin="model")
    for part in (0.2, 0.4, 1.0):
        for one, other in (("squad", "xsum"), ("squad", "writing"), ("xsum", "squad")):
            sets = [pool.where(origin=o, domain=one) for o in ("human", "model")]
            foreign = pool.where(origin="human", domain=other)
            found = power(pool, once(pool, *sets, foreign, 60, 0.3, part), draws)
            n = needed(pool, (*sets, foreign), 0.3, part)
            print(f"| {part:.0%} {other} in {one} | 60 | 0.3 | {found} | {n} |", flush=True)
    for name in sorted({t["generator"] for t in every if t["origin"] == "model"}):
        known = np.array([i for i in made if pool.rows[i]["generator"] != name])
        found = power(
            pool, once(pool, people, known, pool.where(generator=name), 190, 0.0, 0.5), draws
        )
        n = needed(pool, (people, known, pool.where(generator=name)), 0.0, 0.5)
        print(f"| half by {name}, unknown | 190 | 0.0 | {found} | {n} |", flush=True)


def spliced(every: list[Text], draws: int) -> None:
    """The first half of the human text, the second of a continuation."""
    human = {t["unit"]: t for t in every if t["origin"] == "human"}
    joined = []
    for t in every:
        if t["origin"] == "model":
            a, b = (x["text"].split()[x["shared"] :] for x in (human[t["unit"]], t))
            halves = a[: len(a) // 2] + b[len(b) // 2 :]
            joined.append({**t, "origin": "spliced", "text": " ".join(halves), "shared": 0})
    pool = Pool([*every, *joined])
    sets = [pool.where(origin=o) for o in ("human", "model", "spliced")]
    for part in (0.4, 1.0):
        found = power(pool, once(pool, *sets, 190, 0.3, part), draws)
        n = needed(pool, (sets[0], sets[1], sets[2]), 0.3, part)
        print(f"| {part:.0%} spliced, half by people | 190 | 0.3 | {found} | {n} |", flush=True)


def of_liang(every: list[Text], draws: int) -> None:
    """Human essays and abstracts, edited by GPT-4 where there is an edited one."""
    pool = Pool(every)
    people, made = pool.where(origin="human"), pool.where(origin="model")
    edited = pool.where(origin="mixed")
    for n in (100, 170):
        for part in (0.0, 0.1, 0.2, 0.4):
            found = power(pool, once(pool, people, made, edited, n, 0.3, part), draws)
            most = needed(pool, (people, made, edited), 0.3, part) if part else ""
            print(f"| {part:.0%} edited essays | {n} | 0.3 | {found} | {most} |", flush=True)
    plain = np.array([i for i in made if "self-edited" not in pool.rows[i]["generator"]])
    again = np.array([i for i in made if "self-edited" in pool.rows[i]["generator"]])
    for part in (0.4, 1.0):
        found = power(pool, once(pool, people, plain, again, 80, 0.3, part), draws)
        n = needed(pool, (people, plain, again), 0.3, part)
        print(f"| {part:.0%} by GPT-3.5, edited by itself | 80 | 0.3 | {found} | {n} |", flush=True)


def of_novels(folder: Path, draws: int) -> None:
    """Pieces of novels of 1860 to 1899, one each; the corpus of other years; n-gram machines."""
    books = [b for i in (0, 1) for b in novels(folder, f"novels-{i}.jsonl.xz")]
    rng = np.random.default_rng(1)
    rows = []
    for b in books:
        at = int(rng.integers(5000, len(b["text"]) - PIECE - 5000))
        years = "calibrated" if 1860 <= b["year"] < 1900 else "other"
        rows.append({"text": b["text"][at : at + PIECE], "origin": "human", "years": years})
    model = law([b["text"] for b in books if 1860 <= b["year"] < 1900][:40])
    written = model.sample(60 * 15, rng)[0].reshape(60, -1)
    bodies = [bytes((x[x > 0] - 1).astype(np.uint8)).decode("utf-8", "replace") for x in written]
    rows += [{"text": body, "origin": "model", "years": ""} for body in bodies]
    rows = [{**row, "unit": str(i)} for i, row in enumerate(rows)]
    pool = Pool(rows)
    sets = [pool.where(**w) for w in ({"years": "calibrated"}, {"origin": "model"})]
    other = pool.where(years="other")
    n = min(50, len(sets[0]) // 2, len(other))
    for part in (0.0, 0.4, 1.0):
        found = power(pool, once(pool, *sets, other, n, 0.0, part), draws)
        print(f"| {part:.0%} novels of other years | {n} | 0.0 | {found} |", flush=True)


def main(data: Path, draws: int, arms: str) -> None:
    """Print a markdown row per arm."""
    every = texts(data / "human-machine")
    print("| arm | texts a sort | share | alarms at .05 | at .0167 | texts for 80 % |")
    print("|---|--:|--:|--:|--:|--:|")
    bao = [t for t in every if t["source"].startswith("Bao")]
    liang = [t for t in every if t["source"].startswith("Liang")]
    if "prevalence" in arms:
        prevalence("news, articles, stories", bao, draws)
        prevalence("essays, abstracts", liang, draws)
    if "power" in arms:
        of_liang(liang, draws // 4)
        of_bao(bao, draws // 4)
        spliced(bao, draws // 4)
        of_novels(data / "english-novels", draws // 4)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        given = dict(word.split("=") for word in sys.argv[2:])
        main(Path(sys.argv[1]), int(given.get("draws", 400)), given.get("arms", "prevalence,power"))
    else:
        print(__doc__)
