"""What an audit finds is what was planted; shares meet closed forms and other implementations."""

import math
from collections import Counter
from datetime import date
from math import comb

import numpy as np
import pytest

from genloss.audit.profile import diversity as variety
from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.diversity import distinct, diversity
from genloss.audit.profile.drift import drift
from genloss.audit.profile.duplicates import BANDS, HASHES, Duplicates
from genloss.audit.profile.options import AuditOptions
from genloss.audit.profile.overlap import Overlap
from genloss.audit.profile.personal import found_in, masked
from genloss.audit.profile.proportions import change, difference, wilson
from genloss.audit.profile.rules import RULES, refused, rule_table
from genloss.audit.profile.sample import Sample
from genloss.audit.profile.tails import bands, missing_mass, thinned
from genloss.audit.profile.tally import Tally
from genloss.audit.profile.younger import younger_table, younger_words
from genloss.audit.share.pair import shares
from genloss.corpus.record.dated import dated
from genloss.corpus.record.record import Evidence, Record
from genloss.errors import DataError

TODAY = date(2026, 1, 1)
OPTIONS = AuditOptions(today=TODAY)


LETTERS = str.maketrans("0123456789", "abcdefghij")


def prose(rng, n=120, vocabulary=4000):
    """Return sentences of made-up words."""
    words = [
        f"w{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}"
        for i in range(vocabulary)
    ]
    drawn = rng.choice(words, n)
    return ". ".join(" ".join(drawn[i : i + 12]) for i in range(0, n, 12)) + "."


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    return [prose(rng) for _ in range(400)]


def test_wilson_is_the_roots_of_the_score_equation():
    for k, n in ((0, 10), (3, 10), (10, 10), (50, 1000)):
        for p in wilson(k, n):
            if 1e-9 < p < 1 - 1e-9:
                half = 1.959964 * (p * (1 - p) / n) ** 0.5
                assert abs(k / n - p) == pytest.approx(half, rel=1e-5)
    assert wilson(0, 0) == (0, 1)
    # Newcombe (1998), table II, 56/70 against 48/80: 0.2, 0.0524 to 0.3339.
    found = difference(48, 80, 56, 70)
    assert [round(found[k], 4) for k in ("change", "low", "high")] == [0.2, 0.0524, 0.3339]


@pytest.mark.slow
def test_planted_dates_licences_and_contradictions_are_counted(texts):
    tally = Tally(TODAY)
    years = [1999, 1999, 2005, None, 2030]
    for text, year in zip(texts, years, strict=False):
        when = dated(year) if year else None
        tally.add(Record.of(text, claimed=when, captured=dated("2010", "crawl"), licence="MIT"))
    says = (Evidence("declared", "human"), Evidence("detector", "machine"))
    tally.add(Record.of("x", evidence=says, attributes={"licence_as_given": "free"}))
    counts = tally.counts()
    assert counts["claimed year"]["values"] == [
        {"value": "1999", "count": 2},
        {"value": "2005", "count": 1},
        {"value": "2030", "count": 1},
    ]
    assert counts["claimed year"]["unknown"]["count"] == 2
    assert counts["licence"]["values"] == [{"value": "MIT", "count": 5}]
    assert {v["value"]: v["count"] for v in counts["doubts"]["values"]} == {
        "claimed date in the future": 1,
        "claims a date after it was captured": 1,
        "evidence for two origins": 1,
        "licence that is no SPDX expression": 1,
    }


def test_sizes_are_read_off_bins_six_percent_wide():
    tally = Tally(TODAY)
    for n in range(1, 1001):
        tally.add(Record.of(" ".join(["word"] * n)))
    sizes = tally.sizes()
    assert (sizes["records"], sizes["words"]) == (1000, 500_500)
    for name, true in (("tenth", 100), ("median", 500), ("ninetieth", 900)):
        assert sizes["words_of_a_text"][name] == pytest.approx(true, rel=0.07)


def edited(text, rng, share):
    words = text.split()
    for i in rng.choice(len(words), int(share * len(words)), replace=False):
        words[i] = f"new{i}"
    return " ".join(words)


