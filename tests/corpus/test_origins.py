"""Who made a document: what fields say, what is asked, and what a corpus makes of it."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genloss.core.chain import draw_real, generation_zero
from genloss.core.forms import Endless, Rows
from genloss.core.samples import FOREIGN, REAL, Samples
from genloss.core.streams import Streams
from genloss.corpus.document import Document
from genloss.corpus.origins import claims_in, origin_digest, with_origins
from genloss.corpus.readers.rows import rows_of
from genloss.errors import DataError
from genloss.realities.texts import Texts
from genloss.study.load import load_study
from genloss.study.study import identity as identity_of


def origins(rows: list[dict], human=()) -> list[int]:
    documents = [Document("x", "here", claims_in(row, "text")) for row in rows]
    marked, _ = with_origins({"train": documents}, human)
    return [d.origin for d in marked["train"]]


M, H = FOREIGN, REAL


@pytest.mark.parametrize(
    ("rows", "human", "expected"),
    [
        ([{}, {}], (), [H, H]),
        ([{"synthetic": True}, {"synthetic": False}, {"synthetic": None}], (), [M, H, H]),
        ([{"synthetic": 1}, {"synthetic": "no"}, {}], (), [M, H, H]),
        ([{"synthetic": 1.0}, {"synthetic": 0.0}, {"synthetic": float("nan")}], (), [M, H, H]),
        ([{"Origin": "machine"}, {"ORIGIN": "human"}], (), [M, H]),
        ([{"is_synthetic": True}, {"Is-Synthetic": False}], (), [M, H]),
        ([{"ai_generated": "yes"}, {"ai_generated": "no"}], (), [M, H]),
        ([{"generator": ["gpt"]}, {"generator": []}, {"generator": {}}], (), [M, H, H]),
        ([{"generator": "gpt"}, {"generator": "N/A"}, {"generator": "nan"}], (), [M, H, H]),
        ([{"generated": "2024-01-02"}, {"generated": "2024-01-03"}], (), [H, H]),
        ([{"synthetic": False, "is_ai": True}, {"synthetic": False}], (), [M, H]),
        (
            [{"generator": "some-model-7b"}, {"generator": ""}, {"generator": "Human"}],
            (),
            [M, H, H],
        ),
        ([{"origin": "machine"}, {"origin": " Human "}], (), [M, H]),
        ([{"origin": "markov"}, {"origin": "human"}], (), [M, H]),
        ([{"origin": 0}, {"origin": 3}, {"origin": -1}], (), [H, M, M]),
        ([{"origin": "wikipedia"}, {"origin": "books"}], (), [H, H]),
        ([{"origin": "wikipedia"}, {"origin": "books"}], ["books"], [M, H]),
        ([{"origin": "machine", "synthetic": False}], ["*"], [H]),
        ([{"origin": "human", "synthetic": True}], (), [M]),
        ([{"origin": "human", "generator": None}], (), [H]),
    ],
)
def test_what_the_fields_say(rows, human, expected):
    assert origins(rows, human) == expected


@pytest.mark.parametrize(
    "rows", [[{"origin": "wikipedia"}, {"origin": "ai"}], [{"synthetic": "maybe"}]]
)
def test_what_may_be_either_is_asked(rows):
    with pytest.raises(DataError, match=r"expected human or machine.*reality\.human="):
        origins(rows)


def test_the_field_of_the_text_is_no_claim():
    assert claims_in({"origin": "a long text", "synthetic": "x"}, "origin") == (("synthetic", "x"),)


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".csv", ".jsonl"])
def test_every_way_of_writing_rows_keeps_such_fields(tmp_path, suffix):
    frame = pd.DataFrame({"text": ["a", "b"], "Is_Synthetic": [True, False], "n": [1, 2]})
    file = tmp_path / f"a{suffix}"
    {
        ".parquet": frame.to_parquet,
        ".feather": frame.to_feather,
        ".csv": frame.to_csv,
        ".jsonl": lambda f: frame.to_json(f, orient="records", lines=True),
    }[suffix](file)
    assert [d.claims for d in rows_of(file, "text")] == [
        (("synthetic", "true"),),
        (("synthetic", "false"),),
    ]


def test_digests_tell_origins_apart():
    one, two = Document("x", "", origin=REAL), Document("x", "", origin=FOREIGN)
    assert origin_digest([one, one]) == {}
    assert origin_digest([one, two]) != origin_digest([two, one])


def story(key: int, words: int = 200) -> str:
    rng = np.random.default_rng(key)
    return " ".join(rng.choice([f"word{i}" for i in range(150)], words)) + "\n"


def lines(rows: list[dict]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(rows: list[dict]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


@pytest.fixture(params=[("a.jsonl", lines), ("a.parquet", parquet)])
def mixed(request, tmp_path):
    """Thirty documents, one of three machine-made and as long as two of the others."""
    name, written = request.param
    rows = [
        {"text": story(i, 400 if i % 3 == 0 else 200), "origin": "ai" if i % 3 == 0 else "human"}
        for i in range(30)
    ]
    (tmp_path / name).write_bytes(written(rows))
    return Texts(str(tmp_path), block=16, vocabulary=300)


def test_machine_made_documents_are_trained_on_and_never_held_out(mixed):
    splits = mixed.splits()
    made = {story(i, 400) for i in range(0, 30, 3)}
    assert {d.text for d in splits.train if d.origin == FOREIGN} == made
    assert [d.origin for d in splits.train] == sorted(
        (d.origin for d in splits.train), reverse=True
    )
    held = {d.text for d in (*splits.validation, *splits.test)}
    assert held
    assert held.isdisjoint(made)
    assert "machine-made by origin (ai): 10 training documents; 1 ." in mixed.data_summary()


def test_their_blocks_are_no_real_rows(mixed):
    model = mixed.realise(2, np.random.default_rng(0))
    streams = Streams(0)
    n, stream, end = model.n_rows, model.corpus.train, model.tokeniser.end
    # Counted by hand: whose document does each token belong to? An end token is of the one it ends.
    owner = np.concatenate([[0], np.cumsum(stream == end)[:-1]])
    machine = np.array([False, *(d.origin == FOREIGN for d in mixed.splits().train)])[owner]
    share = machine[: n * 16].reshape(n, 16).mean(axis=1)
    expected = np.where(share > 0.5, FOREIGN, REAL)
    np.testing.assert_array_equal(model.origins_of(0, n), expected[model.order])
    assert ((share > 0) & (share < 1)).sum() <= 1
    drawn = draw_real(model, Rows(), n - 5, streams, 0, 5)[0]
    np.testing.assert_array_equal(drawn.origin, expected[model.order][:, 5:])
    # The law of reality is the real blocks alone.
    real = {
        r.tobytes()
        for r, o in zip(model.rows(0, n)[0], model.origins_of(0, n)[0], strict=True)
        if o == 0
    }
    assert real.issuperset(r.tobytes() for r in model.sample(300, np.random.default_rng(1))[0])
    zero = generation_zero(model, Rows(), n, streams)
    shown = zero.samples.real_rows(n)
    assert shown.shape == (2, int((expected == REAL).sum()), 16)
    assert real == {r.tobytes() for r in shown[0]}
    with pytest.raises(DataError, match="use form = 'rows'"):
        generation_zero(model, Endless(), n, streams)


@pytest.mark.slow
def test_the_share_of_real_rows_knows_and_so_does_the_identity(mixed, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    spec = out / "s.toml"
    spec.write_text(
        f"""
