"""From records to a calibration to findings: planted laws, and everything that must be refused."""

import json
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pytest

from genloss.audit.conformal.calibration import Trial
from genloss.audit.conformal.calibration_file import read_calibration, write_calibration
from genloss.audit.detection.calibrating import Plan, calibrate, one_for_all
from genloss.audit.detection.detecting import detected, scorer_of
from genloss.audit.detection.findings import as_json, findings
from genloss.audit.detection.generators import released, untested
from genloss.audit.detection.tail_cost import Words, by_frequency
from genloss.audit.detection.tallies import Tallies
from genloss.audit.scorers.green_list import GreenList
from genloss.core.scorer import evidence_of
from genloss.corpus.record.record import Generator, Record
from genloss.errors import DataError


@dataclass(frozen=True)
class Written:
    """The number that a text begins with."""

    scale: float = 1.0

    def scores(self, texts):
        numbers = [float(t.split()[0]) if t.strip() else np.nan for t in texts]
        return self.scale * np.array(numbers, dtype=float)


def texts(rng, n, shift=0.0, origin="human", domain="news", words=60, per_source=1, **fields):
    """Return records whose score is drawn from N(shift, 1)."""
    out = []
    for _ in range(n):
        source = f"{domain}-{origin}-{shift}-{rng.integers(1 << 40)}"
        for _ in range(per_source):
            body = " ".join([f"{rng.normal(shift):.9f}", *["word"] * (words - 1)])
            made = Record.of(body, source=source, origin=origin, attributes={"domain": domain})
            out.append(replace(made, **fields))
    return out


ONE = Plan(by=("domain",), levels=(0.01,))


@pytest.fixture(scope="module")
def made():
    """Return a calibration on two domains of which one is shifted, and what was read."""
    rng = np.random.default_rng(5)
    essays, few = texts(rng, 320, 1.0, domain="essays"), texts(rng, 40, domain="few")
    human = [*texts(rng, 400), *essays, *few]
    gpt = Generator("gpt-3.5")
    machine = texts(rng, 60, 7.0, "machine", words=400, generator=gpt)
    return calibrate(human, Written(), machine, ONE)


def asked(calibration, records, guarantee="marginal"):
    tallies = Tallies()
    level = calibration.levels[0]
    shown = list(detected(records, calibration, Written(), level, guarantee, tallies))
    return shown, findings(calibration, tallies, level, guarantee)


@pytest.mark.slow
def test_each_group_has_its_own_threshold(made):
    found, read = made
    bound = found.thresholds(0.01, "marginal")
    assert bound["essays",].value > bound["news",].value
    assert bound["few",].is_refused
    assert (read.human, read.machine) == (760, 60)
    assert found.tested == (Trial("gpt-3.5", 2022, 0.01, 60, 60),)


def test_one_threshold_for_all_wrongs_the_shifted_group_first(made):
    worst = one_for_all(made[0], 0.01)[0]
    assert worst.name == ("essays",)
    assert worst.flagged / worst.sources > 0.03


@pytest.mark.slow
def test_false_positives_hold_on_new_texts_and_are_called_broken_on_shifted_ones(made, rng):
    shown, found = asked(made[0], [*texts(rng, 300), *texts(rng, 200, 2.5, domain="essays")])
    first, second = found.false_positives
    assert (first.group, first.held.verdict) == (("essays",), "broken")
    assert (second.group, second.held.verdict) == (("news",), "holds so far")
    assert any("broken here for human texts of: essays" in line for line in found.card)
    assert len(shown) == 500


def test_a_flag_of_a_test_for_a_watermark_is_evidence_by_watermark(rng):
    scorer = GreenList("a key")
    vocabulary = [f"w{i}" for i in range(200)]
    human = [
        Record.of(" ".join(rng.choice(vocabulary, 60)), source=f"author {i}", origin="human")
        for i in range(120)
    ]
    words = ["w0"]
    while len(words) < 60:
        words.append(next(w for w in rng.permutation(vocabulary) if scorer.is_green(words[-1], w)))
    calibration, _ = calibrate(human, scorer, [], Plan(by=(), levels=(0.01,)))
    marked = [Record.of(" ".join(words))]
    [shown] = detected(marked, calibration, scorer, 0.01, "marginal", Tallies())
    assert [(e.kind, e.says) for e in shown.evidence] == [("watermark", "machine")]
    assert evidence_of(Written()) == "detector"


