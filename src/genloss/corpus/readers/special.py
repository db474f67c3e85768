"""Which reader takes a file that is neither rows nor plain text, by its name or its beginning."""

from collections.abc import Callable
from pathlib import Path

from genloss.corpus.readers import (
    chat_exports,
    html_rows,
    mail_rows,
    unknown_chats,
    warc_rows,
    whatsapp_rows,
)
from genloss.corpus.readers.byte_stream import endings
from genloss.corpus.readers.found import Found

Reader = Callable[[Path, frozenset[str]], Found]
"""From a file, and the names and addresses of oneself, to what is found."""

MAILDIR = ("cur", "new")
"""Folders of a maildir that hold messages."""

BY_SUFFIX: dict[str, Reader] = {
    ".warc": lambda file, me: warc_rows.captures(file),
    ".html": lambda file, me: html_rows.pages(file),
    ".htm": lambda file, me: html_rows.pages(file),
    ".xhtml": lambda file, me: html_rows.pages(file),
    ".mbox": mail_rows.mbox,
    ".mbx": mail_rows.mbox,
    ".eml": mail_rows.message,
}


def special_reader(file: Path, content: bytes | None = None) -> Reader | None:
    """Return the reader of captures, pages, mail and chats that a file needs, or None.

    content: all of a text, where it is known, so that the file is not opened.
    """
    suffix, packed = endings(file)
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if file.parent.name in MAILDIR and all((file.parent.parent / d).is_dir() for d in MAILDIR):
        return mail_rows.message
    if file.name == "mbox":
        return mail_rows.mbox
    if packed:
        return None
    if suffix == ".txt":
        if whatsapp_rows.looks_like_chat(file, content):
            return whatsapp_rows.messages
        return unknown_chats.whole if unknown_chats.form_of_unknown_chat(file, content) else None
    if suffix == ".json":
        exported = chat_exports.export_in(file)
        if exported == "telegram":
            return chat_exports.telegram
        return chat_exports.slack if exported else None
    return None
