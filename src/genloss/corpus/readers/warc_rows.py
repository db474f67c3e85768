"""Captures of a WARC file: pages and plain text, with the day of capture and signals of consent."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genloss.core.extras import optional
from genloss.core.places import regular_file
from genloss.corpus.readers import consent
from genloss.corpus.readers.bounded import BOMB_SIZE, CHUNK, LONGEST
from genloss.corpus.readers.byte_stream import endings, opened
from genloss.corpus.readers.found import Found, Unreadable
from genloss.corpus.readers.html_rows import page_row
from genloss.errors import DataError

HOSTS = 100_000
"""Hosts whose robots.txt is remembered; pages of others have no signal of it."""

TEXTS = ("text/plain",)
PAGES = ("text/html", "application/xhtml+xml", "")

PACKED = ("Content-Encoding", "Transfer-Encoding")
"""Headers of bodies whose length on the way is another one."""


def captures(file: Path) -> Found:
    """Yield the responses with status 200 that are text, in their order.

    What a robots.txt or ai.txt of the same file says counts for the pages of its host behind it.

    Raises:
        DataError: no WARC file, or compression that is damaged.
        MissingExtra: fastwarc or resiliparse is not installed.
    """
    warc = optional("fastwarc.warc", "WARC files")
    hosts: dict[str, list[str]] = {}
    number = 0
    # It unpacks members of gzip itself, each by itself, so that damage takes none before it.
    packed = endings(file)[1] not in ("", ".gz")
    with opened(file) if packed else regular_file(file).open("rb") as stream:
        kinds = warc.WarcRecordType.response | warc.WarcRecordType.conversion
        try:
            for number, capture in enumerate(
                warc.ArchiveIterator(
                    stream, record_types=kinds, parse_http=True, auto_decode="all"
                ),
                start=1,
            ):
                found = _row(capture, hosts)
                if found is not None:
                    yield number, found
        # fastwarc raises these and no others, some from C++.
        except (OSError, ValueError, RuntimeError) as error:
            reason = f"the capture after number {number} is damaged ({error}); what follows is lost"
            yield number + 1, Unreadable("damaged WARC", reason)
            return
    if not number:
        yield 0, Unreadable("damaged WARC", "holds no response that can be read")


def _row(capture: Any, hosts: dict[str, list[str]]) -> dict[str, Any] | Unreadable | None:
    headers = capture.http_headers
    address = capture.headers.get("WARC-Target-URI", "").strip("<>")
    if headers is not None and headers.status_code != 200:
        return Unreadable("no page", f"{address}: status {headers.status_code}")
    kind = (headers.get("Content-Type", "") if headers is not None else "text/plain").lower()
    kind = kind.partition(";")[0].strip()
    if kind not in (*PAGES, *TEXTS):
        return Unreadable(f"{kind.partition('/')[0]}, no text", f"{address}: {kind}")
    if capture.content_length > LONGEST:
        return Unreadable("too long", f"{address}: more than {LONGEST >> 20} MiB")
    content = _body(capture, address)
    if isinstance(content, Unreadable):
        return content
    host, path = _host_and_path(address)
    if path in ("/robots.txt", "/ai.txt"):
        if len(hosts) < HOSTS:
            signals = consent.in_robots(content.decode("utf-8", "replace"), path[1:])
            hosts[host] = [*hosts.get(host, []), *signals]
        return None
    charset = (capture.http_charset or "") if headers is not None else "utf-8"
    try:
        row = page_row(content, charset) if kind in PAGES else _plain(content, charset)
    except DataError as error:
        return Unreadable("page cannot be read", f"{address}: {error}")
    signals = consent.in_tags(headers.astuples()) if headers is not None else []
    row["consent"] = [*row.get("consent", []), *signals, *hosts.get(host, [])]
    if capture.record_date is not None:
        day = capture.record_date.date().isoformat()
        row["captured"] = {"first": day, "last": day, "grade": "archive"}
    return {**row, "source": address}


def _body(capture: Any, address: str) -> bytes | Unreadable:
    """Return the body of a response as its reader would see it, unpacked."""
    length, headers = capture.content_length, capture.http_headers
    packed = headers is not None and any(headers.get(name) for name in PACKED)
    try:
        content = bytes(capture.reader.read(LONGEST + 1))
        if len(content) > LONGEST:
            # Else the next capture is sought in the middle of this one.
            for _ in range(BOMB_SIZE // CHUNK):
                if not capture.reader.read(CHUNK):
                    break
    except (OSError, ValueError, RuntimeError) as error:
        return Unreadable("damaged WARC", f"{address}: cannot be unpacked ({error})")
    if len(content) > LONGEST:
        return Unreadable("too long", f"{address}: more than {LONGEST >> 20} MiB")
    if len(content) < length and not packed:
        return Unreadable("damaged WARC", f"{address}: {len(content)} of {length} bytes are there")
    return content


def _plain(content: bytes, charset: str) -> dict[str, Any]:
    try:
        return {"text": content.decode(charset or "utf-8")}
    except (UnicodeDecodeError, LookupError):
        encoding = optional("resiliparse.parse.encoding", "WARC files")
        return {"text": encoding.bytes_to_str(content, encoding.detect_encoding(content))}


def _host_and_path(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        return (parts.hostname or "", parts.path)
    except ValueError:
        return "", ""