def test_edited_human_text_breaks_the_promise_and_is_said(made, rng):
    """An editor moves human texts half way to the machine: they are not what was calibrated."""
    _, found = asked(made[0], texts(rng, 150, 2.0))
    assert found.false_positives[0].held.verdict == "broken"


def test_answers_say_why_there_is_none(made, rng):
    records = [
        *texts(rng, 1, 9.0),
        *texts(rng, 1, -9.0),
        *texts(rng, 1, domain="few"),
        *texts(rng, 1, domain="nowhere"),
        *texts(rng, 1, words=3),
        replace(Record.of("nan " + "word " * 70), attributes={"domain": "news"}),
    ]
    shown, found = asked(made[0], records)
    answers = [record.attributes["answer"] for record in shown]
    assert answers == ["flagged", "not flagged", "refused", "no group", "too short", "not judged"]
    assert found.refused == {("few",): (40, 99)}
    assert "p_value" in shown[0].attributes
    assert "p_value" not in shown[2].attributes
    assert shown[0].origin == "human"
    assert [(e.kind, e.says) for e in shown[0].evidence] == [("detector", "machine")]
    assert shown[1].evidence == ()


def test_a_confident_promise_refuses_what_a_marginal_one_bears(rng):
    found, _ = calibrate(texts(rng, 150), Written(), (), ONE)
    record = texts(rng, 1, 9.0)
    assert asked(found, record)[0][0].attributes["answer"] == "flagged"
    assert asked(found, record, "confident")[0][0].attributes["answer"] == "refused"


def test_texts_of_one_source_count_once(rng):
    found, _ = calibrate(texts(rng, 120, per_source=5), Written(), (), ONE)
    group = found.groups["news",]
    assert (group.texts, group.sources) == (600, 120)


def test_texts_without_a_source_are_counted_and_stand_alone(rng):
    records = [replace(r, source="") for r in texts(rng, 120)]
    found, read = calibrate(records, Written(), (), ONE)
    assert read.without_source == 120
    assert found.groups["news",].sources == 120


def test_too_few_sources_everywhere_are_a_named_error(rng):
    with pytest.raises(DataError, match=r"every group is refused.*needs 99 sources.*has 98"):
        calibrate(texts(rng, 98, per_source=3), Written(), (), ONE)


def test_text_that_nobody_declares_human_calibrates_nothing(rng):
    with pytest.raises(DataError, match="--fix origin=human"):
        calibrate(texts(rng, 120, origin="unknown"), Written(), (), ONE)
    found, read = calibrate([*texts(rng, 120), *texts(rng, 3, 9.0, "machine")], Written(), (), ONE)
    assert read.passed_over == {"machine, not human": 3}
    assert found.groups["news",].texts == 120


def test_a_corpus_that_holds_calibration_text_is_refused(made, rng):
    human = texts(rng, 130)
    found, _ = calibrate(human, Written(), (), ONE)
    with pytest.raises(DataError, match="texts that the scorer was calibrated on"):
        asked(found, [*texts(rng, 300), human[7]])


def test_texts_that_the_scorer_learned_from_do_not_calibrate_it(rng):
    human = texts(rng, 130)

    class Taught(Written):
        def taught_on(self):
            return frozenset({human[0].id, human[1].id})

    with pytest.raises(DataError, match="2 of 130 calibration texts are among those"):
        calibrate(human, Taught(), (), ONE)


def test_the_shortest_length_is_measured_where_machine_text_is_at_hand(rng):
    """The number comes first, so that power is the same at every length: the least cut wins."""
    machine = texts(rng, 50, 5.0, "machine")
    found, _ = calibrate(texts(rng, 150, words=120), Written(), machine, ONE)
    assert found.shortest.ground == "power"
    assert found.shortest.words == 25
    given = calibrate(texts(rng, 150, words=120), Written(), (), replace(ONE, least_words=80))[0]
    assert (given.shortest.words, given.shortest.ground) == (80, "given")
    alone = calibrate(texts(rng, 150, words=70), Written(), (), ONE)[0]
    assert alone.groups["news",].least_words == 70


