"""Healing: collapse first, then real data again, from the same network on."""

import pytest

from genloss.published.experiments import load_experiment


@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_real_data_return_after_the_switch_and_the_network_goes_on(scale):
    studies = load_experiment("bohacek-2023-healing", scale).studies
    healed, control = studies["healed"], studies["all-real"]
    assert healed.warm_start
    assert control.warm_start
    assert healed.regime.at * 2 == healed.generations
    assert healed.regime.then == control.regime
    assert control.regime.real_fraction == 1.0
    assert (healed.learner, healed.seed) == (control.learner, control.seed)
