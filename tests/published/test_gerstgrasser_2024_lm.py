"""Replace, accumulate and what lies between them, for language models."""

import pytest

from genloss.study.published import load_experiment


@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
def test_only_the_regime_differs(scale):
    studies = load_experiment("gerstgrasser-2024-lm", scale).studies
    assert set(studies) == {"replace", "replace-multiple", "accumulate-subsample", "accumulate"}
    assert len({(s.learner, s.sampler, s.reality, s.n_real, s.seed) for s in studies.values()}) == 1
    assert studies["replace"].sampler.prompts.kind == "none"


def test_replace_multiple_and_accumulate_train_on_as_many_rows():
    studies = load_experiment("gerstgrasser-2024-lm", "laptop").studies
    n = studies["accumulate"].n_real
    for name in ("replace-multiple", "accumulate"):
        assert studies[name].regime.sizes(4, n, n).train == 4 * n
    for name in ("replace", "accumulate-subsample"):
        assert studies[name].regime.sizes(4, n, n).train == n
