"""Replace, accumulate and what lies between them, for language models."""

import pytest

from genloss.published.experiments import load_experiment


@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_only_the_regime_and_the_temperature_differ(scale):
    studies = load_experiment("gerstgrasser-2024-lm", scale).studies
    warm = {"replace", "replace-multiple", "accumulate-subsample", "accumulate"}
    cold = {"replace,T=0.3", "accumulate,T=0.3"} if scale != "laptop" else set()
    assert set(studies) == warm | cold
    assert len({(s.learner, s.reality, s.n_real, s.seed) for s in studies.values()}) == 1
    for names, temperature in ((warm, 1.0), (cold, 0.3)):
        asked = {studies[name].sampler for name in names}
        assert [how.temperature for how in asked] == [temperature] * bool(names)
    assert studies["replace"].sampler.prompts.kind == "none"
    for name in cold:
        assert studies[name].regime == studies[name.removesuffix(",T=0.3")].regime


def test_replace_multiple_and_accumulate_train_on_as_many_rows():
    studies = load_experiment("gerstgrasser-2024-lm", "laptop").studies
    n = studies["accumulate"].n_real
    for name in ("replace-multiple", "accumulate"):
        assert studies[name].regime.sizes(4, n, n).train == 4 * n
    for name in ("replace", "accumulate-subsample"):
        assert studies[name].regime.sizes(4, n, n).train == n
