"""What theory expects of a study: the numbers that targets are held against."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from genloss.core.abilities import CategoricalLaw
from genloss.core.arrays import Floats
from genloss.errors import SpecError
from genloss.spec.toml import checked_keys, checked_number
from genloss.study.study import Study


@dataclass(frozen=True)
class Formula:
    """A number of theory: times * law(args).field + plus.

    law: "module.function" of genloss.theory; field: an attribute of what it returns, or a whole
    number that picks an element. In args, and as times, "$a.b" stands for a field of the study,
    such as "$n_real" or "$reality.p.0", and "$p_0" for the probabilities of a categorical reality.
    """

    law: str
    field: str | int | None = None
    args: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    times: float | str = 1.0
    plus: float = 0.0


Expected = float | Formula


def expected_from(value: Any, where: str) -> Expected:
    """Return a number, or the formula of a table; raises SpecError for anything else."""
    if not isinstance(value, Mapping):
        return checked_number(value, where)
    checked_keys(value, where, ("law",), ("field", "args", "times", "plus"))
    if not isinstance(value["law"], str) or not isinstance(value.get("args", {}), Mapping):
        raise SpecError(f'{where} is {value!r}; expected law = "module.function", args = {{...}}')
    checked_number(value.get("plus", 0.0), f"{where}.plus")
    if not isinstance(value.get("times", 1.0), str):
        checked_number(value.get("times", 1.0), f"{where}.times")
    return Formula(**value)


def expected_value(expected: Expected, study: Study) -> float:
    """Return what is expected of the study.

    Raises:
        SpecError: an unknown law, a field that the study lacks, or "$p_0" without symbols.
    """
    if not isinstance(expected, Formula):
        return float(expected)
    module, _, name = expected.law.partition(".")
    try:
        law = getattr(import_module(f"genloss.theory.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"unknown law {expected.law!r} ({error})") from error
    value = law(**{k: _resolved(v, study) for k, v in expected.args.items()})
    if isinstance(expected.field, int):
        value = value[expected.field]
    elif expected.field is not None:
        value = getattr(value, expected.field)
    return float(np.asarray(value) * _resolved(expected.times, study) + expected.plus)


def _resolved(value: Any, study: Study) -> Any:
    if isinstance(value, list):
        return np.array(value)
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    if value == "$p_0":
        return _probabilities(study)
    part: Any = study
    try:
        for name in value[1:].split("."):
            part = part[int(name)] if name.isdigit() else getattr(part, name)
    except (AttributeError, LookupError) as error:
        raise SpecError(f"the study has no field {value!r} ({error})") from error
    return part


def _probabilities(study: Study) -> Floats:
    p_0 = study.reality.realise(1, np.random.default_rng(0))
    if not isinstance(p_0, CategoricalLaw):
        raise SpecError(f'"$p_0" needs a categorical reality; got {type(study.reality).__name__}')
    return p_0.probabilities()[0]
