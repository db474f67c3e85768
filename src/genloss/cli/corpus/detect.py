"""What `genloss corpus detect` does and says: false positives first, then what is caught."""

from collections.abc import Sequence
from pathlib import Path

from genloss.audit.conformal import read_calibration
from genloss.audit.conformal.calibration import Name
from genloss.audit.conformal.thresholds import Guarantee
from genloss.audit.detection.detecting import detected, scorer_of
from genloss.audit.detection.findings import Caught, Cost, Findings, as_json, findings
from genloss.audit.detection.tallies import Tallies
from genloss.cli import console
from genloss.cli.corpus.options import named, with_text
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import aside_in, one_or_more
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.writing import write_records
from genloss.errors import SpecError
from genloss.report.formatting import count

SHOWN = 12
"""Rows of a table, at most; JSON has all."""

FEW = 3
"""Groups that are named as examples."""

FEWEST = 10
"""Human texts of a value from which its cost is shown in a table."""


def asked(
    paths: Sequence[Path],
    calibration: Path,
    level: float | None,
    guarantee: str,
    out: Path | None,
    fields: FieldMap,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Ask a calibration about a corpus, write records with answers, and say what came of it."""
    if guarantee not in ("marginal", "confident"):
        raise SpecError(f"--guarantee is {guarantee!r}; expected marginal or confident")
    promise: Guarantee = "marginal" if guarantee == "marginal" else "confident"
    known = read_calibration(calibration)
    tallies, at = Tallies(), known.levels[0] if level is None else level
    scorer = scorer_of(known)
    with aside_in(aside_file) as aside, at_work("scoring texts"):
        records = read_records(paths, fields, aside, named(out, aside_file))
        texts = with_text(one_or_more(records, paths, aside), aside)
        answered = detected(texts, known, scorer, at, promise, tallies)
        if out is None:
            for _ in answered:
                pass
        else:
            write_records(answered, out)
    found = findings(known, tallies, at, promise)
    if json:
        console.print_json({"out": str(out) if out else None, **as_json(found)})
        return
    say(found, tuple(known.by), tuple(known.groups))
    say_aside(aside, aside_file)
    if out:
        console.print_prose(f"{out}: records with score, p_value and answer beside them")


def say(found: Findings, by: Sequence[str], groups: Sequence[Name]) -> None:
    """Print findings: whom it wrongs, what it catches, what a filter would cost.

    groups: those that were calibrated.
    """
    total = sum(found.answers.values())
    parts = ", ".join(f"{n:,} {answer}" for answer, n in found.answers.items())
    console.print_prose(f"{count(total, 'text')} at {found.level:.1%} ({found.guarantee}): {parts}")
    _without_group(found, by, groups)
    for name, (n, needs) in list(found.refused.items())[:SHOWN]:
        console.print_prose(f"refused: {', '.join(name)}: {n} sources calibrated, {needs} needed")
    _false_positives(found, by)
    _caught(found.caught)
    _unknown(found, by)
    _words(found)
    _cost(found.cost)
    _tells(found)
    console.print_line("")
    for line in found.card:
        console.print_prose(line)


def _without_group(found: Findings, by: Sequence[str], groups: Sequence[Name]) -> None:
    if not found.answers.get("no group"):
        return
    shown = "; ".join(", ".join(name) for name in groups[:FEW])
    more = f" and {len(groups) - FEW:,} more" if len(groups) > FEW else ""
    console.print_prose(
        f"no group: no text with the same {', '.join(by)} was calibrated; calibrated: {shown}"
        f"{more}; calibrate on texts like these, or with fewer keys by --by"
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], folds: Sequence[str]) -> None:
    console.print_line("")
    console.print_table(columns, rows, folds=folds)


def _false_positives(found: Findings, by: Sequence[str]) -> None:
    if not found.false_positives:
        console.print_prose(
            "No judged text is known to be human: false positives are not counted here. Give some "
            "records the origin human to see them."
        )
        return
    columns = [f"human texts wrongly flagged\n{' / '.join(by)}", "flagged", "95 %", "promise"]
    rows = [
        [
            ", ".join(f.group),
            f"{f.held.flagged} of {f.held.n}",
            f"{f.held.low:.1%}-{f.held.high:.1%}",
            f"{f.held.verdict}{'; texts unlike these' if f.held.is_unlike else ''}",
        ]
        for f in found.false_positives[:SHOWN]
    ]
    _table(columns, rows, (columns[0], "promise"))


def _caught(caught: Sequence[Caught]) -> None:
    if not caught:
        return
    columns = ["caught", "origin", "year", "flagged", "95 %"]
    rows = [
        [
            c.generator,
            c.origin,
            str(c.released or "?"),
            f"{c.flagged} of {c.n}",
            f"{c.low:.1%}-{c.high:.1%}",
        ]
        for c in caught[:SHOWN]
    ]
    _table(columns, rows, columns[:1])


def _unknown(found: Findings, by: Sequence[str]) -> None:
    if not found.unknown:
        return
    columns = [f"of unknown origin\n{' / '.join(by)}", "flagged", "expected if all human"]
    rows = [
        [", ".join(name), f"{k:,} of {n:,}", f"at most {found.level * n:,.1f}"]
        for name, (k, n) in list(found.unknown.items())[:SHOWN]
    ]
    _table(columns, rows, columns[:1])


def _words(found: Findings) -> None:
    if not found.words:
        return
    columns = ["a filter would remove: words", "of human text", "kinds lost", "of machine text"]
    rows = [
        [
            band.band,
            _share(band.words_removed, band.words),
            _share(band.kinds_lost, band.kinds),
            _share(band.machine_removed, band.machine),
        ]
        for band in found.words
    ]
    _table(columns, rows, columns[:1])


def _cost(costs: Sequence[Cost]) -> None:
    rows = [
        [
            f"{c.key}: {c.value[:60]}",
            f"{_share(c.human_removed, c.human)} ({c.human_removed} of {c.human:,})",
            _share(c.other_removed, c.other),
        ]
        for c in costs
        if c.human >= FEWEST and (c.human_removed or c.key != "source")
    ]
    if rows:
        columns = ["a filter would remove: texts", "of human texts", "of machine or edited"]
        _table(columns, rows[:SHOWN], columns[:1])


def _tells(found: Findings) -> None:
    if not found.tells:
        return
    columns = ["phrases and invisible marks", "human", "machine or edited", "unknown"]
    rows = [[f"{sort}: {name}", *map(str, n)] for (sort, name), n in found.tells.items()]
    _table(columns, rows, columns[:1])


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"
