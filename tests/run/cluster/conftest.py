"""A cluster of Ray of two nodes, started on this machine as the docs say, on loopback alone."""

import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .servers import answers, free_port, served

SCRIPTS = Path(sysconfig.get_path("scripts"))
GENLOSS, RAY = SCRIPTS / "genloss", SCRIPTS / "ray"
DEADLINE = 90.0
LOOK = 0.1
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONUNBUFFERED": "1", "RAY_worker_niceness": "0"}
HEAD, NODES = "127.0.0.2", "127.0.0.{}"
"""Ray takes 127.0.0.1 for a name of another address, at which no other node finds the head."""

NODE = [
    "--num-cpus=1", "--object-store-memory=80000000",
    "--disable-usage-stats", "--block",
]  # fmt: skip


PAGE = (Path(__file__).parents[3] / "docs" / "cluster.md").read_text()


class Nodes:
    """Processes of `ray start`, each of which takes its node along when it ends."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.port, self.env = folder, free_port(), env
        self.processes: list[subprocess.Popen] = []

    @property
    def address(self) -> str:
        return f"{HEAD}:{self.port}"

    def start(self, *options: str, **env: str) -> None:
        number = len(self.processes)
        log = (self.folder / f"node{number}.log").open("wb")
        place = f"--node-ip-address={NODES.format(2 + number)}"
        command = [RAY, "start", *options, place, *NODE]
        # Nodes share no folder: scratch of each lies in its own.
        own = self.folder / str(number)
        own.mkdir()
        env = {"TMPDIR": str(own), "GENLOSS_TEST_NODE": str(number), "PYTHONPATH": "", **env}
        env = {**os.environ, **self.env, **QUIET, **env}
        self.processes.append(
            subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        )
        log.close()

    def head(self) -> None:
        assert "ray start --head --port=6379 " in PAGE
        assert "ray start --address=HEAD:6379 " in PAGE
        self.start(
            "--head", f"--port={self.port}", "--include-dashboard=false",
            f"--temp-dir={self.folder}",
        )  # fmt: skip
        deadline = time.monotonic() + DEADLINE
        while not answers(self.port, HEAD):
            assert self.processes[0].poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()

    def join(self, **env: str) -> None:
        self.start(f"--address={self.address}", **env)
        log, process = self.folder / f"node{len(self.processes) - 1}.log", self.processes[-1]
        deadline = time.monotonic() + DEADLINE
        while "Ray runtime started" not in log.read_text():
            assert time.monotonic() < deadline, self.said()
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"{process.wait(LOOK)}: {self.said()}")

    def said(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("node*.log")))

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="session")
def graves(tmp_path_factory) -> Path:
    """Return the folder that remembers which fits have killed their worker."""
    return tmp_path_factory.mktemp("graves")


@pytest.fixture(scope="session")
def bucket(tmp_path_factory):
    """Return the environment that leads to an S3 server with conditional puts."""
    with served("moto", tmp_path_factory.mktemp("s3")) as env:
        yield env


@pytest.fixture(scope="session")
def shared_env(bucket) -> dict[str, str]:
    """Return what nodes and drivers share: a bucket, the cluster's token, loopback alone."""
    return {
        **bucket,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


@contextmanager
def nodes_in(env: dict[str, str]):
    """Give the head of a cluster, with one CPU."""
    # Its sockets lie there, whose paths may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="gl-", dir="/tmp"))
    nodes = Nodes(folder, env)
    try:
        nodes.head()
        yield nodes
    finally:
        nodes.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(shared_env, graves):
    """Return the address of a cluster of two nodes with one CPU each."""
    with nodes_in({**shared_env, "GENLOSS_TEST_GRAVES": str(graves)}) as nodes:
        nodes.join()
        yield nodes.address


FAST = {"RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "4"}
"""How soon a node that says nothing counts as dead."""


@pytest.fixture
def doomed(shared_env, tmp_path):
    """Return the address of a cluster whose second node dies at a fit of generation 5."""
    graves = tmp_path / "graves"
    graves.mkdir()
    env = {**without_bucket(shared_env), **FAST}
    with nodes_in(env) as nodes:
        nodes.join(GENLOSS_TEST_GRAVES=str(graves), GENLOSS_TEST_TAKES="node")
        yield nodes.address, graves


@pytest.fixture
def hoarding(shared_env, tmp_path):
    """Return the address of a cluster whose second node has a greedy worker, once for each n."""
    graves = tmp_path / "graves"
    graves.mkdir()
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    free, total = (int(lines[k].split()[0]) for k in ("MemAvailable", "MemTotal"))
    # Two gigabytes above what is taken now.
    threshold = 1 - free / total + 2e6 / total
    env = {
        **without_bucket(shared_env),
        "RAY_memory_usage_threshold": f"{threshold:.4f}",
        "RAY_memory_monitor_refresh_ms": "100",
    }
    with nodes_in(env) as nodes:
        nodes.join(GENLOSS_TEST_GRAVES=str(graves), GENLOSS_TEST_TAKES="memory")
        yield nodes.address, graves


def without_bucket(env: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in env.items() if key.startswith("RAY_")}
