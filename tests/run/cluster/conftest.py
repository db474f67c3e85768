"""A cluster of Ray of two nodes, started on this machine as the docs say, on loopback alone."""

import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

import pytest

from .servers import LOOPBACK, answers, free_port, served

SCRIPTS = Path(sysconfig.get_path("scripts"))
GENLOSS, RAY = SCRIPTS / "genloss", SCRIPTS / "ray"
DEADLINE = 90.0
NODE = [
    f"--node-ip-address={LOOPBACK}", "--num-cpus=1", "--object-store-memory=80000000",
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
        return f"{LOOPBACK}:{self.port}"

    def start(self, *options: str) -> None:
        log = (self.folder / f"node{len(self.processes)}.log").open("wb")
        command = [RAY, "start", *options, *NODE]
        env = {**os.environ, **self.env, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": ""}
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
        while not answers(self.port):
            assert self.processes[0].poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()

    def join(self) -> None:
        self.start(f"--address={self.address}")

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
    # With clusters off, Ray takes 127.0.0.1 for what it is, and not for a name of another address.
    return {
        **bucket,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }


@pytest.fixture(scope="session")
def cluster(shared_env, graves):
    """Return the address of a cluster of two nodes with one CPU each."""
    # Its sockets lie there, whose paths may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="gl-", dir="/tmp"))
    nodes = Nodes(folder, {**shared_env, "GENLOSS_TEST_GRAVES": str(graves)})
    try:
        nodes.head()
        nodes.join()
        yield nodes.address
    finally:
        nodes.stop()
        shutil.rmtree(folder, ignore_errors=True)
