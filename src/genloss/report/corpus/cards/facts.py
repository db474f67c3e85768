"""What the audit and the files of a corpus say, as cards need it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genloss.report.corpus.shares import percent

NOT_MEASURED = "not measured; to be filled in by hand"
"""What a card says of anything that no file tells."""


@dataclass(frozen=True)
class DataFile:
    """A file of a corpus: its name, its bytes, their SHA-256; the fields of a file of records."""

    name: str
    size: int
    sha256: str
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """The name of a corpus, its audit, and the files that it is in."""

    name: str
    audit: Mapping[str, Any]
    files: Sequence[DataFile]

    @property
    def records(self) -> int:
        """How many there are."""
        return int(self.audit["sizes"]["records"])

    def shares(self, key: str, most: int = 10) -> dict[str, float]:
        """Return the commonest known values of a key with their shares of the records."""
        values = self.audit["counts"].get(key, {"values": []})["values"]
        return {v["value"]: v["count"] / self.records for v in values[:most]}

    def listed(self, key: str, most: int = 10) -> str:
        """Return the same in words, with the share unknown; or that it was not measured."""
        named = [f"{value} ({percent(share)})" for value, share in self.shares(key, most).items()]
        if not named:
            return NOT_MEASURED
        counts = self.audit["counts"][key]
        more, unknown = counts["different"] - len(named), counts["unknown"]["share"]
        about = "about " if "sketch" in counts else ""
        beyond = f", {about}{more:,} more" if more > 0 else ""
        return ", ".join(named) + beyond + (f"; unknown: {percent(unknown)}" if unknown else "")

    def of_the_hub(self) -> str:
        """Return the data sets of a hub among what was read, '' for none."""
        named = (str(name) for name in self.audit.get("inputs", ()))
        found = [name for name in named if name.startswith("hub:")]
        return f"{', '.join(found)}; open to all: {NOT_MEASURED}" if found else ""

    def languages(self) -> list[str]:
        """Return the languages of at least 1 % of the sample, the commonest first."""
        values = self.audit["languages"]["values"]
        return [v["value"] for v in values if v["share"] >= 0.01 and v["value"] != "unknown"]

    def machine(self) -> float:
        """Return the share of records declared to be a machine's, wholly or in part."""
        origins = self.shares("origin")
        return origins.get("machine", 0.0) + origins.get("edited", 0.0)

    def years(self) -> str:
        """Return the first and last year that texts claim, or that they are unknown."""
        counts = self.audit["counts"]["claimed year"]
        years = sorted(int(v["value"]) for v in counts["values"] if v["value"].isdigit())
        if not years:
            return NOT_MEASURED
        span = f"{years[0]} to {years[-1]}" if years[0] != years[-1] else str(years[0])
        return f"{span}, as the texts claim; unknown: {percent(counts['unknown']['share'])}"
