"""What `genloss corpus share` does and says."""

import json as jsons
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genloss.audit.conformal import read_calibration
from genloss.audit.detection.detecting import scorer_of
from genloss.audit.share.corrected import rogan_gladen
from genloss.audit.share.findings import WORDS, Findings, findings
from genloss.audit.share.judged import Judged, judged
from genloss.audit.share.pair import FEWEST, PairShare, Share
from genloss.audit.share.power import Power
from genloss.cli import console
from genloss.cli.corpus.options import given_as, named
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.core.scorer import scored
from genloss.corpus.record.aside import Aside, aside_in, one_or_more
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Record
from genloss.errors import SpecError
from genloss.report.formatting import count
from genloss.store.files import write_bytes


@dataclass(frozen=True)
class Asked:
    """What the command was asked: calibration texts, the score, the unit, groups, the level."""

    human: tuple[Path, ...]
    machine: tuple[Path, ...]
    edited: tuple[Path, ...]
    score: str
    unit: str
    by: tuple[str, ...]
    level: float
    seed: int
    calibration: Path | None


def asked(
    known: tuple[Sequence[Path], Sequence[Path], Sequence[Path]],
    score: str,
    unit: str,
    by: tuple[str, ...],
    level: float,
    seed: int,
    calibration: Path | None,
) -> Asked:
    """Return what was asked; known: human, machine and edited texts."""
    human, machine, edited = (tuple(paths) for paths in known)
    return Asked(human, machine, edited, score, unit, by, level, seed, calibration)


