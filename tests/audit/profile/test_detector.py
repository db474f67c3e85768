"""A detector beside an audit: planted shares, refusals, alarms, and what its page says of them."""

import json
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from genloss.audit.detection.calibrating import Plan, calibrate
from genloss.audit.profile.audit import audit_of
from genloss.audit.profile.detector import DetectorBeside, detector_table
from genloss.audit.profile.options import AuditOptions
from genloss.audit.share.bound import bound_over_groups
from genloss.corpus.record.record import Generator, Record
from genloss.errors import DataError
from genloss.report.corpus.page import corpus_page
from genloss.report.corpus.sentences import in_short

AROUND = {
    "genloss": "0",
    "title": "A crawl",
    "inputs": ["crawl"],
    "reference": [],
    "numbers": "audit.json",
    "aside": {"left_out": {}, "doubts": {}},
}
WORDS = [f"w{i}" for i in range(60)]


@dataclass(frozen=True)
class Written:
    """The number that a text begins with."""

    def scores(self, texts):
        return np.array([float(text.split()[0]) for text in texts])


def texts(rng, n, shift=0.0, origin="human", domain="news", spread=1.0):
    """Return records whose score is drawn from N(shift, spread); machines prefer later words."""
    weight = np.arange(1, 61.0) ** (origin == "machine")
    out = []
    for _ in range(n):
        words = rng.choice(WORDS, 40, p=weight / weight.sum())
        body = f"{rng.normal(shift, spread):.9f} {' '.join(words)}"
        made = Record.of(
            body, origin=origin, attributes={"domain": domain}, source=f"{rng.random()}"
        )
        out.append(replace(made, generator=Generator("gpt-2")) if origin == "machine" else made)
    return out


def unsaid(records):
    return [replace(r, origin="unknown", generator=None) for r in records]


@pytest.fixture(scope="module")
def known():
    """Return a calibration of two domains, one of them refused, and human and machine texts."""
    rng = np.random.default_rng(3)
    human = [*texts(rng, 300), *texts(rng, 40, domain="few")]
    calibration, _ = calibrate(human, Written(), (), Plan(by=("domain",), levels=(0.01,)))
    return calibration, texts(rng, 300), texts(rng, 300, 3.0, "machine")


def words_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2]).split())


def audited(records, beside):
    found = {**audit_of(records, AuditOptions(), detector=beside), **AROUND}
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.slow
def test_a_planted_share_is_inside_and_the_page_says_it_plainly(known, rng):
    calibration, human, machine = known
    corpus = [*texts(rng, 210), *texts(rng, 90, 3.0, "machine"), *texts(rng, 12, domain="few")]
    found = audited(unsaid(corpus), DetectorBeside(calibration, Written(), human, machine))
    share = found["detector"]["share"]
    # 90 of 312, at AUROC .98: the interval holds it, and is narrower than 20 points.
    assert share["low"] < 90 / 312 < share["high"] < share["low"] + 0.2
    assert share["told"]
    (news,) = found["detector"]["groups"]
    assert (news["group"], news["judged"], news["people"]) == (["news"], 300, None)
    # A flag is above 2.3 or so: of 90 machine texts about three quarters.
    assert 0.1 < news["low"] < news["share"] < 0.3
    assert found["detector"]["refused"] == [
        {"group": ["few"], "texts": 12, "sources": 40, "needs": 99}
    ]
    words = words_of(corpus_page(found))
    for expected in ("few (12 texts; 40 known, 99 needed)", "only one is known", "none known"):
        assert expected in words, expected
    assert "Cannot tell" not in words
    assert any("a detector puts machines' share at" in line for line in in_short(found))


@pytest.mark.slow
def test_an_unknown_generator_reads_cannot_tell_first(known, rng):
    calibration, human, machine = known
    corpus = unsaid([*texts(rng, 200), *texts(rng, 200, 9.0, spread=0.2)])
    found = audited(corpus, DetectorBeside(calibration, Written(), human, machine))
    assert not found["detector"]["share"]["told"]
    words = words_of(corpus_page(found))
    assert words.index("Cannot tell. By scores") < words.index("best guess")
    assert any("a detector cannot tell" in line for line in in_short(found))


@pytest.mark.slow
def test_calibrated_texts_alone_bound_the_share_from_below(known, rng):
    corpus = [*texts(rng, 240), *texts(rng, 160, 3.0, "machine")]
    found = audited(corpus, DetectorBeside(known[0], Written()))
    share = found["detector"]["share"]
    assert share["kind"] == "bound"
    assert 0.2 < share["low"] <= 0.4
    assert found["detector"]["groups"][0]["people"]["judged"] == 240
    assert "At least" in words_of(corpus_page(found))


@pytest.mark.slow
def test_too_few_texts_cannot_tell_and_calibrated_ones_are_refused(known, rng):
    calibration, human, machine = known
    few = detector_table(unsaid(texts(rng, 30)), DetectorBeside(calibration, Written()), 100, 0)
    assert few["share"]["kind"] == "none"
    beside = DetectorBeside(calibration, Written(), human[:20], machine)
    few = detector_table(unsaid(texts(rng, 80)), beside, 1000, 0)
    assert "20 human texts" in few["share"]["why"]
    rng = np.random.default_rng(3)
    with pytest.raises(DataError, match="calibrated on"):
        detector_table(texts(rng, 300), DetectorBeside(calibration, Written()), 100, 0)


@pytest.mark.slow
def test_texts_of_few_sources_are_neither_bounded_nor_tested_and_the_page_says_so(known, rng):
    calibration, human, machine = known
    corpus = [*texts(rng, 240), *texts(rng, 160, 3.0, "machine")]
    corpus = [replace(r, source=f"author {i // 10}") for i, r in enumerate(corpus)]
    bound = detector_table(corpus, DetectorBeside(calibration, Written()), 1000, 0)["share"]
    assert bound["kind"] == "none"
    assert "one of every source" in bound["why"]
    found = audited(corpus, DetectorBeside(calibration, Written(), human, machine))
    share = found["detector"]["share"]
    assert (share["alarms"], share["words"], share["one_each"]["corpus"]) == ([], None, 40)
    words = words_of(corpus_page(found))
    assert "too few sources for the alarms" in words
    assert "no alarm would be raised" not in words


@pytest.mark.slow
def test_a_score_that_a_record_brought_does_not_count(known, rng):
    corpus = [replace(r, attributes={**r.attributes, "score": 99.0}) for r in texts(rng, 250)]
    share = detector_table(corpus, DetectorBeside(known[0], Written()), 1000, 0)["share"]
    assert share["low"] < 0.05


def test_a_bound_over_groups_weighs_them_by_their_texts(rng):
    """Half of the corpus is a group far beyond its own human law, half is of a group of few."""
    human = {"a": rng.normal(size=400), "b": rng.normal(size=50)}
    corpus = {"a": rng.normal(9, 1, 300), "b": rng.normal(9, 1, 300)}
    low, groups = bound_over_groups(human, corpus)
    assert groups == 1
    assert 0.45 < low <= 0.5
    assert bound_over_groups({}, corpus) == (0, 0)
