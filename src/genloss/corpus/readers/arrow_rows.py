"""Rows of Parquet and Arrow, a batch at a time; only the columns that are needed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.corpus.readers.bounded import Span, whole_content
from genloss.corpus.readers.byte_stream import endings, opened
from genloss.corpus.readers.fields import field_among
from genloss.corpus.readers.json_rows import Rows
from genloss.errors import DataError

LARGEST = 1 << 30
"""Bytes that a file of columns may unpack to, where the file as a whole is packed; 1 GiB."""

BATCH = 256
"""Rows that are decoded at once, at most: a dictionary may hold one long text for all of them."""

AT_ONCE = 64 << 20
"""Bytes of rows that are decoded at once, by the mean of their row group; one row at least."""

BUFFER = 1 << 20
"""Bytes of a column of Parquet that are read at once."""


def parquet(file: Path, text_field: str, others: Iterable[str], span: Span | None = None) -> Rows:
    """Yield the field of the text and the others, where they are, of the rows of a Parquet file.

    span: of its row groups.

    Raises:
        DataError: no whole Parquet file, no such column, or text that is not UTF-8.
        MissingExtra: pyarrow is not installed.
    """
    module = optional("pyarrow.parquet", "this text")
    with (
        _source(file, "Parquet file") as source,
        module.ParquetFile(source, buffer_size=BUFFER) as table,
    ):
        names = _needed(table.schema_arrow.names, text_field, others, file)
        number = span.before if span else 0
        for i in range(*(span.start, span.stop) if span else (table.num_row_groups,)):
            group = table.metadata.row_group(i)
            most = _rows_at_once(_size(group, names), group.num_rows)
            batches = table.iter_batches(batch_size=most, columns=names, row_groups=[i])
            yield from _rows(batches, names, file, number)
            number += group.num_rows


def _rows_at_once(size: int, rows: int) -> int:
    return max(1, min(BATCH, AT_ONCE * rows // max(1, size)))


def _size(group: Any, names: list[str]) -> int:
    """Return the bytes of some columns of a row group, decoded as far as it tells."""
    columns = (group.column(i) for i in range(group.num_columns))
    own = (c for c in columns if c.path_in_schema.partition(".")[0] in names)
    return sum(column.total_uncompressed_size for column in own)


def row_groups(file: Path) -> list[tuple[int, int]]:
    """Return the bytes (as they lie on the disk) and the rows of every row group of Parquet.

    Raises:
        DataError: damaged.
        MissingExtra: pyarrow is not installed.
    """
    module = optional("pyarrow.parquet", "this text")
    with _source(file, "Parquet file") as source, module.ParquetFile(source) as table:
        groups = (table.metadata.row_group(i) for i in range(table.num_row_groups))
        return [(_packed_size(group), group.num_rows) for group in groups]


def _packed_size(group: Any) -> int:
    return sum(group.column(i).total_compressed_size for i in range(group.num_columns))


def arrow(file: Path, text_field: str, others: Iterable[str]) -> Rows:
    """Yield the same of an Arrow stream (what `save_to_disk` writes) or file (Feather).

    Raises:
        DataError: no whole stream, no such column, or text that is not UTF-8.
        MissingExtra: pyarrow is not installed.
    """
    module = optional("pyarrow.ipc", "this text")
    with _source(file, "stream of Arrow") as source:
        magic = source.read(6)
        source.seek(0)
        if magic == b"ARROW1":
            with module.open_file(source) as table:
                names = _needed(table.schema.names, text_field, others, file)
                batches = (table.get_batch(i) for i in range(table.num_record_batches))
                yield from _rows(batches, names, file)
            return
        with module.open_stream(source) as table:
            names = _needed(table.schema.names, text_field, others, file)
            yield from _rows(table, names, file)


@contextmanager
def _source(file: Path, what: str) -> Iterator[Any]:
    """Open the file for pyarrow, unpacked; errors of pyarrow are reported as damage."""
    module = optional("pyarrow", "this text")
    with opened(file) as stream:
        try:
            # Their ends say what they hold, so that packed ones are unpacked as a whole.
            packed = endings(file)[1]
            yield module.BufferReader(whole_content(file, LARGEST, what)) if packed else stream
        except (module.ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataError(f"{file}: no whole {what} ({reason}); get it again") from error


def _needed(names: list[str], text_field: str, others: Iterable[str], file: Path) -> list[str]:
    field = field_among(names, text_field, str(file))
    root = field if field in names else field.partition(".")[0]
    return [root, *(name for name in others if name in names and name != root)]


def _rows(batches: Iterable[Any], names: list[str], file: Path, number: int = 0) -> Rows:
    for batch in batches:
        most = _rows_at_once(batch.nbytes, batch.num_rows)
        for start in range(0, batch.num_rows, most):
            part = batch.slice(start, most)
            columns = [_values(part.column(name), name, file, number) for name in names]
            for values in zip(*columns, strict=True):
                number += 1
                yield dict(zip(names, values, strict=True)), f"{file}: row {number}"


def _values(column: Any, name: str, file: Path, before: int) -> list[Any]:
    # Offsets that damage makes point outside their buffers end the process unless they are checked.
    try:
        column.validate(full=True)
    except optional("pyarrow", "this text").ArrowInvalid as error:
        if "UTF8" not in str(error):
            raise
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError as error:
        row = next(i for i in range(len(column)) if not _readable(column[i]))
        raise DataError(
            f"{file}: row {before + row + 1}: {name} holds byte {error.object[error.start]:#04x}, "
            "which is not UTF-8 text; write the file again from text, or leave it out"
        ) from error
    return values


def _readable(value: Any) -> bool:
    try:
        value.as_py()
    except UnicodeDecodeError:
        return False
    return True


def column_names(file: Path) -> list[str]:
    """Return the names of the columns of a Parquet or Arrow file.

    Raises:
        DataError: neither, or damaged.
        MissingExtra: pyarrow is not installed.
    """
    parquet = optional("pyarrow.parquet", "this text")
    ipc = optional("pyarrow.ipc", "this text")
    is_parquet = endings(file)[0] == ".parquet"
    with _source(file, "Parquet file" if is_parquet else "stream of Arrow") as source:
        if is_parquet:
            return list(parquet.read_schema(source).names)
        magic = source.read(6)
        source.seek(0)
        opener = ipc.open_file if magic == b"ARROW1" else ipc.open_stream
        return list(opener(source).schema.names)
