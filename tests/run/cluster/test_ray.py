"""A real cluster of two nodes on this machine: the bytes of one process, whoever dies."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import tomllib
from pathlib import Path

import pytest

from genloss import published
from genloss.run.executors.agreement import software
from genloss.run.executors.ray_worker import Order, work
from genloss.run.task import Task
from genloss.spec.toml import toml_text
from genloss.study.study import study_from

from .conftest import DEADLINE, GENLOSS, nodes_in, without_bucket

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SPEC = {
    "reality": "gaussian",
    "learner": "mine:Mortal",
    "n_real": 12,
    "generations": 9,
    "chains": 4,
    "chains_per_block": 2,
    "checkpoint_every": 2,
    "metrics": ["sigma"],
    "keep": {"at": [0, 4], "rows": 3},
    "sweep": {"vary": {"n_real": [8, 16], "regime": ["replace", "accumulate"]}},
}


def genloss(*command, folder: Path, env: dict[str, str], check: bool = True):
    """Run a command in a folder with the user's own modules."""
    done = subprocess.run(
        [GENLOSS, *map(str, command)], cwd=folder, env={**os.environ, **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or not check, done.stderr
    return done


def modules_in(folder: Path) -> Path:
    for name in ("mine.py", "helped.py"):
        shutil.copy(HERE / name, folder)
    (folder / "spec.toml").write_text(toml_text(SPEC))
    return folder


@pytest.fixture
def own(tmp_path) -> Path:
    """Return a folder of modules and a spec that only a driver which works there can import."""
    return modules_in(tmp_path)


PAGE = (HERE.parents[2] / "docs" / "cluster.md").read_text()


def of_page(line: str, head: str) -> list[str]:
    """Return a command of the documentation, with the places of this test."""
    assert line in PAGE
    places = {"HEAD:6379": head, "sweep.toml": "spec.toml", "s3://BUCKET/PREFIX": "s3://runs/sweep"}
    return [places.get(word, word) for word in line.split()[1:]]


@pytest.fixture(scope="module")
def right(tmp_path_factory) -> Path:
    """Return the runs of the sweep in one process, where nobody dies."""
    own = modules_in(tmp_path_factory.mktemp("right"))
    genloss("sweep", "spec.toml", "--root", "here", "--workers", 1, folder=own, env={})
    return own / "here/spec"


def test_two_nodes_over_a_bucket_make_the_bytes_of_one_process_although_workers_die(
    own, cluster, shared_env, graves, right, folder_bytes
):
    """Nodes share no path: what they write lies in scratch of their own, and in the bucket."""
    sweep = of_page("genloss sweep sweep.toml --on HEAD:6379 --store s3://BUCKET/PREFIX", cluster)
    genloss(*sweep, "--root", "there", folder=own, env=shared_env)
    runs = [path.name for path in right.glob("*-????????????????")]
    assert len(runs) == 4
    for run in runs:
        assert folder_bytes(right / run) == folder_bytes(own / "there/spec" / run)
    marks = sorted(mark.name for mark in graves.iterdir())
    assert marks == ["16", "40", "8", "80", "on node 0", "on node 1"]
    logs = "".join(log.read_text() for log in (own / "there/spec/logs").iterdir())
    assert logs.count("WorkerLost: a worker of Ray died") == 4
    assert logs.count("begins again, attempt 2 of 3") == 4
    # A fresh machine has it all from the bucket: ordinary runs, and the sweep.
    pull = of_page("genloss pull s3://BUCKET/PREFIX --root runs", cluster)
    genloss(*pull[:-1], "fresh", folder=own, env=shared_env)
    for run in runs:
        assert folder_bytes(right / run) == folder_bytes(own / "fresh/spec" / run)
    genloss("verify", "fresh", folder=own, env={})
    table = ("table", "fresh/spec", "--out", "fresh.csv")
    genloss(*table, folder=own, env={})
    genloss("table", right, "--out", "right.csv", folder=own, env={})
    assert (own / "fresh.csv").read_text() == (own / "right.csv").read_text()
    # Nothing is left to do: every block comes from the bucket.
    again = ["--root", "again", "--on", cluster, "--store", "s3://runs/sweep"]
    genloss("sweep", "spec.toml", *again, folder=own, env=shared_env)
    for run in runs:
        assert folder_bytes(right / run) == folder_bytes(own / "again/spec" / run)


def test_a_block_takes_what_the_table_says(cluster, own, shared_env):
    """Nodes of one CPU have no room for blocks of two."""
    learner, grid = {"kind": "gaussian", "ddof": 1}, {"vary": {"n_real": [8]}}
    spec = {**SPEC, "learner": learner, "sweep": {**grid, "resources": {"cpus": 2}}}
    (own / "two.toml").write_text(toml_text(spec))
    command = ("sweep", "two.toml", "--root", "there", "--on", cluster)
    refused = genloss(*command, folder=own, env=shared_env, check=False)
    assert refused.returncode != 0
    assert "no node of the cluster has room for one block (2 CPU" in " ".join(
        refused.stderr.split()
    )


@pytest.fixture
def killed_cluster():
    """Return a place of Ray's (with a short path) that names a cluster that was killed."""
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as name:
        (Path(name) / "ray").mkdir()
        (Path(name) / "ray/ray_current_cluster").write_text("127.0.0.1:1")
        yield {"RAY_TMPDIR": name}


def test_a_cluster_of_this_machine_ends_with_the_command(
    own, right, shared_env, folder_bytes, killed_cluster
):
    """Over a folder that is no S3: one driver, which is said. A cluster that was killed is none."""
    env = {k: v for k, v in shared_env.items() if not k.startswith("RAY_AUTH")} | killed_cluster
    options = ["--root", "there", "--store", f"file://{own}/store"]
    said = genloss(*of_page("genloss sweep sweep.toml --on ray", ""), *options, folder=own, env=env)
    assert "has no conditional puts: nothing keeps out a second driver" in said.stderr
    assert "UserWarning" not in said.stderr
    for run in right.glob("*-????????????????"):
        assert folder_bytes(run) == folder_bytes(own / "there/spec" / run.name)


def everything_is_there(own: Path, right: Path, folder_bytes) -> str:
    """Hold a sweep of the folder `there` to the bytes of one process; return its logs."""
    runs = [path.name for path in right.glob("*-????????????????")]
    assert len(runs) == 4
    for run in runs:
        assert folder_bytes(right / run) == folder_bytes(own / "there/spec" / run)
    return "".join(log.read_text() for log in (own / "there/spec/logs").iterdir())


def test_a_node_that_dies_loses_its_blocks_to_the_others(
    own, doomed, right, shared_env, folder_bytes
):
    """Its raylet is killed, and its workers with it; nodes share a folder."""
    address, graves = doomed
    command = ["sweep", "spec.toml", "--root", "there", "--on", address]
    genloss(*command, folder=own, env=shared_env)
    logs = everything_is_there(own, right, folder_bytes)
    assert sum(mark.name.isdigit() for mark in graves.iterdir()) == 1
    assert logs.count("WorkerLost: a worker of Ray died") == 1
    assert logs.count("begins again, attempt 2 of 3") == 1
    # No lack of memory.
    assert "--memory" not in logs


@pytest.mark.deep
def test_a_head_that_dies_ends_the_command_which_goes_on_with_another(
    own, shared_env, folder_bytes
):
    """Ray itself would end it after a minute, with words of its own alone."""
    learner = {"kind": "gaussian", "ddof": 1}
    spec = {**SPEC, "learner": learner, "generations": 400, "checkpoint_every": 20}
    (own / "spec.toml").write_text(toml_text(spec))
    genloss("sweep", "spec.toml", "--root", "here", "--workers", 1, folder=own, env={})
    command = ["sweep", "spec.toml", "--root", "there", "--on"]
    env, deadline = without_bucket(shared_env), time.monotonic() + DEADLINE
    with nodes_in(env) as nodes:
        nodes.join()
        with subprocess.Popen(
            [GENLOSS, *command, nodes.address], cwd=own, env={**os.environ, **shared_env},
            stderr=subprocess.PIPE, text=True,
        ) as driver:  # fmt: skip
            try:
                while not list(own.glob("there/spec/*/blocks/*/manifest.json")):
                    assert driver.poll() is None
                    assert time.monotonic() < deadline
                os.killpg(nodes.processes[0].pid, signal.SIGKILL)
                said = driver.communicate(timeout=120)[1]
            finally:
                driver.kill()
        # It looks for its head for a minute.
        os.killpg(nodes.processes[1].pid, signal.SIGKILL)
    assert driver.returncode == 3
    assert "Traceback" not in said
    assert "Failed to connect to GCS" not in said
    last = said.splitlines()[-1]
    assert last.startswith(f"genloss: the head of the cluster at {nodes.address} has gone: ")
    assert last.endswith("start a cluster and run the same command again: it resumes")
    with nodes_in(env) as nodes:
        nodes.join()
        genloss(*command, nodes.address, folder=own, env=shared_env)
    everything_is_there(own, own / "here/spec", folder_bytes)


@pytest.mark.deep
def test_whom_the_memory_monitor_kills_is_tried_again_alone(
    own, hoarding, right, shared_env, folder_bytes
):
    """What else this machine runs must not take gigabytes meanwhile."""
    address, graves = hoarding
    command = ["sweep", "spec.toml", "--root", "there", "--on", address]
    genloss(*command, folder=own, env=shared_env)
    logs = everything_is_there(own, right, folder_bytes)
    died = sum(mark.name.isdigit() for mark in graves.iterdir())
    assert died >= 1
    assert logs.count("OutOfMemoryError") == died
    assert logs.count("begins again, with no other task beside it") == died


def test_a_node_that_does_not_see_the_root_says_so():
    """Without a bucket, nodes must share the folder: a bad path on a worker is one line."""
    learner = {"kind": "gaussian", "ddof": 1}
    spec = {"reality": "gaussian", "learner": learner, "n_real": 9, "generations": 2}
    study = study_from({**spec, "name": "nowhere", "metrics": ["sigma"]})
    order = Order(Task(study, Path("/nowhere"), 0).as_text(), software())
    said = work(order, 0, None).message
    assert "does not see /nowhere; pass a --root that all nodes share, or --store" in said


def test_other_code_on_a_node_is_refused_there(own):
    """What a node has of the same name is not what the driver has."""
    code = (
        "from genloss.run.executors.agreement import check_code, reach\n"
        "from genloss.spec.code import code_of, sources_of\n"
        "from genloss.study.load import load_study\n"
        "from genloss.errors import SpecError\n"
        "import json, sys\n"
        "sys.path.insert(0, '.')\n"
        "study = load_study('run.toml')\n"
        "check_code(study, code_of(study).checked)\n"
        "try: check_code(study, {'module mine': '0' * 16, 'module helped': '1' * 16})\n"
        "except SpecError as error: print(json.dumps([str(error), sorted(sources_of(study))]))\n"
    )
    (own / "run.toml").write_text(toml_text({k: v for k, v in SPEC.items() if k != "sweep"}))
    done = subprocess.run(
        [GENLOSS.parent / "python", "-c", code], cwd=own, capture_output=True, text=True, check=True
    )
    said, sources = json.loads(done.stdout)
    assert "expected 1111111111111111" in said
    assert sources == ["helped.py", "mine.py"]


PUBLISHED = Path(published.__file__).parent / "kazdan-2024-gaussian" / "spec.toml"
KAZDAN = {
    **tomllib.loads(PUBLISHED.read_text())["study"],
    # A subsample needs rows.
    "form": "rows",
    "checkpoint_every": 20,
}
REGIMES = ["replace", "accumulate", "accumulate_subsample"]


@pytest.mark.parametrize(
    ("sizes", "seeds"),
    [
        pytest.param([10, 100], 4, id="small"),
        pytest.param([10, 32, 100, 316], 8, id="whole", marks=pytest.mark.deep),
    ],
)
def test_the_gaussian_of_kazdan_is_one_table_wherever_it_ran_although_the_driver_dies(
    tmp_path, cluster, shared_env, sizes, seeds
):
    """3 regimes, sizes and chains; the driver's folder is lost with it, the bucket is not."""
    cells, store = len(REGIMES) * len(sizes), f"s3://runs/kazdan{len(sizes)}"
    sweep = {"vary": {"regime": REGIMES, "n_real": sizes}, "seeds": seeds}
    (tmp_path / "kazdan.toml").write_text(toml_text({**KAZDAN, "sweep": sweep}))
    genloss("sweep", "kazdan.toml", "--root", "one", "--workers", 1, folder=tmp_path, env={})
    genloss("sweep", "kazdan.toml", "--root", "two", "--workers", 2, folder=tmp_path, env={})
    on = ["--on", cluster, "--store", store]
    first = [GENLOSS, "sweep", "kazdan.toml", "--root", "lost", *on]
    # The largest cells begin first.
    deadline = time.monotonic() + DEADLINE * len(sizes)
    with subprocess.Popen(
        first, cwd=tmp_path, env={**os.environ, **shared_env}, stderr=subprocess.DEVNULL
    ) as driver:
        try:
            while not list(tmp_path.glob("lost/kazdan/*/blocks/0000/manifest.json")):
                assert driver.poll() is None
                assert time.monotonic() < deadline
        finally:
            driver.kill()
    done = len(list(tmp_path.glob("lost/kazdan/*/blocks/0000/manifest.json")))
    assert done < cells
    genloss("sweep", "kazdan.toml", "--root", "ray", *on, folder=tmp_path, env=shared_env)
    tables = []
    for root in ("one", "two", "ray"):
        # The table names runs by their paths below here.
        (tmp_path / root).rename(tmp_path / "runs")
        genloss("table", "runs", "--out", f"{root}.csv", folder=tmp_path, env={})
        (tmp_path / "runs").rename(tmp_path / root)
        tables.append((tmp_path / f"{root}.csv").read_bytes())
    assert tables[0].count(b"\n") > cells * seeds * 12 * 3
    assert tables[0] == tables[1] == tables[2]
