"""Personal data in texts: addresses, numbers and names of people, counted and masked.

Patterns find what looks like such data. They miss names in running text, and take some numbers for
what they are not.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from genloss.audit.profile.proportions import share
from genloss.corpus.record.record import Record


def _luhn(digits: str) -> bool:
    """Return whether digits keep the check of card numbers (ISO/IEC 7812)."""
    total = 0
    for i, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + i % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_card(found: str) -> bool:
    digits = re.sub(r"\D", "", found)
    return 13 <= len(digits) <= 19 and _luhn(digits) and len(set(digits)) > 1


def _is_iban(found: str) -> bool:
    """Return whether an account number keeps its check digits (ISO 13616)."""
    plain = found.replace(" ", "").upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


DAY = re.compile(r"\d{1,2}([ .-])\d{1,2}\1(19|20)\d{2}")
"""A day and not a telephone number, such as 01.02.2023."""


def _is_phone(found: str) -> bool:
    if DAY.fullmatch(found):
        return False
    return 8 <= len(re.sub(r"\D", "", found)) <= 15


def _is_address(found: str) -> bool:
    return all(int(part) < 256 for part in found.split("."))


SORTS: Mapping[str, tuple[str, re.Pattern[str], Callable[[str], bool]]] = {
    "mail": (
        "addresses of mail",
        re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b"),
        lambda found: True,
    ),
    "account": (
        "account numbers (IBAN, with their check digits)",
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"),
        _is_iban,
    ),
    "card": (
        "card numbers (with their check digit)",
        re.compile(r"\b\d(?:[ -]?\d){12,18}\b"),
        _is_card,
    ),
    "internet": ("internet addresses", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), _is_address),
    "phone": (
        "telephone numbers",
        re.compile(
            r"(?<![\w.])(?:(?:\+\d{1,3}[ .-]?|\(?0)\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}"
            # As North America writes them, with signs between the parts.
            r"|(?:\+?1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])"
            r"[2-9]\d{2}[ .-]\d{4}(?![.-]?\d))\b"
        ),
        _is_phone,
    ),
    "header": (
        "names in lines such as From: or Dear",
        re.compile(
            r"^(?:From|To|Cc|Dear|Von|An|De|Para)[: ]+[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,3}",
            re.MULTILINE,
        ),
        lambda found: True,
    ),
}  # fmt: skip
"""Each sort: what it is, its pattern, and a check of what the pattern finds."""


def found_in(text: str) -> Counter[str]:
    """Return how many pieces of each sort a text holds; a piece is of the first sort that fits."""
    return _sorted_out(text)[1]


def masked(text: str) -> str:
    """Return a text with each piece replaced by its sort in square brackets, such as [mail]."""
    return _sorted_out(text)[0]


def _sorted_out(text: str) -> tuple[str, Counter[str]]:
    found: Counter[str] = Counter()

    def replaced(name: str, check: Callable[[str], bool], piece: re.Match[str]) -> str:
        if not check(piece.group()):
            return piece.group()
        found[name] += 1
        return f"[{name}]"

    for name, (_, pattern, check) in SORTS.items():
        text = pattern.sub(partial(replaced, name, check), text)
    return text, found


def personal_table(records: Sequence[Record]) -> dict[str, Any]:
    """Return how many texts of a sample hold each sort, and how many pieces there are."""
    pieces: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    anything = 0
    for record in records:
        found = found_in(record.text or "")
        pieces.update(found)
        texts.update(found.keys())
        anything += bool(found)
    n = len(records)
    return {
        "sample": n,
        "any": share(anything, n),
        "sorts": [
            {"sort": name, "meaning": what, "texts": share(texts[name], n), "pieces": pieces[name]}
            for name, (what, _, _) in SORTS.items()
        ],
    }
