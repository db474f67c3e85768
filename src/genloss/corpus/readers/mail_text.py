"""The text of a mail, told apart: one's own words, what is quoted, what is forwarded."""

import re
from dataclasses import dataclass

FORWARDED = re.compile(
    r"-{2,}\s*(forwarded message|original message|original-nachricht|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message transféré|message d'origine|mensaje reenviado|"
    r"mensaje original)\s*-{2,}|begin forwarded message:|anfang der weitergeleiteten nachricht:|"
    r"début du message réexpédié\s*:",
    re.IGNORECASE,
)
"""A line that says: all that follows is another message."""

INTRODUCED = re.compile(
    r"(on\b.{4,200}\bwrote|am\b.{4,200}\bschrieb\b.{0,120}|le\b.{4,200}\ba écrit|"
    r"el\b.{4,200}\bescribió|il\b.{4,200}\bha scritto|op\b.{4,200}\bschreef\b.{0,120})\s*:",
    re.IGNORECASE,
)
"""The line, or two, above a quotation."""

HEADERS = re.compile(
    r"\*?(from|sent|to|subject|von|gesendet|an|betreff|de|envoyé|à|objet|enviado|para|asunto)\*?:\s",
    re.IGNORECASE,
)
"""Lines that a forwarding program copies from the head of the other message."""


@dataclass(frozen=True)
class Parts:
    """One's own words; the characters that are quoted, forwarded, and of the signature."""

    own: str
    quoted: int
    forwarded: int
    signature: int


def parts_of(text: str) -> Parts:
    """Return the parts of the body of a mail.

    Quoted: lines that begin with '>', the line or two that introduce them, and all below three
    lines of a copied head where it was not marked. Forwarded: all below such a mark. Signature: all
    below '-- ', up to either.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    end, forwarded = _other_message(lines)
    above = lines[:end]
    own, quoted, signature = [], 0, 0
    at = 0
    while at < len(above):
        line = above[at]
        introduced = _introduced(above, at)
        if line.lstrip().startswith(">"):
            quoted += len(line) + 1
        elif introduced:
            quoted += sum(len(part) + 1 for part in above[at : at + introduced])
            at += introduced
            continue
        elif line in ("-- ", "--"):
            signature = sum(len(part) + 1 for part in above[at:])
            break
        else:
            own.append(line)
        at += 1
    below = sum(len(line) + 1 for line in lines[end:])
    whole = "\n".join(own).strip()
    return Parts(whole, quoted + (0 if forwarded else below), below if forwarded else 0, signature)


def _other_message(lines: list[str]) -> tuple[int, bool]:
    for at, line in enumerate(lines):
        if FORWARDED.match(line.strip()):
            return at, True
        if all(HEADERS.match(part.strip()) for part in lines[at : at + 3]) and at + 3 <= len(lines):
            return at, False
    return len(lines), False


def _introduced(lines: list[str], at: int) -> int:
    """Return the lines of an introduction that begins here and has a quotation below it, or 0."""
    for size in (1, 2):
        block = " ".join(line.strip() for line in lines[at : at + size])
        rest = [line for line in lines[at + size : at + size + 3] if line.strip()]
        below = rest[0].lstrip().startswith(">") if rest else at + size >= len(lines) - 1
        if INTRODUCED.fullmatch(block) and below:
            return size
    return 0
