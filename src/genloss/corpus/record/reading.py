"""read_records: files of any sort that is read, one record at a time, in constant memory."""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from genloss.core.parsing import parsing_reason
from genloss.corpus.hub import hub_corpus, is_on_hub
from genloss.corpus.inventory import NO_TEXT, SETTINGS
from genloss.corpus.readers import arrow_rows
from genloss.corpus.readers.bounded import (
    LONGEST,
    Span,
    bounded_lines,
    content_if_small,
    whole_content,
)
from genloss.corpus.readers.byte_stream import decoded, endings
from genloss.corpus.readers.fields import field_among, text_in
from genloss.corpus.readers.found import THIRD, Unreadable
from genloss.corpus.readers.json_values import RepeatedFieldError, value_of
from genloss.corpus.readers.rows import PROSE, READERS
from genloss.corpus.readers.special import special_reader
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import GUESSES, FieldMap
from genloss.corpus.record.from_row import CLEAR, as_word, record_of_row
from genloss.corpus.record.hub_cards import Cards
from genloss.corpus.record.line import is_record, line_of, record_from
from genloss.corpus.record.of_runs import records_of_run
from genloss.corpus.record.record import Record
from genloss.corpus.record.writing import is_sums
from genloss.corpus.walk import Place, walked
from genloss.errors import DataError
from genloss.store.reader import is_run

LINES = (".jsonl", ".ndjson", ".ldjson", ".jsonlines", ".jl")
TABLES = (".parquet", ".arrow", ".feather")

OUTPUT = "an output of this command"

UNKNOWN_CHAT = "a chat of an unknown form"


def read_records(
    paths: Iterable[Path],
    fields: FieldMap | None = None,
    aside: Aside | None = None,
    outputs: Iterable[Path] = (),
) -> Iterator[Record]:
    """Yield the records of files, folders and data sets of the hub, in the order of their paths.

    Rows that are records already (docs/record.md) are taken as they are; their ids are compared by
    `verify`, not here. Of a run folder, the texts that it kept are read. A card (README.md with a
    head) beside or above the files of a folder is evidence for all of them. What cannot be read
    goes to the aside, and reading goes on behind it. outputs: files and folders that whoever reads
    has written or will write, which are no input where a folder holds them. Memory: one line or
    row, or 256 rows of Parquet (fewer of long ones) beside the pages they were written in, and the
    names in one folder; a .json file that is one object, as a whole.

    Raises:
        DataError: a path that does not exist, a file that is an output, or a data set that cannot
            be had.
        MissingExtra: a data set of the hub without huggingface_hub.
    """
    fields, aside = fields or FieldMap(), aside or Aside()
    cards = Cards()
    for place in located(paths, aside, outputs):
        yield from records_at(place, fields, aside, cards=cards)


@dataclass(frozen=True)
class Located:
    """A file or run folder to be read, and the path that it was found below."""

    file: Path
    root: Path


def located(paths: Iterable[Path], aside: Aside, outputs: Iterable[Path] = ()) -> Iterator[Located]:
    """Yield what is read of files, folders and data sets of the hub, in order.

    outputs: see `read_records`.

    Raises:
        DataError: a path that does not exist, or a data set that cannot be had.
        MissingExtra: a data set of the hub without huggingface_hub.
    """
    own = {Path(os.path.abspath(path)) for path in outputs}
    for path in map(Path, paths):
        root, below = hub_corpus(path) if is_on_hub(path) else (path, path)
        if below.is_dir() and is_run(below):
            yield Located(below, root)
        else:
            yield from (Located(file, root) for file in files_to_read(below, aside, own))


def records_at(
    place: Located,
    fields: FieldMap,
    aside: Aside,
    span: Span | None = None,
    cards: Cards | None = None,
) -> Iterator[Record]:
    """Yield the records of one place, or of a span of a file; what cannot be read goes aside.

    cards: found so far, where many files of one folder are read.
    """
    if place.file.is_dir():
        yield from records_of_run(place.file)
        return
    card = (cards or Cards()).of(place.file, place.root)
    try:
        records = records_of_file(place.file, fields, aside, span)
        if card:
            records = map(card.applied, records)
        name = _telling(place)
        yield from _with_hint(records, name, place, aside) if name else records
    except DataError as error:
        reason = str(error).removeprefix(f"{place.file}: ")
        reason = reason.replace("reality.text_field", "--field text=NAME")
        aside.put(place.file, 0, "file cannot be read", reason)


