"""The citations of exactly the methods that the runs on a page used.

What cites what is in USES, by role and kind; a test holds every key of it against the catalog of
names that specs may use.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genloss.report.factors import kind_of
from genloss.report.glossary import base_name
from genloss.report.reading import Measured
from genloss.report.work import Work
from genloss.report.works import WORKS

USES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "regime": {
        "replace": ("shumailov-2024",),
        "replace multiple": ("gerstgrasser-2024",),
        "accumulate": ("gerstgrasser-2024",),
        "accumulate subsample": ("kazdan-2024",),
        "mix": ("shumailov-2024",),
        "fresh": ("alemohammad-2023",),
        "augment": ("alemohammad-2023",),
        "static contamination": ("dohmatob-2024",),
        "switch": ("bohacek-2023",),
    },
    "learner": {
        "gaussian": ("shumailov-2024",),
        "categorical": ("shumailov-2024",),
        "kde": ("kazdan-2024",),
        "mixture": ("shumailov-2024", "dempster-1977"),
        "vae": ("kingma-2013", "shumailov-2024"),
        "diffusion": ("ho-2020", "nichol-2021", "alemohammad-2023"),
        "flow matching": ("lipman-2023",),
        "ngram": ("chen-1999", "kneser-1995", "suresh-2024"),
        "transformer": ("shumailov-2024", "zhang-2022"),
        "hugging face": ("wolf-2020",),
    },
    "sampler": {
        "shrinkage": ("alemohammad-2023",),
        "denoising": ("song-2021", "ho-2022", "alemohammad-2023"),
        "beam search": ("shumailov-2024", "keskar-2019"),
        "sampling": ("holtzman-2020", "keskar-2019"),
    },
    "form": {"moments": ("chan-1983",)},
    "reality": {
        "single blob": ("shumailov-2024",),
        "blobs": ("kazdan-2024", "pedregosa-2011"),
        "mode grid": ("alemohammad-2023",),
        "two moons": ("kazdan-2024", "pedregosa-2011"),
        "circles": ("kazdan-2024", "pedregosa-2011"),
        "swiss roll": ("kazdan-2024", "pedregosa-2011"),
        "uniform tokens": ("kazdan-2024",),
        "zipf mandelbrot": ("suresh-2024",),
        "digits8x8": ("alpaydin-1998", "pedregosa-2011"),
        "mnist": ("lecun-1998",),
        "text": ("sennrich-2016",),
        "hub text": ("merity-2017", "sennrich-2016"),
    },
    "metric": {
        "mean_error": ("shumailov-2024",),
        "squared_mean_error": ("kazdan-2024",),
        "trace_ratio": ("kazdan-2024",),
        "determinant_ratio": ("kazdan-2024",),
        "sigma": ("shumailov-2024",),
        "sigma_error": ("shumailov-2024",),
        "w2": ("gelbrich-1990",),
        "w2_squared": ("gelbrich-1990", "shumailov-2024"),
        "squared_l2": ("shumailov-2024",),
        "smallest_component_std": ("shumailov-2024",),
        "largest_component_std": ("shumailov-2024",),
        "held_out_nll": ("kazdan-2024",),
        "latent_spread": ("shumailov-2024",),
        "latent_mean": ("shumailov-2024",),
        "sliced_wasserstein": ("bonneel-2015",),
        "energy_distance": ("szekely-2013",),
        "mmd_squared": ("gretton-2012",),
        "precision": ("kynkaanniemi-2019",),
        "recall": ("kynkaanniemi-2019",),
        "density": ("naeem-2020",),
        "coverage": ("naeem-2020",),
        "tail_mass": ("shumailov-2024",),
        "quantile_coverage": ("shumailov-2024",),
        "vendi_score": ("friedman-2023",),
        "entropy": ("shannon-1948",),
        "entropy_ratio": ("kazdan-2024", "shannon-1948"),
        "collision_probability": ("seddik-2024",),
        "diversity": ("seddik-2024",),
        "surviving_symbols": ("suresh-2024",),
        "surviving_fraction": ("suresh-2024",),
        "zero_proportion": ("kazdan-2024",),
        "support_loss": ("suresh-2024",),
        "forward_kl": ("kullback-1951",),
        "backward_kl": ("kullback-1951",),
        "rare_mass": ("suresh-2024",),
        "symbol_probability": ("suresh-2024",),
        "fid": ("dowson-1982", "heusel-2017", "alemohammad-2023"),
        "perplexity": ("shumailov-2024",),
        "sequence_perplexity": ("shumailov-2024",),
        "low_perplexity_tail": ("shumailov-2024",),
        "high_perplexity_tail": ("shumailov-2024",),
        "distinct_n": ("li-2016", "guo-2023"),
        "type_token_ratio": ("guo-2023",),
        "surviving_vocabulary": ("suresh-2024",),
        "surviving_ngrams": ("suresh-2024",),
        "good_turing_missing_mass": ("good-1953",),
        "rarefied_types": ("hurlbert-1971",),
        "repetition": ("welleck-2020",),
        "text_diversity": ("su-2022",),
        "self_bleu": ("zhu-2018", "papineni-2002"),
        "mauve": ("pillutla-2021",),
        "surviving_modes": ("alemohammad-2023",),
        "average_modal_variance": ("alemohammad-2023",),
        "mode_share": ("alemohammad-2023",),
    },
}


@dataclass(frozen=True)
class Citation:
    """A work and what on this page comes from it."""

    work: Work
    used_for: tuple[str, ...]


def citations(runs: Sequence[Measured], experiments: Sequence[str] = ()) -> list[Citation]:
    """Return the works behind the methods of these runs and experiments, sorted by author."""
    used: dict[str, dict[str, None]] = {}
    for name in experiments:
        key = "-".join(name.split("-")[:2])
        if key in WORKS:
            used.setdefault(key, {})[f"experiment {name}"] = None
    for run in runs:
        for role, kind in methods(run):
            for key in USES[role].get(kind, ()):
                used.setdefault(key, {})[_said(role, kind)] = None
    return [Citation(WORKS[key], tuple(used[key])) for key in sorted(used)]


def methods(data: Measured) -> Iterator[tuple[str, str]]:
    """Yield (role, kind) of everything in a run's spec, and the metrics that it has values for."""
    spec: Mapping[str, Any] = data.run.spec
    for role in ("regime", "learner", "sampler", "form", "reality"):
        if role in spec:
            yield role, kind_of(spec[role])
    law = spec["regime"].get("law") if isinstance(spec.get("regime"), Mapping) else None
    if law is not None:
        yield "reality", kind_of(law)
    for name in data.series:
        yield "metric", base_name(name)


def _said(role: str, kind: str) -> str:
    plain = kind.replace("_", " ")
    return plain if role == "metric" else f"{role} {plain}"
