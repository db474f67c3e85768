"""The demo's audit: people's texts and those that the tour's models wrote, told apart."""

import json

import pytest

import genloss
from genloss.cli.corpus.demo import audit_tour


@pytest.mark.slow
def test_the_audit_of_a_tour_tells_people_from_models(tmp_path):
    study = genloss.Study(
        {"kind": "text", "vocabulary": 300},
        {"kind": "ngram", "order": 2, "smoothing": "add_k", "k": 0.0},
        40,
        2,
        sampler={"kind": "sampling", "max_new": 12, "min_new": 12, "prompts": {"kind": "none"}},
        held_out=20,
        keep={"at": [2], "rows": 7},
        metrics=["real_share"],
        name="tiny",
    )
    genloss.run_study(study, tmp_path)
    page = audit_tour(tmp_path)
    audit = json.loads(page.with_suffix(".json").read_text())
    found = {entry["value"]: entry["count"] for entry in audit["counts"]["origin"]["values"]}
    assert found["human"] > 50
    assert found["machine"] == 7
    assert "ledger" in page.read_text()
