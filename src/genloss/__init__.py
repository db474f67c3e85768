"""genloss: measure, predict and prevent model collapse.

Generation loss is what a copy of a copy of a copy loses. Train a model, sample from it, train the
next one on the samples: genloss runs that recursion for any learner, under any data regime, with
many independent chains at once, and holds the result against theory and published numbers.

    import genloss
    study = genloss.Study(
        reality=genloss.Gaussian(), learner=genloss.GaussianLearner(ddof=1), n_real=100,
        generations=200, chains=1000, metrics=(genloss.TraceRatio(),),
    )
    run = genloss.run_study(study, Path("runs"))
    run.series["trace_ratio"].values  # (generations, chains)

Importing this package loads nothing; each name below loads its module when first used.
"""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

__version__ = "0.1.0"


@cache
def _homes() -> dict[str, str]:
    """Return {public name: module}, read from the stub beside this file: the one list of them."""
    stub = Path(__file__).with_suffix(".pyi").read_text()
    found = re.findall(r"^from (\S+) import (\w+) as \w+$", stub, flags=re.MULTILINE)
    return {name: module for module, name in found}


def __getattr__(name: str) -> object:
    """Load a public name from its module; raises AttributeError for any other."""
    if name == "__all__":
        return sorted(_homes())
    if name.startswith("_") or name not in _homes():
        raise AttributeError(f"module 'genloss' has no attribute {name!r}; see dir(genloss)")
    return getattr(import_module(_homes()[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return ["__version__", *sorted(_homes())]
