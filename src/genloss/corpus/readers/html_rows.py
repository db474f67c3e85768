"""Pages of HTML: the text of the main content, and what the page says of date, licence, consent."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genloss.core.extras import optional
from genloss.corpus.readers import consent
from genloss.corpus.readers.bounded import whole_content
from genloss.corpus.readers.found import Found
from genloss.errors import DataError

DATES = (
    *("article:published_time", "date", "dc.date", "dc.date.issued", "dcterms.created"),
    *("datepublished", "pubdate", "og:published_time"),
)
"""Meta tags that say when a page was published."""

WHAT = "HTML"

DEEPEST = 2000
"""Tags within one another: taking the text out takes the square of their number."""


def pages(file: Path) -> Found:
    """Yield the one page of a file.

    Raises:
        DataError: larger than the limit of one text, or see `page_row`.
        MissingExtra: resiliparse is not installed.
    """
    yield 0, page_row(whole_content(file))


def page_row(content: bytes, charset: str = "") -> dict[str, Any]:
    """Return the main content of a page as `text`, and date, licence, consent and language.

    Menus, headers, footers and comments are left out by the rules of resiliparse.

    Raises:
        DataError: more than DEEPEST tags within one another.
    """
    encoding = optional("resiliparse.parse.encoding", WHAT)
    extract = optional("resiliparse.extract.html2text", WHAT)
    html = optional("resiliparse.parse.html", WHAT)
    known = charset if _is_charset(charset) else encoding.detect_encoding(content)
    tree = html.HTMLTree.parse(encoding.bytes_to_str(content, known))
    # Only as many signs make so many tags; few pages have them.
    if content.count(b"<") > DEEPEST and _is_deep(tree.document):
        raise DataError(
            f"tags within one another more than {DEEPEST:,} deep, which pages of people have not; "
            "leave it out"
        )
    text = extract.extract_plain_text(
        tree, main_content=True, alt_texts=False, links=False, form_fields=False
    )
    document = tree.document
    tags = list(_tags(document))
    row: dict[str, Any] = {"text": text, "consent": consent.in_tags(tags)}
    named = {name.lower(): value for name, value in reversed(tags)}
    if when := next((named[name] for name in DATES if name in named), ""):
        row["date"] = when
    if licences := document.query_selector_all("[rel~=license][href]"):
        row["licence"] = licences[0].getattr("href")
    root = document.query_selector("html[lang]")
    if root is not None and root.getattr("lang"):
        row["html_lang"] = root.getattr("lang")
    if tree.title:
        row["title"] = tree.title[:200]
    return row


def _tags(document: Any) -> Iterator[tuple[str, str]]:
    """Yield what the meta tags of a page say: name and content, in its order."""
    # In one walk: every index into what a selector finds searches the page anew.
    for node in document:
        if node.tag == "meta" and (value := node.getattr("content")):
            names = (node.getattr(key) for key in ("name", "property", "itemprop"))
            if name := next(filter(None, names), None):
                yield name, value


def _is_deep(document: Any) -> bool:
    """Return whether a page has more than DEEPEST tags within one another, in one walk."""
    way: list[Any] = []
    for node in document:
        parent = node.parent
        while way and way[-1] != parent:
            way.pop()
        way.append(node)
        if len(way) > DEEPEST:
            return True
    return False


def _is_charset(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        # None, or a server's own word.
        return False
