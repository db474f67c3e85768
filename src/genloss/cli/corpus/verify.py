"""What `genloss corpus verify` does and says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from genloss.cli import console
from genloss.corpus.record.signing import checked, sign
from genloss.corpus.record.verifying import Verification, record_files, verify_records
from genloss.errors import SpecError
from genloss.report.formatting import count

SHOWN = 50
"""Problems that are printed one by one, at most; --json has all."""


def verified(paths: Sequence[Path], key: Path | None, signers: Path | None, json: bool) -> bool:
    """Verify records and show what is wrong; return whether nothing is.

    key: signs the digests of every file, where nothing is wrong. signers: who may have signed.

    Raises:
        SpecError: both.
    """
    if key is not None and signers is not None:
        raise SpecError("got --sign and --signers; sign first, then check with --signers")
    seen, number, malformed = Verification(), 0, 0
    problems = []
    for problem in verify_records(paths, seen, signers):
        if key is not None and problem.fault == "signature":
            # It gives way to the new one.
            continue
        number += 1
        malformed += problem.fault == "malformed"
        if json:
            problems.append(asdict(problem))
        elif number <= SHOWN:
            console.print_prose(str(problem))
    if key is not None and not number:
        seen.signed = {str(file): _signed_by(file, key) for p in paths for file in record_files(p)}
    if json:
        console.print_json({**asdict(seen), "problems": problems})
        return not number
    if number > SHOWN:
        console.print_line(f"and {number - SHOWN:,} more; --json has all")
    unvouched = seen.files - seen.vouched
    beside = f"; {count(unvouched, 'file')} without digests: a missing line cannot be seen there"
    result = count(number, "problem") if number else "every text is the one of its id"
    what = f"{count(seen.records, 'record')} of {count(seen.files, 'file')}"
    signed = _who(seen, signers is not None)
    console.print_prose(f"{what}: {result}{beside if unvouched else ''}; {signed}")
    if malformed and malformed == seen.records:
        console.print_hint("records are made of other rows by genloss corpus read FILE --out NEW")
    if key is not None and number:
        console.print_hint("not signed anew: mend what is wrong first")
    return not number


def _signed_by(file: Path, key: Path) -> str:
    sign(file, key)
    found = checked(file, None)
    return found.by if found else ""


def _who(seen: Verification, known: bool) -> str:
    by = Counter(seen.signed.values())
    if not by:
        return "not signed"
    names = ", ".join(f"{name} ({count(n, 'file')})" for name, n in by.most_common(5))
    return f"signed by {names}" if known else f"signed with {names}; --signers FILE tells whose"
