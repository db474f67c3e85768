"""The VAE of the paper: its settings are the ones that are run."""

import pytest

from genloss.core.forms import Endless, Rows
from genloss.published.experiments import load_experiment


@pytest.fixture(scope="module")
def studies():
    return load_experiment("shumailov-2024-vae", "paper").studies


def test_the_sources_settings_are_run(studies):
    study = studies["endless,replace"]
    training = study.learner.training
    assert (training.epochs, training.batch, training.learning_rate) == (30, 256, 1e-3)
    assert training.weight_decay == 1e-5
    assert (study.learner.latent, study.learner.beta, study.learner.output) == (20, 1.0, "mean")
    assert (study.n_real, study.n_synthetic, study.chains) == (60_000, 60_000, 5)
    assert study.form == Endless()
    # Generation g of the source is t = g + 2: the last one printed is g = 4.
    assert study.generations == 6
    assert studies["rows,replace"].form == Rows()
    assert studies["endless,replace,T=20"].keep.times(20) == {0, 1, 2, 5, 10, 20}


def test_published_means_and_spreads_are_those_of_the_five_runs():
    targets = load_experiment("shumailov-2024-vae", "paper").targets
    spread = {t.at.t: t for t in targets if t.id.startswith("spread.g")}
    assert [spread[t].published for t in range(2, 7)] == [0.6878, 0.6033, 0.5336, 0.4828, 0.4433]
    assert [round(spread[t].band.sd, 3) for t in range(2, 7)] == [
        0.011,
        0.006,
        0.012,
        0.009,
        0.018,
    ]
    loss = {t.at.t: t.published for t in targets if t.id.startswith("loss")}
    # 235 batches for 60,000 images: nats per image.
    assert [round(v * 235 / 60_000, 1) for v in loss.values()] == [
        98.9,
        123.4,
        135.3,
        144.1,
        152.3,
        158.8,
    ]


def test_a_tenth_of_the_rows_is_real(studies):
    study = studies["rows,real=0.1"]
    assert study.regime.real_fraction == 0.1
    assert study.regime.sizes(3, study.n_real, study.n_synthetic).train == 60_000