def test_planted_duplicates_are_found_and_others_are_not(texts):
    """30 exact copies; 40 with a word of 120 changed (J = .92); 40 with a fifth (J < .3)."""
    rng = np.random.default_rng(1)
    near = [edited(t, rng, 0.01) for t in texts[:40]]
    far = [edited(t, rng, 0.2) for t in texts[40:80]]
    found = Duplicates(10_000, 0.8)
    for text in [*texts, *texts[:30], *near, *far]:
        found.add(Record.of(text))
    result = found.result()
    assert result["exact"]["count"] == 30
    assert result["largest"] == 2
    # Five of 116 shingles differ: J = 111/121 = .917. Missed by the bands with probability
    # (1 - J^8)^16 < 1e-4; estimated below .8 with probability 1e-5 (binomial of 128).
    shingle, bands_of = 111 / 121, HASHES // BANDS
    assert (1 - shingle**bands_of) ** BANDS < 1e-4
    below = sum(comb(128, k) * shingle**k * (1 - shingle) ** (128 - k) for k in range(103))
    assert below < 1e-4
    assert result["near"]["count"] == 40
    assert result["not_looked_at"] == 0
    few = Duplicates(100, 0.8)
    for text in texts:
        few.add(Record.of(text))
    assert few.result()["not_looked_at"] == 300


def test_a_sample_depends_on_the_ids_alone(texts):
    one, other = Sample(50), Sample(50)
    records = [Record.of(t) for t in texts]
    for record in records:
        one.add(record)
    for record in [*reversed(records), *records[:100]]:
        other.add(record)
    assert one.records() == other.records()
    assert len(one.records()) == 50
    smallest = sorted(records, key=lambda r: int(r.id[-16:], 16))[:50]
    assert {r.id for r in one.records()} == {r.id for r in smallest}
    long = Sample(1)
    long.add(Record.of("a" * 60_000))
    assert len(long.records()[0].text) == 50_000