def test_a_scorer_without_power_is_told_so_on_its_card(rng):
    machine = texts(rng, 50, 0.0, "machine")
    found, _ = calibrate(texts(rng, 150), Written(), machine, ONE)
    assert any("do not use it" in line for line in asked(found, texts(rng, 5))[1].card)


class TestFile:
    def test_what_is_written_is_read_again(self, made, tmp_path):
        write_calibration(made[0], tmp_path / "c.json")
        again = read_calibration(tmp_path / "c.json")
        assert again.groups.keys() == made[0].groups.keys()
        for name, group in again.groups.items():
            np.testing.assert_array_equal(group.scores, made[0].groups[name].scores)
        assert again.texts == made[0].texts
        assert again.tested == made[0].tested
        assert again.shortest == made[0].shortest
        bounds = [c.thresholds(0.01, "confident") for c in (again, made[0])]
        assert str(sorted(bounds[0].items())) == str(sorted(bounds[1].items()))

    def test_an_edited_threshold_is_noticed(self, made, tmp_path):
        file = tmp_path / "c.json"
        write_calibration(made[0], file)
        content = json.loads(file.read_text())
        content["groups"][0]["scores"][-1] += 1
        file.write_text(json.dumps(content))
        with pytest.raises(DataError, match="digest"):
            read_calibration(file)

    @pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"digest": "x", "format": 7}'])
    def test_what_is_no_calibration_is_refused(self, tmp_path, content):
        (tmp_path / "c.json").write_text(content)
        with pytest.raises(DataError, match=r"c\.json"):
            read_calibration(tmp_path / "c.json")
        with pytest.raises(DataError):
            read_calibration(tmp_path / "missing.json")

    def test_another_scorer_than_was_calibrated_is_refused(self, made):
        assert scorer_of(made[0]) == Written()
        with pytest.raises(DataError, match="not the one that was calibrated"):
            scorer_of(replace(made[0], scorer={**made[0].scorer, "scale": 2.0}))


class TestCost:
    def test_words_by_hand(self):
        words = Words()
        words.count("the the the ox", is_human=True, removed=False)
        words.count("the the yoke", is_human=True, removed=True)
        words.count("the delve", is_human=False, removed=True)
        common, once = by_frequency(words)
        assert (common.kinds, common.kinds_lost, common.words, common.words_removed) == (1, 0, 5, 2)
        assert (common.machine, common.machine_removed) == (1, 1)
        assert (once.kinds, once.kinds_lost, once.words, once.words_removed) == (2, 1, 2, 1)

    def test_texts_by_key_the_worst_first(self, made, rng):
        records = [
            *texts(rng, 99, -9.0),
            *texts(rng, 1, 9.0),
            *texts(rng, 5, 9.0, domain="essays"),
            *texts(rng, 4, 9.0, "machine"),
        ]
        _, found = asked(made[0], records)
        worst = [c for c in found.cost if c.key == "domain"]
        assert [(c.value, c.human_removed, c.human) for c in worst] == [
            ("essays", 5, 5),
            ("news", 1, 100),
        ]
        assert (worst[1].other_removed, worst[1].other) == (4, 4)
        json.dumps(as_json(found), allow_nan=False)


def test_cards_speak_of_current_generators_until_one_was_tried():
    old, new = Trial("gpt2", 2019, 0.01, 50, 9), Trial("x", 2026, 0.01, 50, 9)
    today = date(2026, 11, 1)
    assert "of 2019" in untested([old], today)
    assert "nor on any other" in untested([], today)
    assert "nor on any other" in untested([replace(new, n=0)], today)
    assert untested([old, new], today) == ""


@pytest.mark.parametrize(
    ("name", "year"), [("gpt2-xl", 2019), ("gpt-3.5 (edited)", 2022), ("OPT-2.7b", 2022), ("?", 0)]
)
def test_years_of_generators(name, year):
    made = Record.of("a", generator=Generator(name))
    assert released(made) == year
    assert released(replace(made, attributes={"released": "2025"})) == 2025