def shared(
    paths: Sequence[Path],
    asked: Asked,
    out: Path | None,
    fields: FieldMap,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Measure the share of a corpus, write it, and say it.

    Raises:
        SpecError: no corpus, or no human texts.
    """
    for what, given in (("a corpus", paths), ("--human", asked.human)):
        if not given:
            raise SpecError(
                f"{what} is missing; expected a corpus and texts that are certainly human: "
                "genloss corpus share crawl.jsonl --human ours"
            )
    foreign: Counter[str] = Counter()
    with aside_in(aside_file) as aside, at_work("estimating shares"):
        found = _found(paths, asked, fields, aside, foreign, named(out, aside_file))
    plain = found.as_json()
    if out is not None:
        write_bytes(out, jsons.dumps(plain, indent=1, allow_nan=False).encode() + b"\n")
    if json:
        console.print_json(plain)
        return
    _say(found)
    if foreign[asked.score]:
        console.print_prose(
            f"{foreign[asked.score]:,} texts bring a number {asked.score!r} that `genloss corpus "
            "detect` has not written; it was taken as a score; --score names another one"
        )
    if out is not None:
        console.print_hint(f"written to {out}")
    say_aside(aside, aside_file)


def corrected(rates: str, json: bool) -> None:
    """Say what an observed rate is, corrected: 'observed,false positives,false negatives'."""
    parts = _rates(rates)
    share = rogan_gladen(*parts)
    if json:
        console.print_json({"share": share})
        return
    console.print_prose(
        f"{share:.1%} of the texts, if {parts[0]:.1%} were flagged and the detector flags "
        f"{parts[1]:.1%} of human and misses {parts[2]:.1%} of machine texts (Rogan and Gladen "
        "1978); the rates are taken as exact, so that no interval follows"
    )


def _rates(text: str) -> list[float]:
    try:
        observed, positives, negatives = (float(part) for part in text.split(","))
    except ValueError:
        raise SpecError(
            f"--corrected is {text!r}; expected observed, false positive and false negative rate, "
            "such as 0.5,0.042,0.006"
        ) from None
    return [observed, positives, negatives]


def _found(
    paths: Sequence[Path],
    asked: Asked,
    fields: FieldMap,
    aside: Aside,
    foreign: Counter[str],
    outputs: Sequence[Path],
) -> Findings:
    known = read_calibration(asked.calibration) if asked.calibration is not None else None
    scorer = scorer_of(known) if known is not None else None

    def texts(of: Sequence[Path], origin: str = "", by: Sequence[str] = ()) -> Judged:
        if origin:
            records = given_as(origin, of, fields, aside, outputs)
        else:
            records = read_records(of, fields, aside, outputs)
        records = one_or_more(records, of, aside)
        if scorer is None:
            return judged(_noted(records, asked.score, foreign), asked.score, asked.unit, by)
        found = judged(records, asked.score, asked.unit, by)
        return replace(found, scores=scored(scorer, found.texts))

    return findings(
        texts(paths, by=asked.by),
        texts(asked.human, "human"),
        texts(asked.machine, "machine") if asked.machine else None,
        texts(asked.edited, "edited") if asked.edited else None,
        asked.score if known is None else str(known.scorer["kind"]),
        asked.level,
        asked.seed,
    )


def _noted(records: Iterable[Record], score: str, foreign: Counter[str]) -> Iterator[Record]:
    """Yield records, and count those whose score `detect` did not write, an answer beside it."""
    for record in records:
        foreign[score] += score in record.attributes and "answer" not in record.attributes
        yield record


def _say(found: Findings) -> None:
    left = f", {found.unscored:,} of them without a score" if found.unscored else ""
    console.print_prose(f"{count(found.texts, 'text')}{left}; calibrated on {found.mode}")
    _say_doubt(found)
    _say_shares(found)
    _say_one_each(found)
    if found.pair is not None:
        _say_generators(found.pair)
        _say_alarms(found)
    for name, groups in found.by.items():
        rows = [[g, *_cells(p.share), f"{p.texts:,}"] for g, p in groups.shares.items()]
        if rows:
            console.print_line("")
            console.print_line(f"by {name}, all at once at {groups.level:.0%}")
            console.print_table([name, "machine", "interval", "texts"], rows, [name])
        if groups.refused:
            few = count(len(groups.refused), "group")
            console.print_prose(f"{few} of fewer than 50 texts: no interval")


def _say_doubt(found: Findings) -> None:
    """Say before any number that it does not hold: by an alarm, or by texts given twice."""
    if found.in_both:
        console.print_prose(
            f"{found.in_both:,} of the {found.texts:,} texts also calibrate, byte for byte: all "
            "intervals take the two as independent and are too narrow; take these texts out of one"
        )
    raised = [alarm.about for alarm in found.alarms if alarm.raised]
    if raised:
        console.print_prose(
            f"cannot tell: by {' and '.join(raised)} this corpus is no mixture of the texts that "
            "calibrate it; another generator, edited texts or another domain are in it; the "
            "intervals say what would hold without them"
        )


def _say_shares(found: Findings) -> None:
    rows = []
    if found.bound is not None:
        each = f", one of every {found.one_each.unit}" if found.one_each else ""
        low = f">= {found.bound.low:.1%}"
        rows.append(["not human, at least", "", low, f"human texts alone{each}"])
    if found.pair is not None:
        rows.append(["machine", *_cells(found.pair.share), f"scores ({found.score})"])
    if found.words is not None:
        rows.append(["machine", *_cells(found.words), "word occurrences"])
    if found.ternary is not None:
        three = found.ternary
        for name, part in (("human", three.human), ("edited", three.edited)):
            rows.append([name, *_cells(part), "scores, three origins"])
        rows.append(["machine", *_cells(three.machine), "scores, three origins"])
    console.print_table(["share", "estimate", "interval", "by"], rows, ["by"])
    if found.ternary is not None and not found.ternary.edited_identified:
        console.print_prose(
            "edited not identified: edited texts score like a mixture of human and machine ones: "
            "their share cannot be told from these scores"
        )
    if found.ternary is not None and not found.ternary.fits:
        console.print_prose("no mixture of the three calibrated laws fits this corpus")
    if found.words is not None and found.score == WORDS:
        console.print_prose(
            "Both estimators read the same word occurrences, as the corpus brings no scores: that "
            "they agree is no second opinion."
        )
    if found.disagreement:
        console.print_prose(found.disagreement)


def _say_one_each(found: Findings) -> None:
    """Say what counts one text of every unit, and what is not told of few units."""
    if (one := found.one_each) is None:
        return
    sorts = {"human": one.human, "machine": one.machine, "edited": one.edited}
    parts = [f"{n:,} {name}" for name, n in sorts.items() if n is not None]
    drawn = f"({', '.join(parts)}, {one.corpus:,} of the corpus)"
    if found.pair is None:
        told = f"The lower bound takes one text of every {one.unit}, drawn at random {drawn}"
        console.print_prose(f"{told}: it counts {one.unit}s, not texts.")
        return
    if one.are_few:
        console.print_prose(
            f"Too few {one.unit}s {drawn}: below {FEWEST} of a sort there are no alarms, no three "
            f"origins, and no interval by words of fewer {one.unit}s; --unit names another unit"
        )
        return
    console.print_prose(
        f"Texts of one {one.unit} are not independent. The interval by scores counts that; by "
        f"words, whole {one.unit}s are drawn again; all else takes one text of every {one.unit}, "
        f"drawn at random {drawn}, and counts {one.unit}s, not texts."
    )


def _say_generators(pair: PairShare) -> None:
    console.print_prose(
        "The interval holds calibration error; it is conditional on the generators of the machine "
        f"texts ({pair.human:,} human and {pair.machine:,} machine texts calibrate it)."
    )
    if not pair.left_out:
        console.print_prose("one generator: what an unknown one would do cannot be measured")
        return
    rows = [[x.generator, f"{x.factor:.2f}", f"{x.bias:+.1%}"] for x in pair.left_out]
    console.print_line("")
    console.print_line("had this generator not been known")
    console.print_table(["generator", "reads as", "bias"], rows, ["generator"])


def _say_alarms(found: Findings) -> None:
    if not found.alarms:
        return
    console.print_line("")
    for alarm in found.alarms:
        said = "ALARM: no mixture of the calibrated laws" if alarm.raised else "no alarm"
        console.print_prose(f"{alarm.about}: {said} (p {_p(alarm.p)})")
    for power in found.powers:
        console.print_prose(f"the alarm on {power.about} would see {power.arm}: {_seen(power)}")
    console.print_prose("not seen by these alarms: " + "; ".join(found.unseen))


def _seen(power: Power) -> str:
    """Return a power as people read it, and what 80 % would take."""
    said = f"in {power.power:.0%} of such corpora"
    if power.times == 1:
        return said
    if power.times is None:
        return f"{said}; no number of texts that was tried gives 80 %"
    return f"{said}; 80 % takes about {power.times} times as many texts of each sort"


def _cells(share: Share) -> list[str]:
    return [f"{share.estimate:.1%}", f"{share.low:.1%} to {share.high:.1%}"]


def _p(p: float) -> str:
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}"