n_real = 60
generations = 1
metrics = ["real_share"]
learner = {{ kind = "ngram", order = 2 }}
sampler = {{ kind = "sampling", max_new = 16, min_new = 16 }}
[reality]
kind = "text"
path = "{mixed.path}"
block = 16
vocabulary = 300
"""
    )
    from genloss.run.runner import run_study

    study = load_study(spec)
    model = mixed.realise(1, Streams(0, 0).rng(0, "realise"))
    share = float((model.origins_of(0, 60) == REAL).mean())
    assert 0.3 < share < 0.7
    done = run_study(study, out, workers=1)
    np.testing.assert_array_equal(done.series["real_share"].values, [[share], [share]])
    everybody = load_study(spec, ["reality.human=['*']"])
    assert identity_of(everybody) != identity_of(study)
    plain = everybody.reality.realise(1, np.random.default_rng(0))
    assert plain.origins_of(0, 60) is None


def test_nothing_but_machine_text_stands_for_no_reality(tmp_path):
    rows = [{"text": story(i), "synthetic": True} for i in range(9)]
    (tmp_path / "a.jsonl").write_bytes(lines(rows))
    with pytest.raises(DataError, match=r"all 9 documents of train.*synthetic \(true\).*human="):
        Texts(str(tmp_path)).splits()
    assert len(Texts(str(tmp_path), human=("*",)).splits().train) > 4


def test_machine_text_in_a_given_split_is_left_out_and_said(tmp_path):
    rows = [{"text": story(i), "generator": "m" if i == 1 else None} for i in range(12)]
    (tmp_path / "train.jsonl").write_bytes(lines(rows[3:]))
    (tmp_path / "test.jsonl").write_bytes(lines(rows[:3]))
    reality = Texts(str(tmp_path))
    assert [d.text for d in reality.splits().test] == [story(0), story(2)]
    assert "machine-made by generator (m): 1 of test (left out)" in reality.data_summary()


def test_real_rows_are_as_many_as_the_chain_with_fewest_has():
    x = np.arange(12.0).reshape(2, 6, 1)
    origin = np.array([[0, -1, 0, 0, -1, 0], [-1, -1, 0, -1, 0, -1]])
    samples = Samples.of(x, origin)
    np.testing.assert_array_equal(samples.real_rows(9)[:, :, 0], [[0, 2], [8, 10]])
    np.testing.assert_array_equal(samples.real_rows(1)[:, :, 0], [[0], [8]])
    np.testing.assert_array_equal(Samples.of(x, 0).real_rows(4), x[:, :4])
    with pytest.raises(DataError, match="chain 1 has no real row among its 2"):
        samples.head(2).real_rows(2)


def test_the_same_documents_of_other_makers_are_another_reality(tmp_path):
    rows = [{"text": story(i), "origin": "ai" if i > 5 else "human"} for i in range(9)]
    (tmp_path / "train.jsonl").write_bytes(lines(rows))
    for key, split in enumerate(("validation", "test"), start=50):
        (tmp_path / f"{split}.jsonl").write_bytes(lines([{"text": story(key)}]))
    marked, plain = Texts(str(tmp_path)), Texts(str(tmp_path), human=("*",))
    assert [d.text for d in marked.splits().train] == [d.text for d in plain.splits().train]
    assert marked.identity() != plain.identity()
