"""A whole generation of the real pretrained model stays below 4 GB (`make deep`)."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

OPTIONS = (
    "n_real=20",
    "generations=1",
    "held_out=4",
    "keep.every=1",
    "learner.training.epochs=1",
    "learner.training.batch=20",
    "learner.training.precision=bfloat16",
    "learner.precision=bfloat16",
)
METRICS = "metrics=[{kind='perplexity',blocks=4},{kind='sequence_perplexity',q=[0.5],under='base'}]"
WORDS = "the of and a in to is was he for it with as his on be at by had not are but from or"


@pytest.mark.deep
def test_a_generation_stays_below_four_gigabytes(smollm2, tmp_path):
    """In portions, so that gradients are summed in float32; with a judging base, and a state."""
    rng = np.random.default_rng(0)
    (tmp_path / "texts").mkdir()
    for i in range(20):
        text = " ".join(rng.choice(WORDS.split(), 200))
        (tmp_path / "texts" / f"{i}.txt").write_text(text)
    ask = [sys.executable, "-m", "genloss", "run", str(tmp_path / "texts"), *OPTIONS, METRICS]
    ask += ["--model", "smollm2-135m", "--root", str(tmp_path / "runs"), "--workers", "1"]
    done = subprocess.run(
        ask, env=os.environ | {"GENLOSS_CACHE": str(smollm2)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "canary: smollm2-135m has perplexity 28.23" in " ".join(done.stderr.split())
    # Of all children so far, in KiB on Linux.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 4e9
