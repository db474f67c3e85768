"""Signatures of the digests beside records, made and checked by ssh-keygen of OpenSSH."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from genloss.corpus.record.writing import sums_of
from genloss.errors import DataError, MissingExtra
from genloss.store.files import write_bytes

TOOL = "ssh-keygen"

NAMESPACE = "genloss-records"
"""What a signature is for: one of these is none of a commit or a mail."""


@dataclass(frozen=True)
class Signature:
    """What is known of a signature: whose it is, or what is wrong with it.

    by: the principal of the file of signers, or the key's fingerprint where none was given.
    wrong: '' where it is one of the digests.
    """

    by: str = ""
    wrong: str = ""


def signature_of(file: Path) -> Path:
    """Return where the signature of the digests of a file of records lies."""
    sums = sums_of(file)
    return sums.with_name(sums.name + ".sig")


def sign(file: Path, key: Path) -> Path:
    """Sign the digests of a file of records by a private key, or a public one of an agent.

    The signature vouches for the records because the digests do; return where it lies.

    Raises:
        DataError: no digests, or ssh-keygen refuses.
        MissingExtra: ssh-keygen is not installed.
    """
    sums = sums_of(file)
    if not sums.is_file():
        raise DataError(
            f"{file}: no digests to sign ({sums.name}); write it by genloss corpus read"
        )
    made = _run("sign", "-f", str(key), "-n", NAMESPACE, content=sums)
    if made.returncode or b"SIGNATURE" not in made.stdout:
        raise DataError(f"{file}: not signed: {_said(made)}; check --sign {key}")
    write_bytes(signature_of(file), made.stdout)
    return signature_of(file)


def checked(file: Path, signers: Path | None) -> Signature | None:
    """Return what is known of the signature of a file's digests; None where it has none.

    signers: a file of allowed signers (ssh-keygen(1)). Without one, the key alone is known.

    Raises:
        DataError: no such file of signers.
        MissingExtra: ssh-keygen is not installed.
    """
    place, sums = signature_of(file), sums_of(file)
    if not place.is_file():
        return None
    if not sums.is_file():
        return Signature(wrong=f"{sums.name}, which it signs, is missing")
    beside = ("-n", NAMESPACE, "-s", str(place))
    intact = _run("check-novalidate", *beside, content=sums)
    if intact.returncode:
        return Signature(wrong=f"{place.name} is no signature of {sums.name} ({_said(intact)})")
    key = "key " + _said(intact).rpartition(" ")[2]
    if signers is None:
        return Signature(by=key)
    if not signers.is_file():
        raise DataError(f"{signers}: no such file; expected allowed signers, see ssh-keygen(1)")
    known = _run("find-principals", "-s", str(place), "-f", str(signers))
    for name in known.stdout.decode("utf-8", "replace").split("\n") if not known.returncode else ():
        asked = ("-f", str(signers), "-I", name, *beside)
        if name and not _run("verify", *asked, content=sums).returncode:
            return Signature(by=name)
    return Signature(wrong=f"signed with {key}, whom {signers} does not allow")


Done = subprocess.CompletedProcess[bytes]


def _run(action: str, *words: str, content: Path | None = None) -> Done:
    if shutil.which(TOOL) is None:
        raise MissingExtra(
            f"signatures need {TOOL}, which is not installed; install OpenSSH, or sign and check "
            "the .sums beside the records by a tool of your own"
        )
    command = [TOOL, "-Y", action, *words]
    if content is None:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    with content.open("rb") as stream:
        return subprocess.run(command, stdin=stream, capture_output=True, check=False)


def _said(done: Done) -> str:
    lines = (done.stderr + b"\n" + done.stdout).decode("utf-8", "replace").split("\n")
    return next((line.strip().rstrip(".\r") for line in lines if line.strip()), "no reason given")
