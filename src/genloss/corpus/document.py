"""Document: one whole text, where it came from, and what its row says of who made it."""

from dataclasses import dataclass

from genloss.core.samples import REAL

Claims = tuple[tuple[str, str], ...]
"""Fields of a row that say who made it, and their values as text; see `origins`."""


@dataclass(frozen=True)
class Document:
    """One text.

    source: the file and line (or row) that it came from, for messages. claims: what its row says
    of who made it. origin: `REAL` or `FOREIGN`, once the claims of all have been read. split: the
    one that its row says it is of, if any.
    """

    text: str
    source: str
    claims: Claims = ()
    origin: int = REAL
    split: str = ""
