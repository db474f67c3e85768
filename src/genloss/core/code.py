"""Whose code a run was made by, as far as it is not genloss's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CodeChanged = Literal["refuse", "fresh", "same"]
"""What to do with a run folder of other code: refuse it, start another one, or accept both."""


@dataclass(frozen=True)
class Code:
    """The code of the classes of a study that are not genloss's own.

    modules: module to digest. packages: distribution to version. unchecked: what has no digest, in
    words.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()

    @property
    def checked(self) -> Mapping[str, str]:
        """Return all that is compared, by name."""
        return {
            **{f"module {name}": digest for name, digest in self.modules.items()},
            **{f"package {name}": version for name, version in self.packages.items()},
        }

    @property
    def digest(self) -> str:
        """Return 16 hex digits of all that is compared."""
        return text_digest(repr(sorted(self.checked.items())))


def text_digest(text: str) -> str:
    """Return the first 16 hex digits of SHA-256 over a text."""
    # Costs a command that only prints help a tenth of its time.
    import hashlib

    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
