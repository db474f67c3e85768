"""The language model of the paper: its settings are the ones that are run."""

from dataclasses import replace

import pytest

from genloss.errors import SpecError
from genloss.published.experiments import load_experiment


@pytest.fixture(scope="module")
def studies():
    return load_experiment("shumailov-2024-opt", "paper").studies


@pytest.fixture(scope="module")
def laptop():
    return load_experiment("shumailov-2024-opt", "laptop").studies


def test_the_sources_settings_are_run(studies):
    study = studies["opt,A"]
    training = study.learner.training
    assert study.learner.base == "facebook/opt-125m"
    assert study.learner.start == "base"
    assert (training.optimiser, training.learning_rate, training.batch) == ("adamw", 2e-5, 128)
    assert (training.epochs, training.keep) == (5, "best")
    # Their optimiser runs at one rate from the first step to the last.
    # The source names no schedule, no warm-up and no clipping.
    assert (training.rate, training.warmup, training.clip) == ("constant", 0, 0.0)
    how = study.sampler
    assert (how.beams, how.min_new, how.max_new, how.repetition_penalty) == (5, 64, 64, 1.0)
    assert how.prompts.kind == "blocks"
    assert (study.reality.block, study.reality.config) == (64, "wikitext-2-raw-v1")
    # Their x-axis is Real, 1 .. 9: the model of real data is t = 1.
    assert (study.generations, study.chains) == (10, 5)


def test_setting_b_keeps_a_new_tenth_of_real_blocks_and_trains_ten_epochs(studies):
    study = studies["opt,B"]
    assert (study.regime.real_fraction, study.regime.real_rows) == (0.1, "redrawn")
    longer = replace(studies["opt,A"].learner.training, epochs=10)
    assert study.learner.training == longer
    sizes = study.regime.sizes(4, study.n_real, study.n_synthetic)
    assert sizes.train == study.n_real


@pytest.mark.parametrize("scale", ["laptop", "paper"])
def test_the_ablations_change_one_thing(scale):
    studies = load_experiment("shumailov-2024-opt", scale).studies
    for setting, penalty in (("A", 2.0), ("A", 3.0), ("B", 2.0)):
        plain, changed = studies[f"opt,{setting}"], studies[f"opt,{setting},penalty={penalty}"]
        assert changed.sampler == replace(plain.sampler, repetition_penalty=penalty)
        assert (changed.learner, changed.regime) == (plain.learner, plain.regime)
    assert studies["opt,sampled,A"].sampler.temperature == 1.0


def test_every_cell_of_decoding_and_regime_is_run_as_long(laptop):
    for model, plain, other in (("opt", "", "sampled,"), ("ngram", "beams,", "")):
        cells = [laptop[f"{model},{how}{s}"] for how in (plain, other) for s in "AB"]
        assert len({(s.learner, s.n_real, s.generations, s.chains) for s in cells}) == 1
        assert len({(s.sampler, s.regime) for s in cells}) == 4
        assert [getattr(s.sampler, "beams", 0) for s in cells] == [5, 5, 0, 0]


@pytest.mark.parametrize("scale", ["smoke", "laptop"])
def test_smaller_scales_need_no_download(scale):
    for study in load_experiment("shumailov-2024-opt", scale).studies.values():
        assert study.reality.path == ""
        assert getattr(study.learner, "base", "") == ""
        assert study.learner.vocabulary == 0  # that of the text


def test_the_arms_of_the_pretrained_model_change_one_thing_each():
    """Against the unit arm; only LoRA changes two, its rate being that of another arm."""
    arms = load_experiment("shumailov-2024-opt", "pretrained").studies
    unit = arms["smollm2,A"]
    training = unit.learner.training
    assert (unit.n_real, training.epochs, unit.generations, unit.chains) == (128, 1, 3, 2)
    assert unit.learner.base == unit.reality.tokeniser == "smollm2-135m"
    assert (unit.sampler.beams, unit.sampler.min_new, unit.sampler.max_new) == (5, 64, 64)
    changed = {
        ",rate=1e-3": replace(training, learning_rate=1e-3),
        ",steps=40": replace(training, epochs=5),
        ",n=512": replace(training, batch=64),
    }
    for option, other in changed.items():
        a, b = arms[f"smollm2,A{option}"], arms[f"smollm2,B{option}"]
        assert a.learner == b.learner == replace(unit.learner, training=other)
        assert b == replace(a, regime=arms["smollm2,B"].regime, name=b.name)
    more = arms["smollm2,A,n=512"]
    # As many steps on four times the text.
    assert (more.n_real, more.n_real // more.learner.training.batch) == (512, 128 // training.batch)
    lora = arms["smollm2,lora,A,rate=1e-3"]
    assert lora.learner.training == changed[",rate=1e-3"]
    assert (lora.learner.adapters, lora.learner.base) == ("lora", "smollm2-135m")
    sampled = arms["smollm2,sampled,A"]
    assert sampled == replace(unit, sampler=sampled.sampler, name=sampled.name)
    assert len(arms) == 11
    assert not any(study.controls for study in arms.values())


def test_only_an_experiment_with_a_pretrained_scale_has_one():
    with pytest.raises(SpecError, match="unknown scale 'pretrained'; expected one of smoke, lap"):
        load_experiment("shumailov-2024-gaussian", "pretrained")
    ordinary = load_experiment("shumailov-2024-opt", "paper")
    assert not any("smollm2" in target.at.run for target in ordinary.targets)
    targets = load_experiment("shumailov-2024-opt", "pretrained").targets
    assert {target.at.run.split(",")[0] for target in targets} == {"smollm2"}
