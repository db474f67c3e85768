"""The numbers of runs as a data frame of whichever library one works with."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.core.places import Place
from genloss.errors import SpecError
from genloss.report.arrow import arrow_reader
from genloss.report.long_table import LongTable
from genloss.report.table_files import columns, rows, write_table
from genloss.store.reader import Run, find_runs

Runs = Run | Place | Sequence[Run | Place]
"""A run, a folder that holds runs, or several of either."""


@dataclass(frozen=True)
class Frame:
    """One row per value: run, what differs between the runs, chain, generation, metric, value, ...

    Read from disk when it is asked for; any library that takes the Arrow stream takes it as it is.
    """

    table: LongTable

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the Arrow stream; MissingExtra without pyarrow, which makes it."""
        return arrow_reader(self.table, "the Arrow stream").__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> Any:
        """Return a pyarrow.Table; MissingExtra where pyarrow is not installed."""
        return arrow_reader(self.table, "to_arrow").read_all()

    def to_pandas(self) -> Any:
        """Return a pandas.DataFrame; needs pandas, and pyarrow no more than pandas does."""
        pandas = optional("pandas", "to_pandas")
        return pandas.DataFrame.from_records(list(rows(self.table)), columns=columns(self.table))

    def to_polars(self) -> Any:
        """Return a polars.DataFrame; needs polars and pyarrow."""
        return optional("polars", "to_polars").DataFrame(self)

    def to_file(self, out: Place) -> Path:
        """Write .parquet, .csv, .json, .md or .tex, as `genloss table` does."""
        write_table(self.table, Path(out))
        return Path(out)


def frame(runs: Runs, metrics: Sequence[str] = (), at: Sequence[int] = ()) -> Frame:
    """Return the numbers of runs as one long table.

    metrics: only these, as metric or metric[component]; at: only these generations, -1 for the last
    of each run.

    Raises:
        SpecError: no runs, or a metric that none has.
    """
    several = [runs] if isinstance(runs, Run | str | PathLike) else runs
    found = [run for one in several for run in ([one] if isinstance(one, Run) else find_runs(one))]
    if not found:
        raise SpecError(f"there are no runs in {runs!r}; run a study first, or name its root")
    table = LongTable(list({run.path: run for run in found}.values()), tuple(metrics), tuple(at))
    _ = table.quantities
    return Frame(table)
