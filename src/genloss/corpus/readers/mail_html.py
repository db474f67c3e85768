"""Mail in HTML: what mail programs put around other people's words, taken out before it is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from genloss.core.extras import optional
from genloss.corpus.readers.html_rows import page_row
from genloss.corpus.readers.mail_text import FORWARDED, HEADERS

WHOLE = (
    ".gmail_attr, .yahoo_quoted, .protonmail_quote, .moz-cite-prefix, .moz-forward-container, "
    "#mail-editor-reference-message-container"
)
"""What stands around a quotation or a forwarded message, with the line that introduces it."""

QUOTED = "blockquote"
"""One's own words may stand between two of them."""

GMAIL = ".gmail_quote, .gmail_quote_container"

BEGINS = ("appendonsend", "divRplyFwdMsg")
"""What Outlook puts above the message that is answered, which goes on to the end."""

SIGNATURES = (
    ".gmail_signature, .moz-signature, #Signature, #AppleMailSignature, "
    "#ms-outlook-mobile-signature"
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
        gmail = [node for node in body.query_selector_all(GMAIL) if _is_all_others(node)]
        for nodes in (gmail, body.query_selector_all(WHOLE)):
            for node in _outermost(nodes):
                _count(node, found)
                node.decompose()
        for node in _outermost(body.query_selector_all(QUOTED)):
            _count(node, found)
            mark = tree.create_element("p")
            mark.text = MARK
            node.parent.replace_child(mark, node)
            # That line will be counted as quoted, too.
            found.quoted -= len(MARK) + 1
        for node in _outermost(body.query_selector_all(SIGNATURES)):
            found.signature += _length(node)
            node.decompose()
    found.text = str(page_row(tree.document.html.encode(), "utf-8")["text"])
    return found


def _outermost(nodes: Iterable[Any]) -> list[Any]:
    """Return the nodes, in the order of the page, that lie in no other of them."""
    found: list[Any] = []
    for node in nodes:
        if not (found and found[-1].contains(node)):
            found.append(node)
    return found


def _cut_below(body: Any, found: OwnHtml) -> None:
    """Take out the first copied head, and all that follows it."""
    heads = (n for n in body.query_selector_all("div[id], div[style]") if _is_head(n))
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
    if node.id in BEGINS:
        return True
    # Without a name, a line is drawn above it.
    style = (node.getattr("style") or "").lower()
    return "border-top" in style and bool(HEADERS.match(node.text.strip()))


def _is_all_others(node: Any) -> bool:
    """Return whether a node of Gmail has no words of one's own between quotations."""
    if node.tag == QUOTED:
        return False
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
