"""How far two snapshots are apart: by hand, under no change, under planted ones."""

import json
from base64 import b64encode
from zlib import compress

import numpy as np
import pytest

from genloss.audit.profile import distances as distances_
from genloss.audit.profile.distances import apart, distances, variation
from genloss.audit.profile.drift import earlier_snapshot
from genloss.audit.profile.languages import languages
from genloss.audit.profile.snapshot import ASPECTS, Snapshot, snapshot_of
from genloss.corpus.record.dated import dated
from genloss.corpus.record.record import Record
from genloss.errors import DataError
from genloss.report.corpus.sentences import _changed


def test_total_variation_by_hand():
    """Then a, a, b, c and now a, b, b, b: |2 - 1| + |1 - 3| + |1 - 0| quarters, halved."""
    counts = np.array([[2, 1, 1], [1, 3, 0]])
    assert variation(counts) == pytest.approx(0.5)
    values, is_now = np.array([0, 0, 1, 2, 0, 1, 1, 1]), np.arange(8) > 3
    assert apart(values, np.arange(8), is_now, np.random.default_rng(0))["distance"] == 0.5


LAW = np.array([0.5, 0.25, 0.15, 0.07, 0.03])


def drawn(rng, law, sources, texts=10):
    """Values of sources whose own laws scatter around the common one."""
    laws = rng.dirichlet(law * 20, sources)
    return np.concatenate([rng.choice(law.size, texts, p=own) for own in laws])


def cell(seed, planted, draws=100, sources=30):
    rng = np.random.default_rng(seed)
    moved = LAW + planted * np.array([-1, 0, 0, 1, 0])
    units = np.arange(2 * sources).repeat(10)
    found = []
    for _ in range(draws):
        values = np.concatenate([drawn(rng, law, sources) for law in (LAW, moved)])
        found.append(apart(values, units, np.arange(units.size) >= units.size // 2, rng))
    above = np.mean([f["distance"] > f["floor"] for f in found])
    covered = np.mean([f["low"] <= planted <= f["high"] for f in found])
    return above, covered


@pytest.mark.deep
def test_no_change_seldom_passes_the_floor_and_a_change_does(monkeypatch):
    """At most 5 % of 100 would; 12 or more with probability .004 (binomial)."""
    monkeypatch.setattr(distances_, "DRAWS", 60)
    above, covered = cell(0, 0.0)
    assert above <= 0.12
    # Cut at 0, its interval leaves zero out with less than 5 %.
    assert covered >= 0.9
    above, covered = cell(1, 0.3)
    assert above >= 0.95
    # 95 % at least, by a margin on either side; 88 or fewer of 100 with probability .004.
    assert covered >= 0.89


def test_texts_of_one_source_that_are_alike_raise_the_floor():
    """Thirty sources of one language each: two halves of them differ by much."""
    rng = np.random.default_rng(2)
    values = np.concatenate([np.full(10, v) for v in rng.choice(5, 60, p=LAW)])
    is_now = np.arange(600) >= 300
    by_source = apart(values, np.arange(60).repeat(10), is_now, rng)
    by_text = apart(values, np.arange(600), is_now, rng)
    assert by_source["floor"] > 2 * by_text["floor"]
    assert by_source["high"] - by_source["low"] > by_text["high"] - by_text["low"]
    # Of a single source nothing can be told.
    alone = apart(values, np.arange(2).repeat(300), is_now, rng)
    assert alone["floor"] == 1


def corpus(sources, words, year, language="en"):
    records = [
        Record.of(
            f"{i} " + "word " * words, source=f"https://s{i % sources}.org/{i}", claimed=dated(year)
        )
        for i in range(200)
    ]
    return snapshot_of(records, [language] * 200)


@pytest.mark.slow
def test_a_snapshot_is_the_same_after_it_was_written():
    before = corpus(25, 50, 2020)
    again = Snapshot.of_json(json.loads(json.dumps(before.as_json())))
    assert all((again.columns[name] == before.columns[name]).all() for name in ASPECTS)
    rows = {row["what"]: row for row in distances(before, again, 0)}
    assert {name: row["distance"] for name, row in rows.items()} == dict.fromkeys(ASPECTS, 0)
    assert "no sources, lengths" in next(_changed(rows.values()))


@pytest.mark.slow
def test_planted_changes_of_lengths_and_dates_are_told_and_others_are_not():
    rows = {r["what"]: r for r in distances(corpus(25, 50, 2020), corpus(25, 90, 2021), 0)}
    assert {name for name, row in rows.items() if row["distance"] > row["floor"]} == {
        "length",
        "year",
    }
    assert rows["length"]["distance"] == rows["year"]["distance"] == 1
    assert {name: row["unit"] for name, row in rows.items()} == {
        **dict.fromkeys(("length", "language", "year"), "source"),
        **dict.fromkeys(("source", "domain"), "text"),
    }
    # Fewer than twenty sources: texts are taken one by one.
    rows = distances(corpus(19, 50, 2020), corpus(25, 50, 2020), 0)
    assert {row["unit"] for row in rows} == {"text"}


@pytest.mark.parametrize(
    "damage",
    [{}, {"texts": -1}, {"texts": 10**9}, {"source": "!"}, {"source": b64encode(b"no").decode()},
     {"year": b64encode(compress(bytes(10**6))).decode()}],
)  # fmt: skip
def test_a_snapshot_that_is_missing_or_damaged_is_said(damage):
    whole = corpus(25, 50, 2020).as_json() if damage else {}
    with pytest.raises(DataError, match="lacks its snapshot"):
        earlier_snapshot({"snapshot": whole | damage})


def test_pages_that_declare_another_language_than_theirs_are_counted():
    said = ["en-GB", "de", "nb", "zh_Hans", "fr", "", "en"]
    found = ["en", "en", "no", "zh", "unknown", "en", "en"]
    records = [
        Record.of(f"text {i}", attributes={"html_lang": lang} if lang else {})
        for i, lang in enumerate(said)
    ]
    declared = languages(records, found)["declared"]
    assert (declared["differ"]["count"], declared["differ"]["of"], declared["not_told"]) == (
        1,
        5,
        1,
    )
    assert declared["pairs"] == [{"declared": "de", "detected": "en", "count": 1}]