def _telling(place: Located) -> str:
    """Return a name on the way to a file that may say who wrote its texts, or ''."""
    name = place.file.name.partition(".")[0]
    if as_word(name) in CLEAR:
        return name
    return _telling_folder(place.file.parent, place.root) if place.file != place.root else ""


@lru_cache(maxsize=256)
def _telling_folder(folder: Path, root: Path) -> str:
    way = folder.relative_to(root).parts
    return next((name for name in way if as_word(name) in CLEAR), "")


def _with_hint(
    records: Iterable[Record], name: str, place: Located, aside: Aside
) -> Iterator[Record]:
    reason = f"{name} names a file or folder; if that says who wrote it: --fix origin=..., alone"
    for record in records:
        if not record.evidence:
            kind = "the name of a file or folder may say who wrote it"
            aside.put(place.file, 0, kind, reason, kept=True)
        yield record


def records_of_file(
    file: Path, fields: FieldMap, aside: Aside, span: Span | None = None
) -> Iterator[Record]:
    """Yield the records of one file, or of a span of its lines or row groups.

    Raises:
        DataError: a file that cannot be read at all, or not further.
    """
    suffix, packed = endings(file)
    # A text is opened once: what it is and what it says are told from the same bytes.
    content = content_if_small(file) if suffix == ".txt" and not packed else None
    if (reader := special_reader(file, content)) is not None:
        for number, found in reader(file, fields.me):
            yield from _of_found(found, number, file, fields, aside)
    elif suffix in LINES:
        yield from _of_lines(file, fields, aside, span)
    elif suffix in TABLES:
        yield from _of_table(file, fields, aside, span)
    elif suffix in READERS:
        for number, (row, _) in enumerate(READERS[suffix](file, fields.text), start=1):
            yield from _of_row(row, number, file, fields, aside)
    else:
        content = whole_content(file) if content is None else content
        text = decoded(content, str(file)).removeprefix("\ufeff")
        yield from _of_row({fields.text: text.replace("\r\n", "\n")}, 0, file, fields, aside)


