"""One checked download: the right bytes appear at once, or not at all."""

import hashlib
import os
import tempfile
import zlib
from pathlib import Path

from genloss.errors import DataError

LIMIT = 64 * 1024 * 1024
"""Bytes, packed or unpacked, after which a download is not what it claims to be."""


def fetch_gzip(urls: tuple[str, ...], to: Path, sha256: str) -> None:
    """Download a gzip file from the first url that has it, and rename it into place.

    sha256: hex digest of the decompressed content, so that a mirror may have compressed it anew.

    Raises:
        DataError: no url gave these bytes, or the folder cannot be written; each reason is listed.
    """
    from http.client import HTTPException
    from urllib.request import urlopen

    reasons = []
    for url in urls:
        try:
            with urlopen(url, timeout=60) as answer:
                packed = answer.read(LIMIT + 1)
            content = zlib.decompressobj(wbits=31).decompress(packed, LIMIT)
        except (OSError, HTTPException, zlib.error, ValueError) as error:
            reasons.append(f"{url}: {error}")
            continue
        digest = hashlib.sha256(content).hexdigest()
        if digest == sha256:
            _place(packed, to)
            return
        reasons.append(f"{url}: content has SHA-256 {digest}, expected {sha256}")
    raise DataError(
        f"{to.name} could not be downloaded; " + "; ".join(reasons) + f"; without a network, "
        f"copy it into {to.parent} by hand"
    )


def _place(content: bytes, to: Path) -> None:
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    except OSError as error:
        raise DataError(f"{to.parent} cannot be written: {error}; name another folder") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, to)
    except OSError as error:
        raise DataError(f"{to} cannot be written: {error}; name another folder") from error
    finally:
        Path(part).unlink(missing_ok=True)
