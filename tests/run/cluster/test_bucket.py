"""Blocks in a bucket, on two S3 servers of different making, one without conditional puts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .servers import served

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("die_at_every_put.py")
MOTO, RCLONE = "moto", "rclone"


@pytest.fixture(scope="module")
def rclone(tmp_path_factory):
    with served(RCLONE, tmp_path_factory.mktemp(RCLONE)) as env:
        yield env


@pytest.fixture
def moto(bucket):
    return bucket


@pytest.fixture(params=[MOTO, RCLONE])
def server(request):
    """Return the kind of a server and the environment that leads to it."""
    return request.param, request.getfixturevalue(request.param)


def python(code: str, env: dict[str, str], *arguments: object) -> list:
    """Run code in a process of its own, as s3fs keeps threads and the environment of its start."""
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}", *map(str, arguments)],
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PUTS = """
from genloss.store.bucket import Bucket, Overtaken
bucket = Bucket("s3://runs/puts")
said = [bucket.conditional, bucket.keys(), bucket.read("a/b"), bucket.read_version("a/b")]
bucket.swap("a/b", b"one", None)
one = bucket.read_version("a/b")
bucket.swap("a/b", b"two", one)
for before in (None, one):
    try:
        bucket.swap("a/b", b"three", before)
    except Overtaken:
        said.append("refused")
said += [bucket.read("a/b").decode(), bucket.keys()]
bucket.remove("a/b"); bucket.remove("a/b")
print(json.dumps([*said, bucket.keys("a")]))
"""


def test_puts_with_a_condition_are_refused_where_the_store_has_them(server):
    kind, env = server
    said = python(PUTS, env)
    if kind == MOTO:
        assert said == [True, [], None, None, "refused", "refused", "two", ["a/b"], []]
    else:
        assert said == [False, [], None, None, "three", ["a/b"], []]


FEW = {MOTO: 7, RCLONE: 17}
"""Every which put of the bucket kills."""


def killed_at(stride: int, small, tmp_path, env) -> dict:
    spec = small("rows_accumulate", generations=5, chains_per_block=3, checkpoint_every=1)
    spec["keep"] = {"at": [1, 4], "rows": 3}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = [sys.executable, SCRIPT, tmp_path / "spec.json", tmp_path / "runs", "s3://runs/die"]
    done = subprocess.run(
        [*map(str, command), str(stride)],
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_killed_before_and_after_a_put_it_resumes(small, tmp_path, server):
    """Every object and file in the end is that of an unbroken block."""
    kind, env = server
    told = killed_at(FEW[kind], small, tmp_path, env)
    assert told["wrong"] == []
    assert told["changes"] > 20
    # One that resumes has less to do, and may end before it would die.
    assert told["deaths"] >= 1.5 * (told["changes"] // FEW[kind])
    assert told["retried"] == told["deaths"]


@pytest.mark.deep
def test_killed_before_and_after_any_put_it_resumes(small, tmp_path, server):
    told = killed_at(1, small, tmp_path, server[1])
    assert told["wrong"] == []
    assert told["deaths"] > 40
    assert told["publishing"] >= 20
    # Another attempt followed each, in the end to the same bytes; most found a checkpoint there.
    assert told["retried"] == told["deaths"]
    assert told["resumed"] >= 20
    print(f"{server[0]}: {told}")


STALE = """
from pathlib import Path
from genloss.errors import StoreError
from genloss.store.bucket import Bucket
from genloss.store.published import PublishedBlock
bucket, said = Bucket("s3://runs/stale"), []
def tried(work):
    try: work()
    except StoreError as error: said.append(str(error))