def files_to_read(path: Path, aside: Aside, own: Collection[Path] = frozenset()) -> Iterator[Path]:
    """Yield the file, or those of a folder that are read; the others go to the aside.

    own: absolute paths of files and folders that are outputs.

    Raises:
        DataError: a path that does not exist, or a file that is an output.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; check the path")
    if not path.is_dir():
        # After a kill the command would go on with what it has written.
        if Path(os.path.abspath(path)) in own:
            raise DataError(f"{path} is read, and would be written over; name another output")
        yield path
        return
    said: set[Path] = set()
    for place in walked(path):
        if is_sums(place.path):
            continue
        if (output := _output_of(place.path, own)) is not None:
            if output not in said:
                aside.put(output, 0, OUTPUT, "what this command writes is no input of it")
                said.add(output)
            continue
        if why := place.why or _why_not(place):
            aside.put(place.path, 0, why, why)
        else:
            yield place.path


def _output_of(path: Path, own: Collection[Path]) -> Path | None:
    if not own:
        return None
    whole = Path(os.path.abspath(path))
    return next((place for place in (whole, *whole.parents) if place in own), None)


def _why_not(place: Place) -> str:
    path = place.path
    suffix = endings(path)[0]
    if not place.plain and path.is_dir():
        return "a link to a folder"
    if path.name in SETTINGS or path.name.lower().startswith(("readme.", "license.", "licence.")):
        return "describes the data"
    if suffix in NO_TEXT and special_reader(path) is None:
        return NO_TEXT[suffix]
    if suffix not in (*PROSE, *READERS) and special_reader(path) is None:
        return f"{suffix or 'no suffix'} is not read"
    return ""


def _of_found(
    found: Any, number: int, file: Path, fields: FieldMap, aside: Aside
) -> Iterator[Record]:
    if isinstance(found, Unreadable):
        aside.put(file, number, found.kind, found.reason)
        return
    if form := found.get("unknown_chat"):
        reason = f"lines begin like '{form}', a chat in a form that is not read"
        if not fields.third_party:
            reason += "; whose words they are is not known: --third-party takes it as one text"
        aside.put(file, number, UNKNOWN_CHAT, reason, kept=fields.third_party)
        if not fields.third_party:
            return
    if found.get("party") == THIRD and not fields.third_party:
        reason = "by somebody else; name yourself by --me, or take all by --third-party"
        aside.put(file, number, THIRD, reason)
    else:
        # What was found has the names that are guessed; a map of one's own is for rows.
        known = replace(fields, text="text", fields={}, attributes=None)
        yield from _of_row(found, number, file, known, aside)


def _of_lines(file: Path, fields: FieldMap, aside: Aside, span: Span | None) -> Iterator[Record]:
    for number, content in bounded_lines(file, span):
        if content is None:
            size = f"more than {LONGEST >> 20} MiB"
            aside.put(file, number, "line too long", f"a line of {size}; cut the text")
            continue
        try:
            line = decoded(content, "", number).removeprefix("\ufeff").strip()
        except DataError as error:
            reason = str(error).partition(f"line {number}, ")[2] or str(error)
            aside.put(file, number, "not UTF-8 text", reason)
            continue
        if not line:
            continue
        try:
            row = value_of(line)
        except RepeatedFieldError as error:
            aside.put(file, number, "two values", str(error))
            continue
        except (ValueError, RecursionError) as error:
            aside.put(file, number, "not JSON", f"not JSON ({parsing_reason(error)})")
            continue
        if isinstance(row, dict):
            yield from _of_row(row, number, file, fields, aside)
        else:
            aside.put(file, number, "not a row", f"is {type(row).__name__}; expected an object")


def _of_table(file: Path, fields: FieldMap, aside: Aside, span: Span | None) -> Iterator[Record]:
    names = arrow_rows.column_names(file)
    wanted = [name for key in GUESSES for name in fields.names(key)]
    others = names if fields.attributes is None else [*wanted, *fields.attributes]
    roots = dict.fromkeys(name.partition(".")[0] for name in others)
    if endings(file)[0] == ".parquet":
        rows = arrow_rows.parquet(file, fields.text, roots, span)
    else:
        rows = arrow_rows.arrow(file, fields.text, roots)
    for number, (row, _) in enumerate(rows, start=1 + (span.before if span else 0)):
        yield from _of_row(row, number, file, fields, aside)


def _of_row(row: Any, number: int, file: Path, fields: FieldMap, aside: Aside) -> Iterator[Record]:
    def doubt(kind: str, reason: str) -> None:
        aside.put(file, number, kind, reason, kept=True)

    try:
        if is_record(row):
            record = record_from(row)
        else:
            text = text_in(row, field_among(map(str, row), fields.text, str(file)), str(file))
            where = f"{file.name}:{number}" if number else file.name
            record = record_of_row(row, text, fields, where, doubt)
        for words in _words_of(record):
            if not words.isascii():
                words.encode()
    except DataError as error:
        kind = "not a valid record" if is_record(row) else "no field of text"
        reason = str(error).removeprefix(f"{file}: ")
        aside.put(file, number, kind, reason.replace("reality.text_field", "--field text=NAME"))
    except UnicodeEncodeError:
        aside.put(file, number, "not Unicode", "holds half a surrogate pair; remove it")
    else:
        if record.text is not None and not record.text.strip():
            aside.put(file, number, "no text", "a record without text")
        elif len(record.text or "") > LONGEST // 8 and len(line_of(record).encode()) > LONGEST:
            size = f"as a line of more than {LONGEST >> 20} MiB it could not be read again"
            aside.put(file, number, "record too long", f"{size}; cut the text")
        else:
            yield record


def _words_of(record: Record) -> Iterator[str]:
    """Yield all that is written of a record."""
    yield from (record.text or "", record.path, record.source, record.licence, *record.consent)
    yield from (evidence.detail for evidence in record.evidence)
    yield from vars(record.generator).values() if record.generator else ()
    for name, value in record.attributes.items():
        yield name
        if isinstance(value, str):
            yield value
