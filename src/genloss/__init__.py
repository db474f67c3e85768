"""genloss: measure, predict and prevent model collapse.

Generation loss is what a copy of a copy of a copy loses. Train a model, sample from it, train the
next one on the samples: genloss runs that recursion for any learner, under any data regime, with
many independent chains at once, and holds the result against theory and published numbers.

    import genloss
    study = genloss.Study(
        reality=genloss.Gaussian(), learner=genloss.GaussianLearner(ddof=1), n_real=100,
        generations=200, chains=1000, regime="accumulate", metrics=("trace_ratio",),
    )
    run = genloss.run_study(study, "runs")
    run.series["trace_ratio"].values  # (generations, chains)

Every class that a spec can name is here, beside what runs, reads and shows studies: dir(genloss).
Importing this package loads nothing; each name loads its module when first used.
"""

import sys
from functools import cache
from importlib import import_module

from genloss.errors import NO_WINDOWS
from genloss.spec.registry import CATALOG

__version__ = "0.1.0"

_OTHERS = {
    "genloss.cli.progress": "progress",
    "genloss.core.about": "About Work",
    "genloss.core.chain": "Generation generation_zero run_chain",
    "genloss.core.decoding": "Prompts",
    "genloss.core.roles": "History Sizes",
    "genloss.core.samples": "Samples",
    "genloss.core.source": "Source",
    "genloss.core.statistics": "Counts Moments",
    "genloss.core.streams": "Streams",
    "genloss.core.view": "Direction NotApplicable Partial View",
    "genloss.errors": "DataError FitError GenlossError MissingExtra RealityExhausted SpecError"
    " StoreError",
    "genloss.judge.forecast.forecasts": "forecast",
    "genloss.judge.profile.of_run": "profile_of",
    "genloss.models.categorical": "CategoricalModel",
    "genloss.models.gaussian": "GaussianModel",
    "genloss.models.kde": "KDEModel",
    "genloss.models.mixture.mixture": "MixtureModel",
    "genloss.models.ngram.ngram": "NGramModel",
    "genloss.models.torch.lm.objective": "FineTuning",
    "genloss.models.torch.training": "Training",
    "genloss.plan.cost": "plan_of",
    "genloss.published.experiments": "load_experiment published_names",
    "genloss.published.reproduce": "reproduce",
    "genloss.report.page": "write_report",
    "genloss.report.frame": "Frame frame",
    "genloss.run.memory": "Measurement measure",
    "genloss.run.measured": "Measured",
    "genloss.run.runner": "run_studies run_study",
    "genloss.run.sweep": "run_sweep",
    "genloss.run.tensorboard": "TensorBoard",
    "genloss.store.reader": "Run find_runs",
    "genloss.store.series": "Series",
    "genloss.study.controls": "control_studies",
    "genloss.study.load": "load_study",
    "genloss.study.sweep": "load_sweep sweep_from",
    "genloss.study.study": "Keep Schedule Study study_from",
}
"""The public names that no spec has, by module; those of specs are in the catalogue."""


@cache
def _homes() -> dict[str, str]:
    """Return {public name: module}; `make golden` writes them into the stub beside this file."""
    paths = [path.partition(":") for kinds in CATALOG.values() for path in kinds.values()]
    homes = {name: module for module, _, name in paths}
    return homes | {name: module for module, names in _OTHERS.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Load a public name from its module.

    Raises:
        AttributeError: any other name. ImportError: on Windows.
    """
    if name == "__all__":
        return sorted(_homes())
    if name.startswith("_") or name not in _homes():
        from difflib import get_close_matches

        known = sorted(_homes())
        near = get_close_matches(name, known, n=3) or [k for k in known if k.startswith(name)][:3]
        like = f"did you mean {' or '.join(near)}?" if near else "see dir(genloss)"
        raise AttributeError(f"module 'genloss' has no attribute {name!r}; {like}")
    if sys.platform == "win32":
        raise ImportError(NO_WINDOWS)
    return getattr(import_module(_homes()[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return ["__version__", *sorted(_homes())]
