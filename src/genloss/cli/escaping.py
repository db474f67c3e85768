"""Text that cannot act on a terminal."""

import re

ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, marks that turn the direction of text, halves of surrogate pairs."""


def plain(text: str) -> str:
    r"""Return one line of text with all that a terminal would obey, or cannot show, written out.

    An escape becomes the four characters \x1b.
    """
    return ACTING.sub(lambda found: ascii(found.group())[1:-1], text)


def plain_lines(text: str) -> str:
    """Return text of several lines, each of them plain."""
    return "\n".join(map(plain, text.split("\n")))
