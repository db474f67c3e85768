"""`genloss corpus share`: a planted share is found again, in each mode; what is missing is said."""

import json

import numpy as np
import pytest


def written(path, origin, scores, **fields):
    rows = [
        {"text": f"{origin} text {i}", "score": float(s), "origin": origin, **fields}
        for i, s in enumerate(scores)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def corpora(folder):
    rng = np.random.default_rng(1)
    written(folder / "human.jsonl", "human", rng.normal(size=400))
    written(folder / "made.jsonl", "machine", rng.normal(2, 1, 400), generator="m")
    scores = np.concatenate([rng.normal(size=280), rng.normal(2, 1, 120)])
    written(folder / "corpus.jsonl", "unknown", scores)


@pytest.mark.slow
def test_a_planted_share_is_inside_and_calibration_is_named(genloss, told, tmp_path):
    corpora(tmp_path)
    known = ("--human", "human.jsonl", "--machine", "made.jsonl")
    done = told("corpus", "share", "corpus.jsonl", *known, "--out", "share.json")
    share = done["pair"]["share"]
    assert share["low"] <= 0.3 <= share["high"]
    assert share["high"] - share["low"] < 0.2
    assert json.loads((tmp_path / "share.json").read_text()) == done
    shown = genloss("corpus", "share", "corpus.jsonl", *known).stdout
    assert "conditional on the generators" in shown
    assert "not seen by these alarms" in shown
    assert "has not written; it was taken as a score" in " ".join(shown.split())
    assert "the alarm on scores would see all scores moved by half a deviation: in" in shown


@pytest.mark.slow
def test_texts_that_are_measured_and_calibrate_are_said_before_any_number(genloss, told, tmp_path):
    corpora(tmp_path)
    with (tmp_path / "corpus.jsonl").open("a") as corpus:
        corpus.writelines((tmp_path / "human.jsonl").read_text().splitlines(keepends=True)[:7])
    for known in (
        ("--human", "human.jsonl"),
        ("--human", "human.jsonl", "--machine", "made.jsonl"),
    ):
        assert told("corpus", "share", "corpus.jsonl", *known)["in_both"] == 7
        shown = " ".join(genloss("corpus", "share", "corpus.jsonl", *known).stdout.split())
        assert shown.index("7 of the 407 texts also calibrate") < shown.index("interval by")


@pytest.mark.slow
def test_human_texts_alone_give_a_lower_bound(told, tmp_path):
    corpora(tmp_path)
    done = told("corpus", "share", "corpus.jsonl", "--human", "human.jsonl")
    assert done["mode"] == "human texts only"
    assert 0.1 < done["bound"]["low"] <= 0.3
    assert done["pair"] is None


def by_author(folder, authors=60):
    """Ten texts an author, without scores."""
    rng = np.random.default_rng(5)
    for name, origin, letters in (("human", "human", "ab"), ("made", "machine", "bc")):
        rows = [
            {"text": " ".join(rng.choice(list(letters + "defg"), 9)), "origin": origin}
            | {"author": f"{name} {i // 10}", "generator": "m"}
            for i in range(10 * authors)
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    both = (folder / "human.jsonl").read_text() + (folder / "made.jsonl").read_text()
    (folder / "corpus.jsonl").write_text(both)


@pytest.mark.slow
def test_what_counts_one_text_an_author_and_what_reads_the_same_words_is_said(genloss, tmp_path):
    by_author(tmp_path, 100)
    known = ("--human", "human.jsonl", "--machine", "made.jsonl", "--unit", "author")
    done = genloss("corpus", "share", "corpus.jsonl", *known)
    said = " ".join(done.stdout.split())
    assert "Texts of one author are not independent" in said
    assert "one text of every author, drawn at random (50 human, 50 machine, 200 of the" in said
    assert "Both estimators read the same word occurrences" in said
    by_author(tmp_path, 40)
    said = " ".join(genloss("corpus", "share", "corpus.jsonl", *known).stdout.split())
    assert "Too few authors (20 human, 20 machine, 80 of the corpus): below 50" in said
    assert "no alarm" not in said.replace("there are no alarms", "")


@pytest.mark.slow
def test_scores_and_words_are_two_opinions(genloss, tmp_path):
    corpora(tmp_path)
    done = genloss(
        "corpus", "share", "corpus.jsonl", "--human", "human.jsonl", "--machine", "made.jsonl"
    )
    assert "Both estimators" not in done.stdout
    assert "not independent" not in done.stdout


@pytest.mark.slow
def test_what_is_missing_is_said(genloss, tmp_path):
    corpora(tmp_path)
    assert "--human is missing" in genloss("corpus", "share", "corpus.jsonl").stderr
    (tmp_path / "bare.jsonl").write_text('{"text": "x"}\n' * 300)
    done = genloss("corpus", "share", "bare.jsonl", "--human", "human.jsonl")
    assert done.exit_code == 2
    assert "add --machine" in done.stderr


def test_a_counted_rate_is_corrected(told, genloss):
    assert round(told("corpus", "share", "--corrected", "0.5,0.042,0.006")["share"], 3) == 0.481
    assert "expected observed" in genloss("corpus", "share", "--corrected", "0.5").stderr


@pytest.mark.slow
def test_an_unknown_generator_is_told_before_any_number(genloss, tmp_path):
    """Scores beyond both laws are no mixture of them."""
    corpora(tmp_path)
    written(tmp_path / "corpus.jsonl", "unknown", np.random.default_rng(2).normal(6, 0.3, 400))
    known = ("--human", "human.jsonl", "--machine", "made.jsonl")
    shown = genloss("corpus", "share", "corpus.jsonl", *known).stdout
    assert 0 < shown.index("cannot tell: by scores") < shown.index("estimate")


@pytest.mark.slow
def test_a_calibration_scores_all_texts(told, genloss, tmp_path):
    """A scorer of letters, calibrated on other human texts; the planted share is .4."""
    rng = np.random.default_rng(3)

    def texts(name, origin, n, letters, start=0):
        return [
            {
                "text": "".join(rng.choice(list(letters), 200)),
                "origin": origin,
                "source": f"{name} {i + start}",
            }
            for i in range(n)
        ]

    def put(name, rows):
        (tmp_path / name).write_text("".join(json.dumps(r) + "\n" for r in rows))

    people, made = "aabcde fgh", "abbcde fgh"
    put("lessons.jsonl", texts("l", "human", 60, people) + texts("m", "machine", 60, made))
    assert genloss("corpus", "read", "lessons.jsonl", "--out", "taught.jsonl").exit_code == 0
    put("sure.jsonl", texts("s", "human", 120, people))
    put("human.jsonl", texts("h", "human", 120, people))
    put("made.jsonl", texts("g", "machine", 120, made))
    corpus = texts("c", "unknown", 120, people) + texts("d", "unknown", 80, made)
    put("corpus.jsonl", corpus)
    done = genloss(
        *("corpus", "calibrate", "sure.jsonl", "--scorer", "ngram_cross_entropy"),
        *("--with", "texts=taught.jsonl", "--with", "order=2", "--by", "origin"),
        *("--least-words", "1"),
    )
    assert done.exit_code == 0, done.stderr
    found = told(
        *("corpus", "share", "corpus.jsonl", "--human", "human.jsonl", "--machine", "made.jsonl"),
        *("--calibration", "calibration.json"),
    )
    assert found["score"] == "ngram_cross_entropy"
    share = found["pair"]["share"]
    assert share["low"] <= 0.4 <= share["high"]
    assert share["high"] - share["low"] < 0.4


@pytest.mark.slow
def test_texts_of_another_origin_than_they_are_given_for_do_not_calibrate(genloss, told, tmp_path):
    """One labelled file for both: each side takes its own."""
    corpora(tmp_path)
    both = (tmp_path / "human.jsonl").read_text() + (tmp_path / "made.jsonl").read_text()
    (tmp_path / "both.jsonl").write_text(both)
    known = ("--human", "both.jsonl", "--machine", "both.jsonl", "--fix", "origin=human")
    done = told("corpus", "share", "corpus.jsonl", *known)
    apart = told(
        "corpus", "share", "corpus.jsonl", "--human", "human.jsonl", "--machine", "made.jsonl"
    )
    # Names of sources decide which half a text is in.
    assert done["pair"]["share"] == pytest.approx(apart["pair"]["share"], abs=0.005)
    assert (done["pair"]["human"], done["pair"]["machine"]) == (400, 400)
    said = genloss("corpus", "share", "corpus.jsonl", *known).output
    assert "400 left out (machine, given as human)" in said
