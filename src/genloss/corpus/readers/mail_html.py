"""Mail in HTML: what mail programs put around other people's words, taken out before it is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from genloss.core.extras import optional
from genloss.corpus.readers.html_rows import page_row
from genloss.corpus.readers.mail_text import FORWARDED, HEADERS

WHOLE = frozenset(
    (
        *(".gmail_attr", ".yahoo_quoted", ".protonmail_quote", ".moz-cite-prefix"),
        *(".moz-forward-container", "#mail-editor-reference-message-container"),
    )
)
"""What stands around a quotation or a forwarded message, with the line that introduces it."""

QUOTED = "blockquote"
"""One's own words may stand between two of them."""

GMAIL = frozenset((".gmail_quote", ".gmail_quote_container"))

BEGINS = frozenset(("#appendonsend", "#divRplyFwdMsg"))
"""What Outlook puts above the message that is answered, which goes on to the end."""

SIGNATURES = frozenset(
    (
        *(".gmail_signature", ".moz-signature", "#Signature", "#AppleMailSignature"),
        "#ms-outlook-mobile-signature",
    )
)

MARK = ">"
"""Stands where a quotation was, so that the line above is seen to introduce it."""


@dataclass
class OwnHtml:
    """The text that is left, and the characters that were quoted, forwarded and signatures."""

    text: str = ""
    quoted: int = 0
    forwarded: int = 0
    signature: int = 0


def own_html(content: str) -> OwnHtml:
    """Return the text of a mail in HTML without what Gmail, Outlook, Apple and others quote.

    Blockquotes leave a line '>'. Below Outlook's copied head, all is quoted.

    Raises:
        MissingExtra: resiliparse is not installed.
    """
    tree = optional("resiliparse.parse.html", "mail in HTML").HTMLTree.parse(content)
    found = OwnHtml()
    if (body := tree.body) is not None:
        _cut_below(body, found)
        for node in _outermost(body, lambda n: n.tag != QUOTED and _is_named(n, GMAIL)):
            if _is_all_others(node):
                _count(node, found)
                node.decompose()
        for node in _outermost(body, lambda n: _is_named(n, WHOLE)):
            _count(node, found)
            node.decompose()
        for node in _outermost(body, lambda n: n.tag == QUOTED):
            _count(node, found)
            mark = tree.create_element("p")
            mark.text = MARK
            node.parent.replace_child(mark, node)
            # That line will be counted as quoted, too.
            found.quoted -= len(MARK) + 1
        for node in _outermost(body, lambda n: _is_named(n, SIGNATURES)):
            found.signature += _length(node)
            node.decompose()
    found.text = str(page_row(tree.document.html.encode(), "utf-8")["text"])
    return found


def _elements(body: Any) -> Iterator[Any]:
    """Yield the elements below a body in the order of the page."""
    # Every index into what a selector finds searches the page anew.
    return (node for node in body if not node.tag.startswith(("#", "body")))


def _outermost(body: Any, is_meant: Callable[[Any], bool]) -> list[Any]:
    """Return the elements that are meant, but for those inside another one."""
    found: list[Any] = []
    for node in _elements(body):
        if is_meant(node) and not (found and found[-1].contains(node)):
            found.append(node)
    return found


def _is_named(node: Any, names: frozenset[str]) -> bool:
    return f"#{node.id}" in names or any(f".{name}" in names for name in node.class_list)


def _cut_below(body: Any, found: OwnHtml) -> None:
    """Take out the first copied head, and all that follows it."""
    heads = (node for node in _elements(body) if node.tag == "div" and _is_head(node))
    if (head := next(heads, None)) is None:
        return
    at = head
    while at.tag != "body":
        while (beyond := at.next) is not None:
            _count(beyond, found)
            at.parent.remove_child(beyond)
        at = at.parent
    _count(head, found)
    head.decompose()


def _is_head(node: Any) -> bool:
    if _is_named(node, BEGINS):
        return True
    # Without a name, a line is drawn above it.
    style = (node.getattr("style") or "").lower()
    return "border-top" in style and bool(HEADERS.match(node.text.strip()))


def _is_all_others(node: Any) -> bool:
    """Return whether a node of Gmail has no words of one's own between quotations."""
    return _is_forwarded(node) or all(child.tag != QUOTED for child in node.child_nodes)


def _is_forwarded(node: Any) -> bool:
    return bool(FORWARDED.match(node.text.strip()))


def _count(node: Any, found: OwnHtml) -> None:
    if _is_forwarded(node):
        found.forwarded += _length(node)
    else:
        found.quoted += _length(node)


def _length(node: Any) -> int:
    """Return the characters of a node, white space folded."""
    return len(" ".join(node.text.split()))
