"""Licences as SPDX expressions, or unknown."""

import re
from functools import cache, lru_cache
from typing import Any

from genloss.core.extras import optional

COMMON = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "cc by 4.0": "CC-BY-4.0",
    "cc-by": "",
    "cc by-sa 3.0": "CC-BY-SA-3.0",
    "cc by-sa 4.0": "CC-BY-SA-4.0",
    "cc0": "CC0-1.0",
    "mit license": "MIT",
    "openrail": "",
    "public domain": "LicenseRef-public-domain",
    "public-domain": "LicenseRef-public-domain",
    "pd": "LicenseRef-public-domain",
}
"""What people write for a licence, and the expression; '' where it leaves the version open."""

OWN = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
"""A licence that SPDX does not list, by a name that somebody gave it."""

DEEDS = "creativecommons.org/"
"""In the address of a licence of Creative Commons."""


@cache
def _licensing() -> Any:
    return optional("license_expression", "the licences of records").get_spdx_licensing()


@lru_cache(maxsize=4096)
def spdx_of(given: str) -> str:
    """Return a licence as a valid SPDX expression, or '' where it is none.

    Takes expressions, a few common names, and addresses of Creative Commons licences.

    Raises:
        MissingExtra: license-expression is not installed.
    """
    text = " ".join(given.split())
    text = COMMON.get(text.lower(), text)
    if DEEDS in text:
        text = _from_address(text)
    if not text:
        return ""
    if OWN.fullmatch(text):
        return text
    licensing = _licensing()
    try:
        found = licensing.validate(text)
        unknown = found.invalid_symbols
        if found.errors and unknown and all(map(OWN.fullmatch, unknown)):
            return str(licensing.parse(text))
    # Characters that no identifier has end release 30 in errors of several kinds.
    except Exception:
        return ""
    return "" if found.errors else str(found.normalized_expression or "")


def _from_address(address: str) -> str:
    """Return the identifier of a deed such as creativecommons.org/licenses/by-sa/4.0/."""
    parts = address.partition(DEEDS)[2].strip("/").split("/")
    if parts[:2] == ["publicdomain", "zero"]:
        return "CC0-1.0"
    if parts[:2] == ["publicdomain", "mark"]:
        return COMMON["public domain"]
    if parts[0] == "licenses" and len(parts) >= 3:
        return f"CC-{parts[1].upper()}-{parts[2]}"
    return ""
