"""Where a corpus came from, for tools of lineage: PROV, in-toto, OpenLineage."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from genloss.report.corpus.cards.facts import Facts

NAMES = "https://genloss.invalid/"
"""Before the names of our own terms; a name, not an address."""


def prov(facts: Facts) -> dict[str, Any]:
    """Return PROV-JSON: the corpus, its files, its sources, and the audit that used them."""
    sources = {f"g:source-{i}": {"prov:label": s} for i, s in enumerate(facts.shares("source"))}
    files = {
        f"g:file-{i}": {"prov:label": f.name, "g:sha256": f.sha256, "g:bytes": f.size}
        for i, f in enumerate(facts.files)
    }
    corpus = {"g:corpus": {"prov:label": facts.name, "g:records": facts.records}}
    label = f"genloss {facts.audit['genloss']} corpus audit"
    return {
        "prefix": {"g": f"{NAMES}prov#"},
        "entity": {**corpus, **sources, **files},
        "activity": {"g:audit": {"prov:label": label}},
        "used": {
            f"_:u{i}": {"prov:activity": "g:audit", "prov:entity": file}
            for i, file in enumerate(files)
        },
        "wasDerivedFrom": {
            f"_:d{i}": {"prov:generatedEntity": "g:corpus", "prov:usedEntity": source}
            for i, source in enumerate(sources)
        },
        "hadMember": {
            f"_:m{i}": {"prov:collection": "g:corpus", "prov:entity": file}
            for i, file in enumerate(files)
        },
    }


def in_toto(facts: Facts) -> dict[str, Any]:
    """Return an in-toto statement (v1) on the files, with the audit's counts as its predicate.

    It is not signed; sign it by a tool of your own.
    """
    kept = ("sizes", "duplicates", "today", "genloss", "inputs")
    shares = {key: facts.shares(key) for key in ("origin", "licence")}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": f.name, "digest": {"sha256": f.sha256}} for f in facts.files],
        "predicateType": f"{NAMES}corpus-audit/v1",
        "predicate": {**{name: facts.audit[name] for name in kept}, **shares},
    }


def open_lineage(facts: Facts) -> dict[str, Any]:
    """Return an event of OpenLineage (2-0-2): the audit as a run that read the files.

    Its run id follows from the digests of the files; its time is the start of the audit's day.
    """
    identity = uuid5(NAMESPACE_URL, "|".join(sorted(f.sha256 for f in facts.files)))
    return {
        "eventType": "COMPLETE",
        "eventTime": f"{facts.audit['today']}T00:00:00Z",
        "run": {"runId": str(identity)},
        "job": {"namespace": "genloss", "name": "corpus audit"},
        "inputs": [{"namespace": "file", "name": f.name} for f in facts.files],
        "outputs": [{"namespace": "genloss", "name": facts.audit["numbers"]}],
        "producer": f"{NAMES}{facts.audit['genloss']}",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }
