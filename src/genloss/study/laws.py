"""The closed forms that apply to a study: the dashed lines of its figures."""

from typing import Any

from genloss.study.study import Study


def theory_lines(study: Study) -> dict[str, Any]:
    """Return {metric: {label, t, value}} for every metric with a closed form here."""
    return {}
