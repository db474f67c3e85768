"""Croissant 1.1: the data set, its files, its record set, and the fields of a record."""

from typing import Any

from genloss.report.corpus.cards.facts import NOT_MEASURED, Facts

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "prov": "http://www.w3.org/ns/prov#",
    "sc": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "recordSet": "cr:recordSet",
    "field": "cr:field",
    "key": "cr:key",
    "source": "cr:source",
    "fileObject": "cr:fileObject",
    "extract": "cr:extract",
    "jsonPath": "cr:jsonPath",
    "repeated": "cr:repeated",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
}

TEXT, NUMBER, TRUTH = "sc:Text", "sc:Integer", "sc:Boolean"

FIELDS = (
    ("id", TEXT, "SHA-256 of the exact bytes of the text", "$.id"),
    ("text", TEXT, "the text", "$.text"),
    ("source", TEXT, "where the record comes from", "$.source"),
    ("claimed_first", TEXT, "first day of the date that it claims", "$.claimed.first"),
    ("claimed_last", TEXT, "last day of the date that it claims", "$.claimed.last"),
    ("licence", TEXT, "SPDX expression", "$.licence"),
    ("origin", TEXT, "human, machine, edited or unknown", "$.origin"),
    ("generator", TEXT, "the machine that made it", "$.generator.name"),
    ("parents", TEXT, "prov:wasDerivedFrom: ids of the records it was made from", "$.parents"),
    ("depth", NUMBER, "generations from people's work", "$.depth"),
    ("grounded", TRUTH, "whether a parent is real", "$.grounded"),
)
"""Name, type, meaning and place in a line of a record: lineage of rows is in parents and depth."""


def croissant(facts: Facts) -> dict[str, Any]:
    """Return JSON-LD of the data set, its files, its record set and the fields of its rows.

    Lineage stands at four levels: of the data set (sources, whether machines wrote any of it), of
    the record set (its files), of fields (a derived one says from what), of rows (parents, depth
    and origin in each).
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": facts.name,
        "description": f"{facts.records:,} records; see the audit beside it",
        "license": list(facts.shares("licence")) or NOT_MEASURED,
        "inLanguage": facts.languages(),
        "temporalCoverage": facts.years(),
        "rai:dataCollection": facts.listed("source"),
        "rai:personalSensitiveInformation": [
            sort["meaning"] for sort in facts.audit["personal"]["sorts"] if sort["pieces"]
        ],
        "rai:hasSyntheticData": facts.machine() > 0,
        "prov:wasDerivedFrom": list(facts.shares("source")),
        "prov:wasGeneratedBy": f"genloss {facts.audit['genloss']}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file.name,
                "name": file.name,
                "contentUrl": file.name,
                "contentSize": f"{file.size} B",
                "encodingFormat": "application/jsonlines",
                "sha256": file.sha256,
            }
            for file in facts.files
        ],
        "recordSet": [_record_set(facts)],
    }


def _record_set(facts: Facts) -> dict[str, Any]:
    first = {"@id": facts.files[0].name} if facts.files else {}
    return {
        "@type": "cr:RecordSet",
        "@id": "records",
        "name": "records",
        "key": {"@id": "records/id"},
        "prov:wasDerivedFrom": [{"@id": file.name} for file in facts.files],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"records/{name}",
                "name": name,
                "description": meaning,
                "dataType": kind,
                "repeated": name == "parents",
                "source": {"fileObject": first, "extract": {"jsonPath": path}},
                **({"prov:wasDerivedFrom": {"@id": "records/text"}} if name == "id" else {}),
            }
            for name, kind, meaning, path in FIELDS
        ],
    }
