"""What happens to a run folder that other code wrote: refused, left for a new one, or accepted."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

from genloss.core.code import Code, CodeChanged
from genloss.errors import StoreError
from genloss.store.header import HEADER, Header, read_header, write_header


def place_of(run: Path, header: Header, changed: CodeChanged = "refuse") -> Path:
    """Return the folder for a run: `run`, or one beside it that the code of today began.

    Raises:
        StoreError: other code wrote what is there, and `changed` refuses it.
    """
    if not (run / HEADER).exists():
        return run
    there, here = read_header(run).code, header.code[-1] if header.code else Code()
    if here.unchecked:
        warnings.warn(
            f"{run} may hold numbers of other code: nobody can check {'; '.join(here.unchecked)}; "
            "put it into a module, or start another folder if it changed",
            stacklevel=2,
        )
    if any(code.checked == here.checked for code in there or (Code(),)):
        return run
    beside = run.with_name(f"{run.name}-{here.digest[:6]}")
    if changed == "fresh" or (changed == "refuse" and (beside / HEADER).exists()):
        return beside
    if changed == "same":
        return run
    raise StoreError(
        f"{run} was made by other code than there is now:{os.linesep}"
        f"{_both(there[-1] if there else Code(), here)}{os.linesep}"
        "--fresh starts a new folder, --same-code goes on here and records both "
        "(in Python code_changed='fresh' or 'same')"
    )


def check_code(run: Path, there: tuple[Code, ...], here: Code) -> None:
    """Check that a process that works on a run has imported code that its folder knows.

    Raises:
        StoreError: a file was edited after the run began and before a worker imported it.
    """
    if not any(code.checked == here.checked for code in there or (Code(),)):
        raise StoreError(
            f"code of {run} was edited while the run began:{os.linesep}"
            f"{_both(there[-1] if there else Code(), here)}{os.linesep}run the same command again"
        )


def record_code(run: Path, header: Header) -> None:
    """Add the code of today to the header of a run that accepts it; the caller holds its lock."""
    there = read_header(run)
    known = [code.checked for code in there.code or (Code(),)]
    if header.code and header.code[-1].checked not in known:
        write_header(run, replace(there, code=(*(there.code or (Code(),)), header.code[-1])))


def _both(there: Code, here: Code) -> str:
    left, right = there.checked, here.checked
    rows = [
        f"  {name:<24} there {left.get(name, 'none'):<18} here {right.get(name, 'none')}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]
    return os.linesep.join(rows)