def test_overlap_with_evaluation_sets_is_found(texts):
    whole, half, short = texts[0], texts[1], "a question of five words"
    items = [Record.of(whole), Record.of(half), Record.of(short), Record.of(texts[2])]
    overlap = Overlap([("exam", items)])
    overlap.add(Record.of(f"Before. {whole} After."))
    words = half.split()
    overlap.add(Record.of(" ".join(words[: len(words) // 2])))
    overlap.add(Record.of(short))
    overlap.add(Record.of(texts[300]))
    result = overlap.result()
    [exam] = result["sets"]
    assert (exam["touched"]["count"], exam["held"]["count"], exam["held"]["of"]) == (3, 2, 4)
    assert result["records"] == 3
    assert result["examples"][0] == Record.of(f"Before. {whole} After.").id


def test_a_short_item_inside_a_long_text_is_found():
    """Questions have fewer than 13 words; of fewer than 8, only a whole text is one."""
    ten = "which of these ten words is the answer to it"
    words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(60)]
    items = [Record.of(ten), Record.of("five words are too few"), Record.of("7 * 6 = 42")]
    overlap = Overlap([("exam", items)])
    overlap.add(Record.of(" ".join([*words[:30], ten, "five words are too few", *words[30:]])))
    [exam] = overlap.result()["sets"]
    assert (exam["held"]["count"], exam["held"]["of"], exam["short"]) == (1, 2, 2)
    overlap.add(Record.of("Five words are too few."))
    assert overlap.result()["sets"][0]["held"]["count"] == 2
    # Nine of the ten are not the item.
    other = Overlap([("exam", items)])
    other.add(Record.of(" ".join([*words[:30], *ten.split()[1:], *words[30:]])))
    assert other.result()["sets"][0]["touched"]["count"] == 0


BREAKS = {
    "short": "Too few words.",
    "word_length": " ".join(["ab"] * 60),
    "symbols": " ".join(["word # # the of"] * 20),
    "no_letters": " ".join(["the of 12 34 56"] * 15),
    "stop_words": " ".join(["lorem ipsum dolor sit amet"] * 15),
    "bullets": "\n".join(["- the point of it"] * 20),
    "ellipses": "\n".join(["the end of it..."] * 20),
    "no_ends": "\n".join(["the menu of links"] * 20),
    "links": " ".join(["the of https://example.org"] * 20),
    "phrases": "Please accept cookies. " + "the words of people " * 20,
    "braces": "function() { the of } " * 20,
    "lines_again": "\n".join(["the very same line of words."] * 20),
    "pairs_again": "buy gold " * 40,
    "rows_again": "the one two three four five six seven eight nine of ten. " * 10,
}

CLEAN = (
    "It was a quiet evening in the village, and the baker had closed his shop. Nobody in the "
    "street noticed the stranger who stood with a lantern near the old gate. He waited there until "
    "the church bell had struck nine, and then he turned to walk along the river. The water was "
    "high, for it had rained that morning; a boat knocked against its post, and a dog barked twice."
)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_refuses_what_it_should_and_leaves_prose_alone(rule):
    assert rule in refused(BREAKS[rule])
    assert refused(CLEAN) == []


def test_misfires_are_of_peoples_texts_by_group():
    spam = BREAKS["links"]
    records = [
        Record.of(f"{CLEAN} {i}", origin="human", attributes={"domain": "letters"})
        for i in range(30)
    ]
    records += [
        Record.of(f"{spam} {i}", origin="human", attributes={"domain": "notes"}) for i in range(25)
    ]
    records += [Record.of(f"{spam} {i} x", origin="machine") for i in range(20)]
    records += [Record.of("Hm.", origin="human", attributes={"domain": "few"})]
    table = rule_table(records, "domain")
    assert table["groups"] == ["letters", "notes"]
    [links] = [rule for rule in table["rules"] if rule["rule"] == "links"]
    assert links["refused"]["count"] == 45
    assert [links["misfires"][g]["share"] for g in table["groups"]] == [0, 1]
    assert table["small_groups"] == 1
    nobody = rule_table([Record.of(spam)], "domain")
    assert (nobody["people"], nobody["groups"]) == (0, [])


PERSONAL = {
    "mail": ("Write to ada.l+x@mail.example.org.", "me@home"),
    "account": ("DE89 3704 0044 0532 0130 00", "DE88 3704 0044 0532 0130 00"),
    "card": ("4111 1111 1111 1111", "4111 1111 1111 1112"),
    "internet": ("from 192.168.10.254 on", "version 1.2.3.400"),
    "phone": ("call +44 20 7946 0000 now", "in 1984 or 2001"),
    "header": ("From: Ada Lovelace", "from the Start"),
}


@pytest.mark.parametrize("sort", PERSONAL)
def test_personal_data_is_found_checked_and_masked(sort):
    found, not_found = PERSONAL[sort]
    assert found_in(found) == {sort: 1}
    assert f"[{sort}]" in masked(found)
    assert found_in(masked(found)) == {}
    assert sort not in found_in(not_found)
    assert masked(CLEAN) == CLEAN


PHONES = (
    "(212) 555-0147, 212-555-0147, 212.555.0147, +1 212-555-0147, 1-212-555-0147; "
    "+49 30 901820, 030 901820, +44 20 7946 0000, +33 1 23 45 67 89"
)
NO_PHONES = (
    "on 01.02.2023 and 03-04-1999; ISBN 978-0-306-40615-7; 2019-05-31; 1,234,567; pages 212-555; "
    "lines 100-200-3000-4000; $212.555.01"
)


def test_telephone_numbers_of_several_countries_are_counted_and_days_are_not():
    assert found_in(PHONES) == {"phone": 9}
    assert "phone" not in found_in(NO_PHONES)


def test_words_younger_than_the_claimed_date_are_found():
    assert younger_words("He looked at his iPhone and the internet.", 1999) == ["iphone"]
    assert younger_words("He looked at his iPhone.", 2007) == []
    records = [
        Record.of("A letter about television.", claimed=dated("1850")),
        Record.of("A letter about trains.", claimed=dated("1850")),
        Record.of("The internet, undated."),
    ]
    table = younger_table(records)
    assert (table["texts"]["count"], table["texts"]["of"]) == (1, 2)
    assert table["words"] == [{"value": "television", "count": 1}]
    assert table["examples"] == [records[0].id]


@pytest.mark.slow
def test_missing_mass_meets_the_true_one_of_a_known_law():
    """Zipf's law on 5,000 words, 2,000 drawn: the estimate is within its bound of the truth."""
    rng = np.random.default_rng(2)
    p = 1 / np.arange(1, 5001)
    p /= p.sum()
    errors = []
    for _ in range(50):
        drawn = rng.choice(p.size, 2000, p=p)
        truth = p[np.setdiff1d(np.arange(p.size), drawn)].sum()
        found = missing_mass(Counter(map(str, drawn)))
        assert found["low"] <= truth <= found["high"]
        errors.append(found["share"] - truth)
    # Its bias is at most 1/n (Good 1953); the mean of 50 has a standard error below .002.
    assert abs(np.mean(errors)) < 0.006
    assert missing_mass(Counter())["share"] is None


@pytest.mark.slow
def test_a_lost_tail_shows_in_the_bands():
    rng = np.random.default_rng(3)
    ranks = np.arange(1, 20_001)
    p = 1 / ranks
    p /= p.sum()

    def draw(q):
        return Counter(f"w{i}" for i in rng.choice(ranks.size, 200_000, p=q))

    reference, same = draw(p), draw(p)
    cut = np.where(ranks <= 1000, p, 0)
    lost = draw(cut / cut.sum())
    whole = {row["band"]: row for row in bands(same, reference)}
    tailless = {row["band"]: row for row in bands(lost, reference)}
    for name in ("rank 1,001 to 10,000", "rarer, but known"):
        assert whole[name]["here"] > 0.02
        # Of words near rank 1,000 chance decides the band.
        assert tailless[name]["here"] < 0.1 * whole[name]["here"]
    # At equal laws the head has the reference's share, up to 200,000 draws.
    head = whole["the 100 commonest"]
    assert head["here"] == pytest.approx(head["reference"], abs=0.006)
    assert thinned(reference, 1000, 0).total() == 1000
    assert thinned(reference, 1000, 0) == thinned(reference, 1000, 0)


def test_distinct_runs_of_a_text_counted_by_hand():
    words = ["a", "b", "a", "b", "c"]
    assert [distinct(words, n) for n in (1, 2, 3)] == [3 / 5, 3 / 4, 1]


@pytest.mark.slow
def test_variety_at_equal_size_tells_poor_from_rich_beyond_its_noise(monkeypatch):
    monkeypatch.setattr(variety, "SIZE", 4000)
    rng = np.random.default_rng(4)
    rich = [Record.of(prose(rng), origin="human") for _ in range(60)]
    poor = [Record.of(prose(rng, vocabulary=300), origin="machine") for _ in range(60)]
    again = [Record.of(prose(rng), origin="edited") for _ in range(60)]
    found = diversity([*rich, *poor, *again, Record.of("few words")], "origin", 0)
    rows = {row["group"]: row for row in found["groups"]}
    assert set(rows) == {"all", "human", "machine", "edited"}
    gap = rows["human"]["distinct"]["1"] - rows["machine"]["distinct"]["1"]
    assert gap > 10 * rows["human"]["noise"]["1"]
    none = abs(rows["human"]["distinct"]["1"] - rows["edited"]["distinct"]["1"])
    assert none < 3 * rows["human"]["noise"]["1"]


@pytest.fixture(scope="module")
def whole(texts):
    records = [Record.of(t, origin="human" if i % 4 else "machine") for i, t in enumerate(texts)]
    return records, audit_of(
        records, OPTIONS, reference=records[:100], against=[("a", records[:3])]
    )


@pytest.mark.slow
def test_an_audit_is_the_same_in_every_order(whole):
    records, audit = whole
    again = audit_of(
        records[::-1], OPTIONS, reference=records[99::-1], against=[("a", records[:3])]
    )
    assert {k: v for k, v in audit.items() if k != "overlap"} == {
        k: v for k, v in again.items() if k != "overlap"
    }
    assert audit["overlap"]["sets"] == again["overlap"]["sets"]
    origins = {v["value"]: v["count"] for v in audit["counts"]["origin"]["values"]}
    assert origins == {"human": 300, "machine": 100}


@pytest.mark.slow
def test_drift_sees_a_planted_change_and_nothing_where_there_is_none(whole):
    records, before = whole
    more = [Record.of(f"{r.text} more", origin="machine") for r in records[:200]]
    now = audit_of([*records, *more], OPTIONS)
    rows = {row["what"]: row for row in drift(before, now)}
    machine = rows["origin machine"]
    assert (machine["before"], machine["now"]) == (0.25, 0.5)
    assert 0 < machine["low"] < 0.25 < machine["high"]
    assert all(row["low"] <= 0 <= row["high"] for row in drift(before, before))
    with pytest.raises(DataError, match="lacks"):
        drift({}, now)


@pytest.mark.slow
def test_drift_takes_no_rank_for_an_absence(whole):
    """Of 600 texts under six licences the sixth has 80, and later 200 of 720: 13 to 28 %."""
    texts = [record.text for record in whole[0]]
    sizes = {"MIT": 130, "CC0-1.0": 110, "ISC": 100, "Zlib": 95, "0BSD": 85, "Apache-2.0": 80}

    def audit(sizes):
        names = [name for name, n in sizes.items() for _ in range(n)]
        made = [Record.of(f"{texts[i % 400]} {i}", licence=name) for i, name in enumerate(names)]
        return audit_of(made, OPTIONS)

    before = audit(sizes)
    rows = {row["what"]: row for row in drift(before, audit({**sizes, "Apache-2.0": 200}))}
    grown = rows["licence Apache-2.0"]
    assert (grown["before"], grown["now"]) == pytest.approx((80 / 600, 200 / 720))
    # What falls out of the first five is told as well.
    rows = {row["what"]: row for row in drift(before, audit({**sizes, "MIT": 1}))}
    assert rows["licence MIT"]["now"] == pytest.approx(1 / 471)
    assert rows["licence MIT"]["high"] < 0


FLAGGED, MADE = "flagged by the detector", "by machines, as estimated"


def detector(flagged, judged, low, estimate, high, told=True, by="a"):
    answers = {"flagged": flagged, "not flagged": judged - flagged, "too short": 5}
    share = {"kind": "interval", "low": low, "estimate": estimate, "high": high, "told": told}
    return {"calibrated_by": by, "answers": answers, "share": share}


def test_what_a_detector_says_drifts_where_one_calibration_judged_both(whole):
    _, audit = whole
    before = {**audit, "detector": detector(10, 100, 0.1, 0.2, 0.3)}

    def rows(**now):
        found = drift(before, {**audit, "detector": detector(30, 100, 0.4, 0.5, 0.62, **now)})
        return {row["what"]: row for row in found if row["what"] in (FLAGGED, MADE)}

    flags, share = rows()[FLAGGED], rows()[MADE]
    # Newcombe 1998 for 10 of 100 and 30 of 100; the ends of the share by hand.
    assert flags["change"] == pytest.approx(0.2)
    assert (flags["low"], flags["high"]) == pytest.approx((0.0900, 0.3058), abs=1e-4)
    assert share["low"] == pytest.approx(0.3 - math.hypot(0.1, 0.1))
    assert share["high"] == pytest.approx(0.3 + math.hypot(0.12, 0.1))
    assert set(rows(told=False)) == {FLAGGED}
    assert rows(by="b") == {}
    assert drift(audit, audit) == drift(audit, before)


@pytest.mark.slow
def test_the_change_of_a_share_is_covered_though_both_share_a_calibration():
    """Two snapshots, .2 and .35, of 300 texts: at least 95 % but for three standard errors."""
    rng, draws = np.random.default_rng(0), 300
    human, machine = rng.normal(0, 1, (draws, 300)), rng.normal(2, 1, (draws, 300))
    snapshots = []
    for share in (0.2, 0.35):
        corpus = rng.normal(2.0 * (rng.random((draws, 300)) < share), 1)
        found = shares(human, machine, corpus)
        snapshots.append(list(zip(found.estimate, found.low, found.high, strict=True)))
    moved = [change(before, now) for before, now in zip(*snapshots, strict=True)]
    covered = np.mean([m["low"] <= 0.15 <= m["high"] for m in moved])
    assert covered >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / draws)


def test_an_audit_of_nothing_is_refused():
    with pytest.raises(DataError, match="no record that can be read"):
        audit_of([], OPTIONS)
