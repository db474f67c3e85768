"""Work on a corpus by a real cluster of two nodes: the bytes of one process."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from .conftest import GENLOSS

pytestmark = pytest.mark.slow

WORK = Path(__file__).with_name("corpus_work.py")


def worked(corpus: Path, out: Path, env: dict[str, str], *address: str) -> Path:
    out.mkdir()
    command = [GENLOSS.parent / "python", WORK, corpus, out, *address]
    done = subprocess.run(
        command, cwd=out, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out


def test_audit_dedup_curate_and_mix_give_the_bytes_of_one_process(
    tmp_path, cluster, shared_env, folder_bytes
):
    corpus = tmp_path / "in"
    corpus.mkdir()
    for i in range(4):
        rows = [
            {
                "text": " ".join(f"{'abcdefghij'[i * k * n % 10]}b{k % 3}c" for n in range(k % 23)),
                "origin": ("human", "machine", "edited")[k % 3],
                "date": str(1990 + k % 20),
            }
            for k in range(90)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (corpus / f"{i}.jsonl").write_text(lines + "no row\n")
    right = worked(corpus, tmp_path / "one", {})
    there = worked(corpus, tmp_path / "ray", shared_env, cluster)
    assert len(json.loads((right / "shards.json").read_text())) > 8
    found = folder_bytes(right)
    assert {"audit.html", "kept.curation.json", "mixed.mix.json"} <= {str(n) for n in found}
    assert folder_bytes(there) == found
