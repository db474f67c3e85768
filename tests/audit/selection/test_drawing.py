"""A mixture that is killed goes on to the same bytes, and reads no file for the third time."""

import json
import signal

import pytest
from tests.audit.killed import in_child

from genloss.audit.selection import choosing
from genloss.audit.selection import drawing as drawing_
from genloss.audit.selection.drawing import Drawing, draw, parts_of
from genloss.audit.selection.mixture import read_mixture
from genloss.audit.shards.job import here
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.field_map import FieldMap
from genloss.errors import DataError, StoreError
from genloss.run.executors.processes import Processes
from genloss.run.job import run_jobs

MIX = """
total = 90
[[parts]]
name = "people"
paths = ["in"]
weight = 2
epochs = 2
[[parts.where]]
field = "origin"
one_of = ["human"]
[[parts]]
name = "machines"
paths = ["in"]
weight = 1
[[parts.where]]
field = "origin"
one_of = ["machine"]
[[floors]]
name = "real"
field = "origin"
one_of = ["human"]
share = 0.6
"""


@pytest.fixture
def spec(tmp_path):
    """Eight files, of which each is a part of its own; a text of one is again in another."""
    (tmp_path / "in").mkdir()
    for i in range(8):
        rows = [{"text": f"text {i} {k}", "origin": ("human", "machine")[k % 2]} for k in range(11)]
        rows.append({"text": "text 0 0", "origin": "human"})
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "in" / f"{i}.jsonl").write_text(lines + ("no row\n" if i == 3 else ""))
    (tmp_path / "mix.toml").write_text(MIX)
    return tmp_path / "mix.toml"


def drawn(spec, out, aside=None, do=here, shard=1_000, **options):
    out.parent.mkdir(exist_ok=True)
    asked = Drawing(read_mixture(spec), FieldMap(), spec, shard)
    return draw(asked, out, aside or Aside(), (), do, **options)


def contents(out):
    files = sorted(f for f in out.parent.iterdir() if f.is_file())
    return {f.name: f.read_bytes() for f in files}


@pytest.fixture
def right(spec, tmp_path):
    (tmp_path / "right").mkdir()
    drawn(spec, tmp_path / "right" / "mixed.jsonl")
    return contents(tmp_path / "right" / "mixed.jsonl")


@pytest.mark.slow
def test_processes_that_share_the_shards_out_draw_the_same_bytes(spec, right, tmp_path):
    out, steps = tmp_path / "many" / "mixed.jsonl", []

    def do(step, jobs):
        steps.append((step, len(jobs)))
        run_jobs(jobs, Processes(2))

    aside = Aside()
    drawn(spec, out, aside, do)
    assert contents(out) == right
    assert aside.left_out == {"not JSON": 2}
    assert steps == [("finding", 16), ("drawing", 16)]


@pytest.mark.slow
@pytest.mark.parametrize("stop", [1, 40, 150, 270, 330, 400, 560, 700, 745])
def test_a_kill_goes_on_to_the_same_bytes(spec, right, tmp_path, stop):
    out = tmp_path / "cut" / "mixed.jsonl"
    out.parent.mkdir()
    for call in (stop, 30):
        assert in_child(lambda: drawn(spec, out), out.parent, call) == signal.SIGKILL
        # Nothing half-written has a name of its own.
        assert not out.exists() or out.read_bytes() == right["mixed.jsonl"]
        assert "mixed.mix.json" not in contents(out)
    aside = Aside()
    drawn(spec, out, aside)
    assert contents(out) == right
    # The file is a part twice, and a kill says nothing twice.
    assert aside.left_out == {"not JSON": 2}
    assert not parts_of(out).exists()


@pytest.mark.slow
def test_what_is_done_is_not_read_again(spec, right, tmp_path, monkeypatch):
    """Killed before the output is joined: nothing but digests is read again."""
    out = tmp_path / "cut" / "mixed.jsonl"
    out.parent.mkdir()
    reads = []
    records_of_pieces = choosing.records_of_pieces

    def counted(pieces, *rest):
        reads.extend(pieces)
        return records_of_pieces(pieces, *rest)

    def full(*_):
        raise StoreError("the disk is full")

    monkeypatch.setattr(choosing, "records_of_pieces", counted)
    with monkeypatch.context() as broken:
        broken.setattr(drawing_, "_joined", full)
        with pytest.raises(StoreError):
            drawn(spec, out)
    assert len(reads) == 2 * 2 * 8
    drawn(spec, out)
    assert len(reads) == 2 * 2 * 8
    assert contents(out) == right


@pytest.mark.slow
def test_the_same_bytes_in_any_order_and_in_shards_of_any_size(spec, right, tmp_path):
    def backwards(step, jobs):
        for job in reversed(jobs):
            job.perform()

    for shard, do in ((1_000, backwards), (90, backwards), (1 << 30, here)):
        out = tmp_path / str(shard) / "mixed.jsonl"
        drawn(spec, out, do=do, shard=shard)
        assert contents(out) == right


@pytest.mark.slow
def test_records_of_a_grown_corpus_are_found_where_it_is_new(spec, right, tmp_path):
    out = tmp_path / "out" / "mixed.jsonl"
    drawn(spec, out, keep_work=True)
    found = []

    def watched(step, jobs):
        places = [parts_of(out) / part / "read" for part in ("00000", "00001")]
        before = {p for place in places for p in place.iterdir()}
        here(step, jobs)
        found.append(len({p for place in places for p in place.iterdir()} - before))

    drawn(spec, out, do=watched, keep_work=True)
    assert found == [0, 0]
    (tmp_path / "in" / "9.jsonl").write_text('{"text": "new", "origin": "machine"}\n')
    drawn(spec, out, do=watched, keep_work=True)
    assert found[2] == 2 < found[3]
    fresh = tmp_path / "fresh" / "mixed.jsonl"
    drawn(spec, fresh)
    assert contents(out) == contents(fresh) != right


@pytest.mark.slow
def test_inputs_that_changed_are_drawn_anew(spec, right, tmp_path):
    out = tmp_path / "cut" / "mixed.jsonl"
    out.parent.mkdir()
    assert in_child(lambda: drawn(spec, out), out.parent, 180) == signal.SIGKILL
    file = tmp_path / "in" / "0.jsonl"
    file.write_text(file.read_text().replace("text 0 2", "another"))
    drawn(spec, out)
    assert b"another" in out.read_bytes()
    assert contents(out) != right


@pytest.mark.slow
def test_a_floor_that_is_not_held_leaves_nothing(spec, tmp_path):
    spec.write_text(MIX.replace("0.6", "0.7"))
    out = tmp_path / "cut" / "mixed.jsonl"
    with pytest.raises(DataError, match="floor real: 60 of 90 pass it, below"):
        drawn(spec, out)
    assert not list(out.parent.iterdir())


def test_a_folder_of_somebody_else_stays(spec, tmp_path):
    parts = tmp_path / "mixed.parts"
    parts.mkdir()
    (parts / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"holds thesis\.txt"):
        drawn(spec, tmp_path / "mixed.jsonl")
    assert (parts / "thesis.txt").read_text() == "mine"
