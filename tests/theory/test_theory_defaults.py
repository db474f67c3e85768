"""Where nothing is said, a closed form is that of the plainest case: no noise, no kernel."""

import importlib
import inspect
import pkgutil
from dataclasses import is_dataclass

from genloss import theory

PLAINEST = {
    "lam": 1.0,
    "bandwidth2": 0.0,
    "sigma": 1.0,
    "sigma2": 1.0,
    "trace": 1.0,
    "d": 1,
    "q": 0.5,
    "least": 0.0,
    "keep": None,
    "kept": False,
    "phi": 1.0,
    "psi": 1.0,
    "draws": 4000,
}
"""No shrinkage, no kernel, unit variance, one dimension, the median, any number from 0 on, and
features that are new ones."""

MODULES = [
    importlib.import_module(m.name)
    for m in pkgutil.iter_modules(theory.__path__, "genloss.theory.")
]


def test_defaults_are_the_plainest_case():
    for module in MODULES:
        for function in vars(module).values():
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                for option in inspect.signature(function).parameters.values():
                    if option.default is not option.empty:
                        assert option.default == PLAINEST[option.name], function


def test_results_are_values():
    for module in MODULES:
        for one in vars(module).values():
            if is_dataclass(one) and one.__module__ == module.__name__:
                assert one.__dataclass_params__.frozen, one
