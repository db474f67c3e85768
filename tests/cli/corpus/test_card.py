"""`genloss corpus card`: every form from one audit, facts in it, gaps marked."""

import json
import shutil
from hashlib import sha256

import jsonschema
import pytest
from typer.testing import CliRunner

from genloss.cli.main import app
from genloss.report.corpus.cards.facts import Facts

TEXT = {"type": "string", "minLength": 1}
STATEMENT = {
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["name", "digest"],
                "properties": {
                    "digest": {
                        "required": ["sha256"],
                        "properties": {"sha256": {"pattern": "^[0-9a-f]{64}$"}},
                    }
                },
            },
        },
        "predicateType": {"type": "string", "format": "uri"},
        "predicate": {"type": "object"},
    },
}
EVENT = {
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "run": {"required": ["runId"], "properties": {"runId": {"pattern": "^[0-9a-f-]{36}$"}}},
        "job": {"required": ["namespace", "name"]},
        "inputs": {"type": "array", "items": {"required": ["namespace", "name"]}},
    },
}
PROV = {
    "type": "object",
    "required": ["prefix", "entity", "activity", "used", "wasDerivedFrom", "hadMember"],
    "properties": {
        "used": {"additionalProperties": {"required": ["prov:activity", "prov:entity"]}},
        "wasDerivedFrom": {
            "additionalProperties": {"required": ["prov:generatedEntity", "prov:usedEntity"]}
        },
    },
}
CROISSANT = {
    "type": "object",
    "required": ["@context", "@type", "conformsTo", "name", "distribution", "recordSet"],
    "properties": {
        "@type": {"const": "sc:Dataset"},
        "conformsTo": {"const": "http://mlcommons.org/croissant/1.1"},
        "distribution": {
            "items": {"required": ["@type", "@id", "contentUrl", "encodingFormat", "sha256"]}
        },
        "recordSet": {
            "items": {
                "required": ["@type", "@id", "field"],
                "properties": {
                    "field": {"items": {"required": ["@type", "@id", "dataType", "source"]}}
                },
            },
        },
    },
}


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A small corpus and its audit."""
    folder = tmp_path_factory.mktemp("audited")
    rows = [
        {"text": f"Text {i} of a letter by hand.", "origin": "human", "date": 1850 + i,
         "license": "MIT", "url": "https://example.org/a"}
        for i in range(3)
    ]  # fmt: skip
    rows.append({"text": "Machine words.", "origin": "machine", "generator": "gpt2"})
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["corpus", "audit", str(folder / "rows.jsonl"), "--out", str(folder / "audit.html")]
    assert CliRunner().invoke(app, words, prog_name="genloss").exit_code == 0
    return folder


@pytest.fixture
def card(genloss, audited, tmp_path):
    """Return a function from a form to the card of a small corpus."""
    for name in ("rows.jsonl", "audit.json"):
        shutil.copy(audited / name, tmp_path)

    def made(form):
        words = ("--form", form, "--out", "card", "--name", "Letters", "--files", "rows.jsonl")
        done = genloss("corpus", "card", "audit.json", *words)
        assert done.exit_code == 0, done.stderr
        return (tmp_path / "card").read_text()

    return made


@pytest.mark.parametrize(
    ("form", "schema"),
    [("in-toto", STATEMENT), ("openlineage", EVENT), ("prov", PROV), ("croissant", CROISSANT)],
)
def test_cards_for_machines_keep_their_schema_and_name_the_file(card, tmp_path, form, schema):
    made = json.loads(card(form))
    jsonschema.validate(made, schema)
    digest = sha256((tmp_path / "rows.jsonl").read_bytes()).hexdigest()
    assert form == "openlineage" or digest in json.dumps(made)
    assert "rows.jsonl" in json.dumps(made)


def test_prov_names_only_entities_that_it_has(card):
    made = json.loads(card("prov"))
    named = {edge["prov:usedEntity"] for edge in made["wasDerivedFrom"].values()}
    named |= {edge["prov:entity"] for edge in made["used"].values()}
    assert named <= set(made["entity"])


def test_croissant_reads_the_fields_that_records_have(genloss, card, tmp_path):
    card("hub")
    (tmp_path / "b.csv").write_text("text\nx\n")
    assert genloss("corpus", "read", "rows.jsonl", "--out", "records.jsonl").exit_code == 0
    words = ("--form", "croissant", "--out", "c.json", "--files", ".")
    assert genloss("corpus", "card", "audit.json", *words).exit_code == 0
    made = json.loads((tmp_path / "c.json").read_text())
    formats = {file["name"]: file["encodingFormat"] for file in made["distribution"]}
    assert formats["b.csv"] == "text/csv"
    assert formats["records.jsonl"] == formats["rows.jsonl"] == "application/jsonlines"
    [records] = made["recordSet"]
    names = [field["name"] for field in records["field"]]
    # No record of the file has parents or a word on its ground; a reader stops at such a column.
    assert names == [
        *("id", "text", "source", "claimed_first", "claimed_last", "licence", "origin"),
        *("generator", "depth"),
    ]
    sources = {field["name"]: field["source"] for field in records["field"]}
    assert sources["generator"] == {
        "fileObject": {"@id": "records.jsonl"},
        "extract": {"column": "generator"},
        "transform": {"jsonPath": "name"},
    }


def test_croissant_holds_lineage_at_four_levels(genloss, card, tmp_path):
    card("hub")
    assert genloss("corpus", "read", "rows.jsonl", "--out", "records.jsonl").exit_code == 0
    lines = (tmp_path / "records.jsonl").read_text().splitlines()
    child = {**json.loads(lines[0]), "parents": [json.loads(lines[1])["id"]]}
    (tmp_path / "rows.jsonl").write_text("\n".join([*lines, json.dumps(child)]))
    words = ("--form", "croissant", "--out", "c.json", "--files", "rows.jsonl")
    assert genloss("corpus", "card", "audit.json", *words).exit_code == 0
    made = json.loads((tmp_path / "c.json").read_text())
    [records] = made["recordSet"]
    assert made["rai:hasSyntheticData"] is True
    assert made["prov:wasDerivedFrom"]
    assert records["prov:wasDerivedFrom"] == [{"@id": "rows.jsonl"}]
    fields = {field["name"]: field for field in records["field"]}
    assert fields["id"]["prov:wasDerivedFrom"] == {"@id": "records/text"}
    assert fields["parents"]["repeated"] is True


def test_the_hub_card_is_tagged_by_what_was_measured(card):
    made = card("hub")
    head = made.split("---")[1]
    assert '"synthetic"' in head
    assert 'license: "other"' in head
    assert '"n<1K"' in head
    assert "1850 to 1852, as the texts claim; unknown: 25 %" in made
    assert "not measured" in made


@pytest.mark.parametrize(("form", "facts"), [("eu", 8), ("california", 7)])
def test_summaries_hold_the_facts_and_mark_the_gaps(card, form, facts):
    made = card(form)
    assert "MIT (75 %); unknown: 25 %" in made
    assert "gpt2 (25 %)" in made
    rows = [line for line in made.splitlines() if line.startswith("| ") and line != "| | |"]
    empty = [row for row in rows if "not measured" in row]
    assert len(rows) - len(empty) >= facts
    assert f"{len(empty)} of {len(rows)} fields" in made


@pytest.mark.slow
def test_the_summary_of_the_eu_calls_crawled_what_has_a_day_of_capture(genloss, tmp_path):
    def summary():
        assert genloss("corpus", "audit", "rows.jsonl", "--out", "a.html").exit_code == 0
        done = genloss("corpus", "card", "a.json", "--form", "eu", "--out", "eu.md")
        assert done.exit_code == 0
        rows = (tmp_path / "eu.md").read_text().splitlines()
        return [
            next(r for r in rows if r.startswith(f"| {part}")) for part in ("2.1", "2.3", "2.6")
        ]

    rows = [
        {
            "text": "One page of the web.",
            "source": "https://example.org/a",
            "captured": "2020-02-01",
        },
        {"text": "One essay of a pupil.", "source": "essays"},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    public, crawled, other = summary()
    assert "not measured" in public
    assert "example.org (50 %)" in crawled
    assert "essays" not in crawled
    assert "essays (50 %)" in other
    (tmp_path / "rows.jsonl").write_text(json.dumps(rows[1]) + "\n")
    assert "none: no text has a day of capture" in summary()[1]
    named = {"inputs": ["hub:org/name@0123", "rows.jsonl"]}
    assert Facts("a", named, ()).of_the_hub().startswith("hub:org/name@0123; open to all: not")


@pytest.mark.slow
def test_what_is_no_audit_or_no_form_is_refused(genloss, tmp_path):
    (tmp_path / "a.json").write_text("{}")
    for words in (["a.json"], ["none.json"], ["a.json", "--form", "poem"]):
        done = genloss("corpus", "card", *words, "--out", "card")
        assert done.exit_code == 2
    assert not (tmp_path / "card").exists()
