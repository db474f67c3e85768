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

VERBS = (
    r"(wrote|writes|schrieb|schreibt|a écrit|escribió|ha scritto|scrive|schreef|escreveu|пишет|"
    r"написала?|написал\(а\)|писал\(а\))"
)
"""By which mail programs introduce a quotation in their languages."""

INTRODUCED = re.compile(
    rf"(?=.*(\d|@)).{{1,250}}(?<!\w){VERBS}(?!\w).{{0,120}}:|"
    rf"\S+(\s\S+){{0,2}}\s{VERBS}\s*:|"
    r"(?=.*\d).{4,200}<[^<>\s]+@[^<>\s]+>\s*:",
    re.IGNORECASE,
)
"""The line, or two, above a quotation: a verb with a date or an address, a short name with a verb,
or a date with an address."""

LONGEST = 400
"""Characters of an introduction."""

OPENING = re.compile(r"((on|am|le|el|il|op|em)\b|\S{2,4},\s*\d|\d).*[^.!?:;]", re.IGNORECASE)
"""How the first of two lines of an introduction begins and does not end."""

DEVICE = re.compile(
    r"(sent (from|via|with|using)|get outlook for|gesendet (von|mit|über)|"
    r"von mein\w* .{2,40} gesendet|envoyé (de|depuis|à partir)|enviado (desde|do|de|por|com)|"
    r"inviato (da|dal|con)|verstuurd (vanaf|vanuit|met)|verzonden (vanaf|vanuit|met)|"
    r"отправлено (с|из))\b.{0,80}",
    re.IGNORECASE,
)
"""The last line that phones and mail programs put below a mail."""

HEADERS = re.compile(
    r"\*?(from|sent|date|to|cc|subject|von|gesendet|datum|an|betreff|de|envoyé|à|objet|enviado|"
    r"data|para|asunto|assunto|da|inviato|oggetto|van|verzonden|aan|onderwerp|от|отправлено|дата|"
    r"кому|тема)\*?\s?:\s",
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
    below '-- ', up to either, and a last line such as 'Sent from my iPhone'.
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
            signature += sum(len(part) + 1 for part in above[at:])
            break
        elif DEVICE.fullmatch(line.strip()) and _is_last(above, at):
            signature += len(line) + 1
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


def _is_last(lines: list[str], at: int) -> bool:
    """Return whether nothing of one's own follows a line: the end, a quotation or a signature."""
    below = next((i for i in range(at + 1, len(lines)) if lines[i].strip()), None)
    if below is None or lines[below].lstrip().startswith(">") or lines[below] in ("-- ", "--"):
        return True
    return bool(_introduced(lines, below))


def _introduced(lines: list[str], at: int) -> int:
    """Return the lines of an introduction that begins here and has a quotation below it, or 0."""
    for size in (1, 2):
        block = " ".join(line.strip() for line in lines[at : at + size])
        if len(block) > LONGEST or not INTRODUCED.fullmatch(block):
            continue
        rest = [line for line in lines[at + size : at + size + 3] if line.strip()]
        below = rest[0].lstrip().startswith(">") if rest else at + size >= len(lines) - 1
        # A line of one's own may stand right above the one that introduces.
        alone = size == 2 and INTRODUCED.fullmatch(lines[at + 1].strip())
        if below and not (alone and not OPENING.fullmatch(lines[at].strip())):
            return size
    return 0
