"""Croissant 1.1: the data set, its files, its record set, and the fields of a record."""

from pathlib import PurePath
from typing import Any

from genloss.report.corpus.cards.facts import NOT_MEASURED, DataFile, Facts

NAMES = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform", "arrayShape", "containedIn", "isArray"),
)
"""Names of the vocabulary that mean themselves."""

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "prov": "http://www.w3.org/ns/prov#",
    "sc": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{name: f"cr:{name}" for name in NAMES},
}
"""The context of the specification, and the vocabulary of provenance."""

FORMATS = {
    ".jsonl": "application/jsonlines",
    ".json": "application/json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/x-parquet",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".html": "text/html",
}
"""Media types by suffix; readers unpack .gz themselves."""

TEXT, NUMBER, TRUTH = "sc:Text", "sc:Integer", "sc:Boolean"

FIELDS = (
    ("id", TEXT, "SHA-256 of the exact bytes of the text", "id"),
    ("text", TEXT, "the text", "text"),
    ("source", TEXT, "where the record comes from", "source"),
    ("claimed_first", TEXT, "first day of the date that it claims", "claimed.first"),
    ("claimed_last", TEXT, "last day of the date that it claims", "claimed.last"),
    ("licence", TEXT, "SPDX expression", "licence"),
    ("origin", TEXT, "human, machine, edited or unknown", "origin"),
    ("generator", TEXT, "the machine that made it", "generator.name"),
    ("parents", TEXT, "prov:wasDerivedFrom: ids of the records it was made from", "parents"),
    ("depth", NUMBER, "generations from people's work", "depth"),
    ("grounded", TRUTH, "whether a parent is real", "grounded"),
)
"""Name, type, meaning and place in a line of a record: lineage of rows is in parents and depth."""


def croissant(facts: Facts) -> dict[str, Any]:
    """Return JSON-LD of the data set, its files, its record set and the fields of its rows.

    Lineage stands at four levels: of the data set (sources, whether machines wrote any of it), of
    the record set (its files), of fields (a derived one says from what), of rows (parents, depth
    and origin in each). The record set is that of the first file of records, with the fields that
    it has: a reader stops at a column that is not there.
    """
    record_files = [file for file in facts.files if "record" in file.fields]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": facts.name,
        "description": f"{facts.records:,} records; see the audit beside it",
        "citeAs": NOT_MEASURED,
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
                "encodingFormat": _format(file.name),
                "sha256": file.sha256,
            }
            for file in facts.files
        ],
        "recordSet": [_record_set(file) for file in record_files[:1]],
    }


def _format(name: str) -> str:
    return FORMATS.get(PurePath(name.removesuffix(".gz")).suffix, "application/octet-stream")


def _record_set(file: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "records",
        "name": "records",
        "key": {"@id": "records/id"},
        "prov:wasDerivedFrom": [{"@id": file.name}],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"records/{name}",
                "name": name,
                "description": meaning,
                "dataType": kind,
                "repeated": name == "parents",
                "source": _source(file, path),
                **({"prov:wasDerivedFrom": {"@id": "records/text"}} if name == "id" else {}),
            }
            for name, kind, meaning, path in FIELDS
            if path.partition(".")[0] in file.fields
        ],
    }


def _source(file: DataFile, path: str) -> dict[str, Any]:
    column, _, inner = path.partition(".")
    transform = {"transform": {"jsonPath": inner}} if inner else {}
    return {"fileObject": {"@id": file.name}, "extract": {"column": column}, **transform}
