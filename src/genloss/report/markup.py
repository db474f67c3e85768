"""Text and data as parts of a page that cannot break out of it."""

import json
import re
from typing import Any

import markupsafe


def slug(text: str) -> str:
    """Return text as part of an HTML id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def embedded(value: Any) -> Any:
    """Return JSON that may stand inside a script element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return markupsafe.Markup(text)


def tight(text: str) -> str:
    """Return text in which no line ends between a number and %, or inside t = 5."""
    return re.sub(r"(?<=\d) (?=%)|(?<=\bt) (?==)|(?<=\bt =) (?=\d)", "\u00a0", text)


def strong(text: str) -> Any:
    """Return text as HTML with **marked** parts in bold; see `tight`."""
    safe = str(markupsafe.escape(tight(text)))
    return markupsafe.Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", safe))
