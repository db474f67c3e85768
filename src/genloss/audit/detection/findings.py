"""What a calibration said of a corpus, as plain values: false positives before anything caught."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from genloss.audit.conformal.calibration import Calibration, Name
from genloss.audit.conformal.guarantee import Held, held, share_between
from genloss.audit.conformal.thresholds import Guarantee, Threshold
from genloss.audit.detection.generators import untested
from genloss.audit.detection.tail_cost import BandCost, by_frequency
from genloss.audit.detection.tallies import Tallies


@dataclass(frozen=True)
class FalsePositives:
    """Human texts of one group: what was promised, and what came."""

    group: Name
    promised: float
    held: Held


@dataclass(frozen=True)
class Caught:
    """Texts of one generator that were flagged, with the 95 % interval of the share."""

    origin: str
    generator: str
    released: int
    flagged: int
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Cost:
    """What a filter would remove where a key has one value."""

    key: str
    value: str
    human: int
    human_removed: int
    other: int
    other_removed: int


@dataclass(frozen=True)
class Findings:
    """What came of a corpus.

    answers, origins: numbers of records. refused: groups without a threshold, with sources and
    need. false_positives, cost: the worst first. unknown: groups of unknown origin to (flagged, n).
    tells: phrases and marks to texts by origin (human, machine or edited, unknown). card: what must
    be said wherever a result is shown.
    """

    level: float
    guarantee: Guarantee
    answers: dict[str, int]
    origins: dict[str, int]
    refused: dict[Name, tuple[int, int]]
    false_positives: tuple[FalsePositives, ...]
    caught: tuple[Caught, ...]
    unknown: dict[Name, tuple[int, int]]
    words: tuple[BandCost, ...]
    cost: tuple[Cost, ...]
    tells: dict[tuple[str, str], tuple[int, ...]]
    card: tuple[str, ...]


def findings(
    calibration: Calibration, tallies: Tallies, level: float, guarantee: Guarantee
) -> Findings:
    """Return what the counts say."""
    thresholds = calibration.thresholds(level, guarantee)
    false = [
        FalsePositives(
            name,
            thresholds[name].expected,
            held(thresholds[name], flagged, n, tallies.p_values[name]),
        )
        for name, (n, flagged) in tallies.groups["human"].items()
    ]
    return Findings(
        level,
        guarantee,
        {str(answer): n for answer, n in tallies.answers.most_common()},
        dict(tallies.origins),
        {n: (t.n, t.needs) for n, t in sorted(thresholds.items()) if t.is_refused},
        tuple(sorted(false, key=lambda f: (-f.held.rate, -f.held.n, f.group))),
        tuple(_caught(tallies)),
        {name: (k, n) for name, (n, k) in sorted(tallies.groups["unknown"].items())},
        tuple(by_frequency(tallies.words)),
        tuple(_costs(tallies)),
        {tell: tuple(counts) for tell, counts in sorted(tallies.marked.items())},
        card(calibration, thresholds, false),
    )


def card(
    calibration: Calibration, thresholds: dict[Name, Threshold], false: list[FalsePositives]
) -> tuple[str, ...]:
    """Return the sentences that go with every result."""
    first = next(iter(thresholds.values()))
    promise = (
        f"Promised is at most {first.level:.1%} of human texts flagged, averaged over calibrations"
        if first.guarantee == "marginal"
        else f"Promised is at most {first.level:.1%} of human texts flagged, in "
        f"{calibration.confidence:.0%} of calibrations"
    )
    out = [
        f"{promise}, for texts of new sources like those calibrated on, and for no others.",
        "A flag is a rank among human scores, not a finding about an author.",
    ]
    broken = [", ".join(f.group) for f in false if f.held.verdict == "broken"]
    if broken:
        out.append(f"The promise is broken here for human texts of: {'; '.join(broken)}.")
    unlike = [", ".join(f.group) for f in false if f.held.is_unlike]
    if unlike:
        out.append(
            "Texts known to be human score higher than those calibrated on (edited, or of another "
            f"kind), so that nothing is promised about them: {'; '.join(unlike)}."
        )
    if calibration.is_weak:
        out.append("At no length did the scorer catch a tenth of the machine text: do not use it.")
    elif calibration.shortest.ground == "no power":
        most = calibration.shortest.table[-1].words
        out.append(
            f"Cut to {most} words or fewer, not even a tenth of the machine text is surely caught."
        )
    if warning := untested(calibration.tested, date.today()):
        out.append(warning)
    return tuple(out)


def _caught(tallies: Tallies) -> list[Caught]:
    rows = [
        Caught(*who, flagged, n, *share_between(flagged, n))
        for who, (n, flagged) in tallies.generators.items()
    ]
    return sorted(rows, key=lambda c: (c.origin != "machine", c.flagged / c.n, c.generator))


def _costs(tallies: Tallies) -> list[Cost]:
    rows = [
        Cost(key, value, *cell)
        for key, cells in tallies.cost.items()
        for value, cell in cells.items()
        if cell[0] and (len(cells) > 1 or value != "unknown")
    ]
    return sorted(rows, key=lambda c: (-c.human_removed / c.human, -c.human, c.key, c.value))


def as_json(found: Findings) -> dict[str, Any]:
    """Return findings as JSON: groups are lists, rates are left to the reader."""
    false = [
        {"group": list(f.group), "promised": f.promised, **_finite(asdict(f.held))}
        for f in found.false_positives
    ]
    return {
        "level": found.level,
        "guarantee": found.guarantee,
        "answers": found.answers,
        "origins": found.origins,
        "refused": [
            {"group": list(name), "sources": n, "needs": needs}
            for name, (n, needs) in found.refused.items()
        ],
        "false_positives": false,
        "caught": [asdict(c) for c in found.caught],
        "unknown": [
            {"group": list(name), "flagged": k, "n": n} for name, (k, n) in found.unknown.items()
        ],
        "words": [asdict(band) for band in found.words],
        "cost": [asdict(cost) for cost in found.cost],
        "tells": [
            {"sort": sort, "name": name, "human": h, "machine": m, "unknown": u}
            for (sort, name), (h, m, u) in found.tells.items()
        ],
        "card": list(found.card),
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and v != v else v for k, v in values.items()}
