"""What `genloss corpus calibrate` does and says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genloss.audit.conformal.calibration import Calibration
from genloss.audit.conformal.calibration_file import as_json, write_calibration
from genloss.audit.conformal.thresholds import Threshold
from genloss.audit.detection.calibrating import OneForAll, Plan, Read, calibrate, one_for_all
from genloss.audit.detection.findings import card
from genloss.cli import console
from genloss.cli.corpus.options import given_as, named, with_text
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import aside_in, one_or_more
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.errors import SpecError
from genloss.report.formatting import count
from genloss.spec.build import build
from genloss.spec.toml import overridden


def calibrated(
    human: Sequence[Path],
    machine: Sequence[Path],
    scorer: str,
    options: Sequence[str],
    plan: Plan,
    out: Path,
    fields: FieldMap,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Calibrate a scorer, write the file, and say what it promises."""
    built = _scorer(scorer, options)
    with aside_in(aside_file) as aside, at_work("calibrating"):
        outputs = named(out, aside_file)
        people = one_or_more(read_records(human, fields, aside, outputs), human, aside)
        others = given_as("machine", machine, fields, aside, outputs)
        found, read = calibrate(with_text(people, aside), built, with_text(others, aside), plan)
    write_calibration(found, out)
    if json:
        console.print_json({"calibration": str(out), **as_json(found)})
        return
    _say(found, read)
    say_aside(aside, aside_file)
    console.print_line(f"{out}: {count(len(found.groups), 'group')}")
    console.print_hint(f"next: genloss corpus detect CORPUS --calibration {out}")


def _scorer(kind: str, options: Sequence[str]) -> Any:
    try:
        return build("scorer", overridden({"kind": kind}, options))
    except SpecError as error:
        if "is missing" not in str(error):
            raise
        raise SpecError(f"{error}; give it by --with, such as --with texts=FILE") from None


def _say(found: Calibration, read: Read) -> None:
    console.print_prose(
        f"{count(read.human, 'human text')}, {count(read.machine, 'machine text')}; "
        f"scorer {found.scorer['kind']}; exchangeable unit: {found.unit}"
    )
    for origin, n in sorted(read.passed_over.items()):
        console.print_prose(f"passed over: {n:,} of origin {origin}")
    if read.without_source:
        n = read.without_source
        console.print_prose(
            f"{count(n, 'text')} without {found.unit}: each counts as a source of its own; if some "
            "have one author, no promise holds"
        )
    level = found.levels[0]
    _worst(one_for_all(found, level), level)
    _thresholds(found)
    _length(found)
    _caught(found)
    console.print_line("")
    for line in card(found, found.thresholds(level, "marginal"), []):
        console.print_prose(line)


def _worst(groups: list[OneForAll], level: float) -> None:
    """Say why there is a threshold for each group: the groups that one for all would wrong."""
    if len(groups) < 2:
        return
    console.print_prose(
        f"If one threshold at {level:.1%}, made from all other groups, were used for all (worst "
        "first):"
    )
    console.print_line("")
    columns = ["human texts of", "flagged"]
    rows = [[_name(g.name), f"{g.flagged} of {g.sources}"] for g in groups[:8]]
    console.print_table(columns, rows, folds=columns[:1])


def _thresholds(found: Calibration) -> None:
    levels = [(x, g) for x in found.levels for g in ("marginal", "confident")]
    console.print_line("")
    columns = [" / ".join(found.by), "sources", *(f"{x:.1%}\n{g}" for x, g in levels)]
    rows = []
    for name, group in sorted(found.groups.items()):
        marginal = {x: group.threshold(x, "marginal") for x in found.levels}
        sure = {x: group.threshold(x, "confident", found.confidence) for x in found.levels}
        cells = [_cell((marginal if g == "marginal" else sure)[x]) for x, g in levels]
        rows.append([_name(name), f"{group.sources:,}", *cells])
    console.print_table(columns, rows, folds=columns[:1])


def _cell(bound: Threshold) -> str:
    return f"refused\n< {bound.needs}" if bound.is_refused else f"{bound.value:.4g}"


def _length(found: Calibration) -> None:
    short = found.shortest
    why = {
        "given": "as asked for",
        "power": "from there on, at least a tenth of machine text is caught",
        "no power": "Texts shorter than the shortest calibrated one of their group are not judged",
        "calibrated": "The power of lengths is not measured (too little text), so that texts "
        "shorter than the shortest calibrated one of their group are not judged",
    }[short.ground]
    console.print_line("")
    words = f"Texts below {short.words} words are not judged: " if short.words else ""
    console.print_prose(f"{words}{why}.")


def _caught(found: Calibration) -> None:
    if not found.tested:
        return
    console.print_line("")
    columns = ["caught of machine text", "released", "flagged", "judged"]
    rows = [
        [t.generator, str(t.released or "unknown"), str(t.caught), str(t.n)] for t in found.tested
    ]
    console.print_table(columns, rows, folds=columns[:1])


def _name(name: Sequence[str]) -> str:
    return ", ".join(name)
