"""What a metric takes where a spec is silent: a default that moves, moves published tables."""

import importlib
import inspect
import pkgutil
from dataclasses import MISSING, fields, is_dataclass

import pytest

from genloss import metrics
from genloss.metrics.features import Pixels
from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
ROWS = {"rows": 1000}
BINDINGS = {
    "accepted_by_rarity": {"bounds": (0.5, 0.9, 0.99)},
    "accepted_by_group": {"groups": 10, "by": "class"},
    "by_maker": {"makers": 2},
    "component_std": {"which": "smallest"},
    "held_out_nll": {"rows": 0},
    "sliced_wasserstein": {"n_directions": 64, "rows": 2000},
    "energy_distance": ROWS,
    "mmd_squared": {"estimator": "unbiased", "rows": 1000},
    "manifold": {"k": 5, "rows": 1000, "features": Pixels()},
    "tail_mass": {"q": 0.05},
    "tail_coverage": {"q": 0.1},
    "quantile_coverage": {"q": 0.05},
    "vendi_score": {"q": 1.0, "rows": 1000},
    "forward_kl": {"smoothing": 1e-06},
    "backward_kl": {"smoothing": 1e-06},
    "rare_mass": {"mass": 0.05},
    "latent_spread": {"images": 100},
    "latent_mean": {"images": 100},
    "fid": {"features": Pixels(), "rows": 1000},
    "class_share": {"classes": 10, "rows": 1000},
    "class_entropy": ROWS,
    "confidence": ROWS,
    "label_accuracy": ROWS,
    "nearest_train": ROWS,
    "copy_rate": {"q": 0.01, "rows": 1000},
    "far_rows": {"q": 0.999, "rows": 1000, "reference": 1000},
    "perplexity": {"stride": 0, "blocks": 0},
    "bits_per_byte": {"stride": 0, "blocks": 0},
    "language_share": ROWS,
    "language_perplexity": {"blocks": 0},
    "predictive_entropy": {"rows": 200},
    "sequence_perplexity": {"q": QUANTILES, "under": "first"},
    "perplexity_tail": {"q": 0.05, "under": "first"},
    "distinct_n": {"n": 2, "tokens": 0},
    "type_token_ratio": {"tokens": 0},
    "surviving_vocabulary": {"tokens": 0},
    "surviving_ngrams": {"n": 2, "band": "all", "tokens": 0},
    "good_turing_missing_mass": {"n": 1, "tokens": 0},
    "rare_token_share": {"mass": 0.05, "tokens": 0},
    "compression_ratio": {"tokens": 0},
    "rarefied_types": {"tokens": (1000,), "n": 1},
    "repetition": {"n": 3},
    "self_bleu": {"rows": 200},
    "mauve": {"rows": 1000, "bound": "mean"},
    "surviving_modes": {"min_share": 0.0},
    "average_modal_variance": {"min_share": 0.0},
}
FUNCTIONS = {
    "categorical.kl": {"smoothing": 0.0},
    "checks.reference": {"fixed": 1},
    "distances.mmd_squared": {"bandwidth": None, "estimator": "unbiased"},
    "distances.sliced_wasserstein": {
        "directions": None,
        "n_directions": 128,
        "rng": None,
        "p": 2.0,
    },
    "diversity.vendi_score": {"kernel": "cosine", "bandwidth": None, "q": 1.0, "max_rank": 1024},
    "manifold.precision_recall_density_coverage": {"k": 5},
    "memorisation.copy_rate": {"q": 0.01},
    "modes.average_modal_variance": {"min_share": 0.0},
    "modes.surviving_modes": {"min_share": 0.0},
    "moments.sample_moments": {"weight": None},
    "support.tail_mass_ratio": {"mass": 0.05},
    "tails.tail_mass": {"weight": None},
    "text_bleu.self_bleu": {"order": 4},
    "text_mauve.bag_features": {"dims": 64},
    "text_mauve.cluster": {"rounds": 20},
    "text_mauve.frontier_area": {"scale": 5.0},
    "text_mauve.mauve": {"clusters": 0, "clusterings": 5, "scale": 5.0},
    "text_ngrams.missing_mass": {"n": 1},
    "text_ngrams.rare_share": {"mass": 0.05},
    "text_ngrams.rarefaction": {"n": 1},
    "text_ngrams.rarefied_types": {"n": 1},
    "text_ngrams.surviving_share": {"band": "all"},
}


HEADLINES = [
    "trace_ratio",
    "sigma",
    "w2_squared",
    "squared_l2",
    "manifold[recall]",
    "entropy_ratio",
    "surviving_fraction",
    "excess_risk",
    "response_nll",
    "latent_spread",
    "fid",
    "class_entropy",
    "perplexity",
    "surviving_vocabulary",
]
"""What opens a report of a run that has it."""


def modules():
    names = [m.name for m in pkgutil.walk_packages(metrics.__path__, "genloss.metrics.")]
    return [importlib.import_module(name) for name in names]


@pytest.mark.parametrize("kind", CATALOG["metric"])
def test_options_of_bindings(kind):
    options = fields(find_class("metric", kind, "metric"))
    assert {f.name: f.default for f in options if f.default is not MISSING} == BINDINGS.get(
        kind, {}
    )


def test_options_of_array_functions():
    found = {}
    for module in modules():
        if ".arrays." in module.__name__:
            name = module.__name__.rpartition(".")[2]
            for function in vars(module).values():
                if inspect.isfunction(function) and function.__module__ == module.__name__:
                    found[f"{name}.{function.__name__}"] = defaults(function)
    public = {k: v for k, v in found.items() if v and "._" not in k}
    assert public == FUNCTIONS


def defaults(function):
    options = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in options if p.default is not p.empty}


def test_every_binding_is_a_value_and_what_holds_arrays_is_equal_to_nothing_else():
    """Frozen: what a metric is called and counts cannot change while a run goes on."""
    for module in modules():
        for one in vars(module).values():
            if is_dataclass(one) and one.__module__ == module.__name__:
                assert one.__dataclass_params__.frozen, one
                # A newer numpy shows the alias.
                holds = any("ndarray" in str(f.type).lower() for f in fields(one))
                assert one.__dataclass_params__.eq != holds, one


def test_what_opens_a_report():
    shown = []
    for kind in CATALOG["metric"]:
        about = find_class("metric", kind, "metric").about
        shown += [kind] if about.headline else []
        shown += [f"{kind}[{part.label}]" for part in about.components if part.headline]
    assert shown == HEADLINES
