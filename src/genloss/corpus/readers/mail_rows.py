"""Mail: mbox files, maildirs and single messages, one at a time."""

import email
import email.errors
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from genloss.corpus.readers import bounded
from genloss.corpus.readers.bounded import bounded_lines, whole_content
from genloss.corpus.readers.found import Found, Unreadable, party
from genloss.corpus.readers.mail_html import OwnHtml, own_html
from genloss.corpus.readers.mail_text import parts_of
from genloss.errors import DataError

BEGIN = b"From "
"""How the line begins that stands before every message of an mbox."""

DAMAGE = (
    *(LookupError, ValueError, TypeError, AttributeError, IndexError, ArithmeticError),
    *(RecursionError, AssertionError, email.errors.MessageError),
)
"""How the parser of the library fails on damaged headers, or on parts in parts without end."""

WIDER = {"us-ascii": "utf-8", "ascii": "utf-8", "gb2312": "gb18030", "euc-kr": "cp949"}
"""Encodings that mail programs name where they write a wider one."""


def mbox(file: Path, me: frozenset[str]) -> Found:
    """Yield the messages of an mbox file; one message is in memory at a time.

    Raises:
        DataError: cannot be opened, or damaged compression.
    """
    for number, content in enumerate(_messages(file), start=1):
        yield number, _row(content, me)


def message(file: Path, me: frozenset[str]) -> Found:
    """Yield the one message of a file of a maildir, or of an .eml file."""
    yield 0, _row(whole_content(file), me)


def _messages(file: Path) -> Iterator[bytes | None]:
    lines: list[bytes] = []
    size, begun, blank = 0, False, True
    for _, line in bounded_lines(file):
        if line is not None and line.startswith(BEGIN) and blank:
            if begun:
                yield None if size > bounded.LONGEST else b"\n".join(lines)
            lines, size, begun, blank = [], 0, True, False
            continue
        blank = line is not None and not line.strip()
        size += bounded.LONGEST + 1 if line is None else len(line) + 1
        if size <= bounded.LONGEST and line is not None:
            # mboxrd doubles the sign before a line of a message that begins like a separator.
            unescaped = line.lstrip(b">").startswith(BEGIN) and line.startswith(b">")
            lines.append(line[1:] if unescaped else line)
        else:
            lines = []
    if begun:
        yield None if size > bounded.LONGEST else b"\n".join(lines)
    elif size > bounded.LONGEST or any(line.strip() for line in lines):
        yield b""


def _row(content: bytes | None, me: frozenset[str]) -> dict[str, Any] | Unreadable:
    if content is None:
        return Unreadable("too long", f"a message of more than {bounded.LONGEST >> 20} MiB")
    if not content.strip():
        return Unreadable("no mail", "no line 'From ' begins a message")
    try:
        mail = email.message_from_bytes(content, policy=email.policy.default)
        author = parseaddr(str(mail.get("From", "")))[1].lower()
        body = _body(mail)
        when = mail.get("Date")
        day = when.datetime if when is not None else None
        identity, to = str(mail.get("Message-ID", "")).strip(), str(mail.get("Subject", ""))
    except DataError as error:
        return Unreadable("mail cannot be read", str(error))
    except DAMAGE as error:
        return Unreadable("damaged mail", f"{type(error).__name__}: {str(error)[:100]}")
    if not (author or body.text):
        return Unreadable("damaged mail", "neither a sender nor a text")
    parts = parts_of(body.text)
    row: dict[str, Any] = {
        "text": parts.own,
        "source": f"mail {identity}" if identity else "mail",
        "author": author or "unknown",
        "party": party(author, me),
        "quoted_characters": parts.quoted + body.quoted,
        "forwarded_characters": parts.forwarded + body.forwarded,
        "signature_characters": parts.signature + body.signature,
        "subject_words": len(to.split()),
    }
    return {**row, "date": day} if day is not None else row


def _body(mail: EmailMessage) -> OwnHtml:
    """Return the body as text; of HTML, without what mail programs mark as somebody else's."""
    part = mail.get_body(("plain", "html"))
    if part is None:
        return OwnHtml()
    content = _decoded(part)
    return OwnHtml(content) if part.get_content_type() != "text/html" else own_html(content)


def _decoded(part: Message) -> str:
    """Return the text of a part in the encoding that it names, UTF-8 where it names none.

    Raises:
        DataError: bytes that are none of it, or an encoding that nobody knows.
    """
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise TypeError("a part of text that holds parts")
    named = part.get_content_charset() or "us-ascii"
    try:
        return content.decode(WIDER.get(named, named))
    except (UnicodeError, LookupError) as error:
        raise DataError(
            f"its text is not in {named!r}, which it names or leaves to be assumed ({error}); "
            "correct its charset"
        ) from None
