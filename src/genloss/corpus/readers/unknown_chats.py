"""Text that looks like a chat in a form that no reader knows: whose words they are is not known."""

import re
from pathlib import Path

from genloss.corpus.readers import bounded
from genloss.corpus.readers.byte_stream import decoded
from genloss.corpus.readers.found import THIRD, Found
from genloss.corpus.readers.whatsapp_rows import MARKS

LOOKED_AT = 100
"""Lines of a text, at most."""

FEWEST, SHARE = 3, 0.2
"""Lines that must begin as a message does, and their share; messages may have several lines."""

BEGINNING = re.compile(
    r"\W{0,3}\d{1,4}\s?[./년年-]\s?\d{1,2}\s?[./월月-]\s?\d{1,4}[.일日]?"
    r"([\s,\u060c、T|–—-]*([^\W\d]{1,8}\.?\s?)?\d{1,2}[:.]\d{2}([:.]\d{2})?(\s?[^\W\d]{1,2}\.?)?)?"
    r"[\s\]),\u060c、|>–—-]+(?P<name>[~+]?[^\W_][^:\n]{0,40}?)\s?:\s"
)
"""A day, perhaps a time, a name, and a colon."""


def form_of_unknown_chat(file: Path, content: bytes | None = None) -> str:
    """Return how lines of a chat begin, figures as 0 and letters as x, or '' where it is none.

    At least three of the first hundred lines, and a fifth of them, must begin with a day, a name
    and a colon, and names must come back. content: see `beginnings`.
    """
    heads = [head.strip() for head in bounded.beginnings(file, LOOKED_AT, content)]
    heads = [re.sub(f"[{MARKS}\ufeff]", "", head) + " " for head in heads if head]
    found = [match for head in heads if (match := BEGINNING.match(head))]
    names = {match["name"] for match in found}
    if len(found) < max(FEWEST, SHARE * len(heads)) or len(names) > 2 / 3 * len(found):
        return ""
    return re.sub(r"[^\W\d]", "x", re.sub(r"\d", "0", found[0][0].strip()))


def whole(file: Path, me: frozenset[str]) -> Found:
    """Yield the text as one row, a third party's, with the form in which its lines begin.

    Raises:
        DataError: not UTF-8, or larger than the limit of one text.
    """
    content = bounded.whole_content(file)
    text = decoded(content, str(file)).removeprefix("\ufeff")
    form = form_of_unknown_chat(file, content)
    yield 0, {"text": text.replace("\r\n", "\n"), "party": THIRD, "unknown_chat": form}