first = PublishedBlock(bucket, "run/blocks/0000", "a", (1, 1))
second = PublishedBlock(bucket, "run/blocks/0000", "a", (1, 2))
first.claim(); second.claim()
tried(lambda: first.publish(Path("nothing is read of it")))
tried(first.claim)
tried(PublishedBlock(bucket, "run/blocks/0000", "b", (1, 2)).claim)
PublishedBlock(bucket, "run/blocks/0000", "b", (2, 1)).claim()
tried(second.claim)
print(json.dumps(said))
"""


def test_a_stale_epoch_is_refused(moto):
    publish, claim, same, later = python(STALE, moto)
    assert "ours is (1, 1): another driver or a later attempt has taken over" in publish
    assert "with epoch (1, 2); ours is (1, 1)" in claim
    assert "with epoch (1, 2); ours is (1, 2)" in same
    assert "written by b with epoch (2, 1); ours is (1, 2)" in later


LEASES = """
from genloss.errors import StoreError
from genloss.store import lease
from genloss.store.bucket import Bucket
from genloss.store.files import unsealed
lease.SECONDS, said = 1.5, []
bucket = Bucket("s3://runs/lease")
with lease.leased(bucket) as one:
    said.append(one.epoch)
    try:
        with lease.leased(Bucket("s3://runs/lease")): said.append("two drivers")
    except StoreError as error: said.append(str(error))
with lease.leased(bucket) as two:
    said.append(two.epoch)
dead = lease.Lease(bucket, 7, "dead")
dead.renew(bucket.read_version(lease.LEASE))
with lease.leased(bucket) as three:
    said.append(three.epoch)
print(json.dumps(said))
"""


def test_a_lease_keeps_out_a_second_driver_and_outlives_a_dead_one_briefly(moto):
    first, refused, second, third = python(LEASES, moto)
    assert (first, second, third) == (1, 2, 8)
    assert "another driver is at work in s3://runs/lease" in refused


TABLE = """
from pathlib import Path
from genloss.run.opening import Cell, opened
from genloss.run.runner import header_of, run_study
from genloss.store.bucket import Bucket
from genloss.store.folder import run_path, block_path
from genloss.store.published import PublishedBlock, published_block, pull_block
from genloss.study.study import study_from
spec, root = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
run = run_study(study_from(spec), root, workers=1)
bucket, sent = Bucket("s3://runs/table"), []
class Counting(Bucket):
    def _put(self, key, content, **condition):
        if "/objects/" in key: sent.append(len(content))
        super()._put(key, content, **condition)
block = PublishedBlock(Counting("s3://runs/table"), "b", "a", (1, 1))
block.claim()
from genloss.store.published import Published
table = (block_path(run.path, 0) / "metrics.jsonl").read_bytes()
ends = [i + 1 for i, byte in enumerate(table) if byte == 10]
segments = ()
for end in ends:
    segments = block._with_table(segments, block_path(run.path, 0) / "metrics.jsonl", end)
print(json.dumps([len(ends), len(table), sum(s.bytes for s in segments), len(segments), sum(sent)]))
"""


def test_the_segments_of_a_table_stay_few_and_are_sent_few_times(small, tmp_path, moto):
    """A checkpoint at each of n lines: at most log2(n) + 1 segments, log2(n) + 1 times the bytes,
    with room for lines of unequal length; the whole file each time would be n / 2 times."""
    spec = small("moments_replace", metrics=["sigma"], generations=200, chains=1)
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    lines, size, covered, segments, sent = python(
        TABLE, moto, tmp_path / "spec.json", tmp_path / "runs"
    )
    assert lines == 201
    assert covered == size
    assert segments <= 12
    assert sent <= 10 * size


def test_a_store_that_is_not_there_says_so():
    code = """
from genloss.errors import GenlossError
from genloss.store.bucket import Bucket
said = []
for url in ("s3://runs/x", "nonsense://runs"):
    try: Bucket(url)
    except GenlossError as error: said.append(str(error))
print(json.dumps(said))
"""
    env = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a",
           "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"}  # fmt: skip
    gone, odd = python(code, env)
    assert "check address, credentials and that the bucket exists" in gone
    assert "expected such as s3://bucket/prefix" in odd
