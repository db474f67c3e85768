"""What `genloss corpus verify` does and says."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console
from genloss.corpus.record.verifying import Verification, verify_records
from genloss.report.formatting import count

SHOWN = 50
"""Problems that are printed one by one, at most; --json has all."""


def verified(paths: Sequence[Path], json: bool) -> bool:
    """Verify records and show what is wrong; return whether nothing is."""
    seen, problems, number = Verification(), [], 0
    for number, problem in enumerate(verify_records(paths, seen), start=1):
        if json:
            problems.append(asdict(problem))
        elif number <= SHOWN:
            console.print_line(str(problem))
    if json:
        console.print_json({**asdict(seen), "problems": problems})
        return not number
    if number > SHOWN:
        console.print_line(f"and {number - SHOWN:,} more; --json has all")
    unvouched = seen.files - seen.vouched
    beside = f"; {count(unvouched, 'file')} without digests: a missing line cannot be seen there"
    result = count(number, "problem") if number else "every text is the one of its id"
    what = f"{count(seen.records, 'record')} of {count(seen.files, 'file')}"
    console.print_line(f"{what}: {result}{beside if unvouched else ''}")
    return not number
