"""Next-token laws without smoothing: fully synthetic and partly real."""

from genloss.published.experiments import load_experiment


def test_nothing_invents_a_pair_of_tokens():
    """Add-k with k = 0 gives mass to seen pairs alone, so that a lost pair never returns."""
    for study in load_experiment("seddik-2024-ngram", "paper").studies.values():
        assert (study.learner.smoothing, study.learner.k, study.learner.order) == ("add_k", 0.0, 2)
        assert study.sampler.temperature == 1.0


def test_partly_real_keeps_every_real_row():
    studies = load_experiment("seddik-2024-ngram", "laptop").studies
    sizes = studies["partly-real,n=100"].regime.sizes(5, 100, 100)
    assert sizes.train == 200
