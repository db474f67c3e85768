"""The VAE inside a study: rows and endless data, killed in the middle of a fit, resumed."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from genloss.core.forms import Endless, Rows
from genloss.metrics.images import LatentMean, LatentSpread
from genloss.metrics.rows import DuplicateRate
from genloss.realities.digits import Digits8x8
from genloss.run.runner import run_study
from genloss.store.block import FileNotebook
from genloss.study.study import Keep, Study


@pytest.fixture(params=["rows", "endless"])
def study(request, learner):
    endless = request.param == "endless"
    return Study(
        reality=Digits8x8(),
        form=Endless() if endless else Rows(),
        learner=learner(save_every=2),
        n_real=60,
        generations=2,
        chains=2,
        metrics=(DuplicateRate(), LatentSpread(20), LatentMean(20)),
        checkpoint_every=1,
    )


class Died(Exception):
    """The process would be gone here."""


def test_a_run_killed_inside_fits_ends_with_the_same_bytes(
    study, tmp_path, folder_bytes, monkeypatch
):
    """Two generations, two chains, six steps each: four notes a generation, and a death after each
    third note, so that every second resume starts inside a fit that was resumed before."""
    run = run_study(study, tmp_path / "unbroken", workers=1)
    unbroken = folder_bytes(run.path)
    assert not any("notebook" in name for name in unbroken)
    write, notes = FileNotebook.write, []

    def dying(book, arrays):
        write(book, arrays)
        notes.append(int(arrays["now.step"][0]))
        if len(notes) % 3 == 0:
            raise Died

    monkeypatch.setattr(FileNotebook, "write", dying)
    deaths = 0
    while True:
        try:
            broken = run_study(study, tmp_path / "broken", workers=1)
            break
        except Died:
            deaths += 1
            assert list((tmp_path / "broken").rglob("notebook"))
    # No step is done twice: the notes are those of an unbroken run.
    assert notes == [2, 4] * 4
    assert deaths == 2
    assert folder_bytes(broken.path) == unbroken


def test_latents_are_those_of_the_first_model_under_its_own_encoder(learner, tmp_path):
    """Independent way: both generations kept, their images encoded by hand."""
    study = Study(
        reality=Digits8x8(),
        learner=learner(),
        n_real=60,
        generations=2,
        metrics=(LatentSpread(20), LatentMean(20)),
        keep=Keep(at=(1, 2), rows=20),
    )
    run = run_study(study, tmp_path, workers=1)
    kept = run.blocks[0].path / "generations"
    first = study.learner.restore(load_file(kept / "000001" / "state.safetensors"))
    for t in (1, 2):
        x = load_file(kept / f"{t:06d}" / "samples.safetensors")["x"]
        z = first.encode(x).reshape(-1)
        assert z.shape == (400,)
        for name, value in (("latent_spread", z.std()), ("latent_mean", z.mean())):
            series = run.series[f"{name}(images=20)"]
            found = series.values[list(series.t).index(t), 0]
            np.testing.assert_allclose(found, value, rtol=1e-12)


def test_a_damaged_note_costs_time_only(tmp_path):
    book = FileNotebook(tmp_path / "notebook")
    assert book.read() is None
    book.write({"a": np.arange(3.0), "none": np.zeros(0)})
    np.testing.assert_array_equal(book.read()["a"], np.arange(3.0))
    book.path.write_bytes(book.path.read_bytes()[:20])
    assert book.read() is None


def test_an_endless_chain_reads_its_first_real_rows_in_passes(learner):
    """Generation 1 has rows only, so both forms hand the network the same batches."""
    p_0 = Digits8x8().realise(1, np.random.default_rng(0))
    x = p_0.rows(0, 60)
    fits = [
        learner().fit(form.of(x, 0), np.random.default_rng(1)).state()
        for form in (Rows(), Endless())
    ]
    for name, value in fits[0].items():
        np.testing.assert_array_equal(value, fits[1][name])


PEAK = """
import resource, sys
from pathlib import Path
from genloss.run.runner import run_study
from genloss.study.study import study_from
for generations in (3, 40):
    spec = {
        "reality": "digits8x8", "form": sys.argv[2], "n_real": 1000, "generations": generations,
        "learner": {"kind": "vae", "net": "small", "training": {"epochs": 1, "batch": 250}},
        "metrics": ["trace_ratio"],
    }
    run_study(study_from(spec), Path(sys.argv[1]), workers=1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("form", ["rows", "endless"])
def test_host_memory_stays_flat_over_generations(tmp_path, form):
    """Kept alive, the rows of 37 more generations alone would take 18 MiB, training far more."""
    command = [sys.executable, "-c", PEAK, str(tmp_path), form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    few, many = map(int, done.stdout.split())
    assert many - few < 15 * 1024  # KiB, as Linux counts
