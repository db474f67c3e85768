"""What `genloss corpus audit` does and says."""

import json as json_text
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from genloss.audit.conformal import read_calibration
from genloss.audit.detection.detecting import scorer_of
from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.by_shards import audit_by_shards
from genloss.audit.profile.detector import DetectorBeside
from genloss.audit.profile.options import AuditOptions
from genloss.cli import console
from genloss.cli.corpus.jobs import Where, doing
from genloss.cli.corpus.options import given_as, named
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.hub import with_revision
from genloss.corpus.record.aside import Aside, aside_in, one_or_more
from genloss.corpus.record.field_map import FieldMap
from genloss.corpus.record.reading import read_records
from genloss.errors import DataError, SpecError
from genloss.report.corpus.page import corpus_page
from genloss.report.corpus.sentences import in_short
from genloss.store.files import read_bytes, removed, write_bytes
from genloss.store.output import check_output

WORK = ".work"
"""Ends the name of the folder, beside the page, in which shards are counted."""


def audited(
    paths: Sequence[Path],
    out: Path,
    fields: FieldMap,
    options: AuditOptions,
    *,
    reference: Sequence[Path],
    against: Sequence[Path],
    calibration: Path | None,
    known: tuple[Sequence[Path], Sequence[Path]],
    where: Where,
    title: str,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Write the page and its numbers, and say what is in short on it.

    known: human and machine texts, for the share.
    """
    numbers, work = out.with_suffix(".json"), out.with_name(out.stem + WORK)
    if out.suffix != ".html":
        raise SpecError(f"--out is {out}; expected a page, such as audit.html")
    own = named(out, numbers, aside_file)
    for file in (out, numbers):
        check_output(file)
    with aside_in(aside_file) as aside, at_work("auditing"):
        # What is left out of the texts to compare with is not left out of the corpus.
        beside = Aside(aside.stream)
        detector = _detector(calibration, known, fields, beside, own)
        if where.by_shards:
            asked = partial(audit_by_shards, reference=reference, against=against, outputs=own)
            with doing(where) as do:
                audit = asked(paths, work, fields, options, aside, do, detector=detector)
        else:
            audit = audit_of(
                one_or_more(read_records(paths, fields, aside, own), paths, aside),
                options,
                read_records(reference, fields, None, own) if reference else None,
                [(path.name, read_records([path], fields, None, own)) for path in against],
                detector,
            )
        audit |= {
            "title": title,
            "inputs": [with_revision(path) for path in paths],
            "reference": [with_revision(path) for path in reference],
            "aside": {"left_out": dict(aside.left_out), "doubts": dict(aside.doubts)},
        }
    aside.join(beside)
    write_audit(audit, out)
    if where.by_shards and not where.keep_work:
        removed(work)
    say_aside(aside, aside_file)
    if json:
        console.print_json({"page": str(out), "numbers": str(numbers), "records": audit["sizes"]})
        return
    for sentence in in_short(audit):
        console.print_prose(sentence)
    console.print_line(str(out))


def _detector(
    calibration: Path | None,
    known: tuple[Sequence[Path], Sequence[Path]],
    fields: FieldMap,
    aside: Aside,
    outputs: Sequence[Path],
) -> DetectorBeside | None:
    human, machine = known
    if bool(human) != bool(machine) or (human and calibration is None):
        raise SpecError(
            "got some of --calibration, --human and --machine; expected all three, for a share as "
            "an interval, or --calibration alone, for a lower bound"
        )
    if calibration is None:
        return None
    made = read_calibration(calibration)
    texts = [
        given_as(origin, paths, fields, aside, outputs) if paths else None
        for origin, paths in zip(("human", "machine"), known, strict=True)
    ]
    return DetectorBeside(made, scorer_of(made), texts[0], texts[1])


def write_audit(audit: dict[str, Any], out: Path) -> None:
    """Write the page of an audit, and its numbers beside it."""
    numbers = out.with_suffix(".json")
    audit |= {"genloss": version("genloss"), "numbers": numbers.name}
    page = corpus_page(audit)
    content = json_text.dumps(audit, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(numbers, content.encode(), b"\n")
    write_bytes(out, page.encode())


def earlier(file: Path | None) -> dict[str, Any] | None:
    """Return the numbers of an earlier audit.

    Raises:
        DataError: no such file, or no audit.
    """
    if file is None:
        return None
    if not file.exists():
        raise DataError(f"{file}: no such file; make it: genloss corpus audit CORPUS")
    try:
        audit = json_text.loads(read_bytes(file))
    except (ValueError, RecursionError):
        audit = None
    if not isinstance(audit, dict):
        raise DataError(f"{file}: no audit; expected the .json beside its page")
    return audit
