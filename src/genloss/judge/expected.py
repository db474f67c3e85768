"""What theory expects of a study: the numbers that targets are held against."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from genloss.core.abilities import CategoricalLaw
from genloss.core.arrays import Floats
from genloss.errors import SpecError
from genloss.study.study import Study


def expected_value(expected: Any, study: Study) -> float:
    """Return a number, or theory's: {"law": "moments.replace", "field": "spread", "args": {...}}.

    The result is times * law(args).field + plus; a whole number as field picks an element. In args,
    and as times, "$a.b" stands for a field of the study, such as "$n_real" or "$reality.p.0", and
    "$p_0" for the probabilities of a categorical reality.

    Raises:
        SpecError: an unknown law, a field that the study lacks, or "$p_0" without symbols.
    """
    if not isinstance(expected, Mapping):
        return float(expected)
    module, _, name = expected["law"].partition(".")
    try:
        law = getattr(import_module(f"genloss.theory.{module}"), name)
    except (ImportError, AttributeError) as error:
        raise SpecError(f"unknown law {expected['law']!r} ({error})") from error
    found = law(**{k: _resolved(v, study) for k, v in expected.get("args", {}).items()})
    if (field := expected.get("field")) is not None:
        found = found[field] if isinstance(field, int) else getattr(found, field)
    times = _resolved(expected.get("times", 1.0), study)
    return float(np.asarray(found) * times + expected.get("plus", 0.0))


def _resolved(value: Any, study: Study) -> Any:
    if isinstance(value, list):
        return np.array(value)
    if not (isinstance(value, str) and value.startswith("$")):
        return value
    if value == "$p_0":
        return _probabilities(study)
    found: Any = study
    try:
        for name in value[1:].split("."):
            found = found[int(name)] if name.isdigit() else getattr(found, name)
    except (AttributeError, LookupError) as error:
        raise SpecError(f"the study has no field {value!r} ({error})") from error
    return found


def _probabilities(study: Study) -> Floats:
    p_0 = study.reality.realise(1, np.random.default_rng(0))
    if not isinstance(p_0, CategoricalLaw):
        raise SpecError(f'"$p_0" needs a categorical reality; got {type(study.reality).__name__}')
    return p_0.probabilities()[0]
