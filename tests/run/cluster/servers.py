"""Two S3 servers of different making on loopback: moto, and rclone over a folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"
DEADLINE = 60.0
KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as server:
        return server.getsockname()[1]


def answers(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0


@contextmanager
def served(kind: str, folder: Path) -> Iterator[dict[str, str]]:
    """Serve a bucket called `runs`, and give the environment in which clients reach it."""
    port = free_port()
    if kind == "moto":
        command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    else:
        (folder / "served" / "runs").mkdir(parents=True)
        rclone = Path(find_spec("rclone_api").origin).parent / "bin" / "rclone"
        command = [rclone, "serve", "s3", "--addr", f"{LOOPBACK}:{port}", folder / "served"]
    env = {**KEYS, "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env={**os.environ, **env}, **quiet) as process:
        try:
            deadline = time.monotonic() + DEADLINE
            while not answers(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
            if kind == "moto":
                subprocess.run([sys.executable, "-c", MAKE], env={**os.environ, **env}, check=True)
            yield env
        finally:
            process.kill()


MAKE = "import s3fs; s3fs.S3FileSystem().mkdir('runs')"
