"""The demo's audit: what people wrote beside what the tour's models wrote."""

from collections.abc import Iterator
from pathlib import Path

from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.options import AuditOptions
from genloss.cli.corpus.audit import write_audit
from genloss.corpus.documents import embedded
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Evidence, Record
from genloss.store.reader import find_runs


def audit_tour(root: Path) -> Path:
    """Write the audit of Python's own help topics and of every text that runs below root kept.

    Raises:
        MissingExtra: the audit's own packages are not installed.
    """
    out = root / "audit.html"
    people = list(_people())
    audit = audit_of([*people, *_machines(root)], AuditOptions(group="source"), people)
    audit |= {
        "title": "The tour's own texts: a corpus that holds its models' words",
        "inputs": ["Python's help topics", "runs of the tour"],
        "reference": ["Python's help topics"],
        "aside": {"left_out": {}, "doubts": {}},
    }
    write_audit(audit, out)
    return out


def _people() -> Iterator[Record]:
    declared = (Evidence("declared", "human", "documentation of Python"),)
    for document in embedded():
        yield Record.of(
            document.text,
            source="Python's help topics",
            licence="PSF-2.0",
            origin="human",
            evidence=declared,
            depth=0,
        )


def _machines(root: Path) -> Iterator[Record]:
    yield from read_records([run.path for run in find_runs(root)])
