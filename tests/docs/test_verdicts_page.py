"""docs/verdicts.md says of which aspect every metric is, as the metrics do."""

import re
from pathlib import Path

from genloss.core.about import Aspect
from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"


def test_the_table_of_aspects_is_that_of_the_metrics():
    declared: dict[str, set[str]] = {}
    for kind in CATALOG["metric"]:
        aspect = find_class("metric", kind, kind).about.aspect
        if aspect not in (None, Aspect.GROUP):
            declared.setdefault(str(aspect), set()).add(kind)
    table = PAGE.read_text().split("| aspect | metrics |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", table, flags=re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", names)) for name, names in rows} == declared


def test_metrics_of_groups_are_named():
    """In the sentence on minorities, which have no verdict and so no row."""
    groups = {
        kind
        for kind in CATALOG["metric"]
        if find_class("metric", kind, kind).about.aspect is Aspect.GROUP
    }
    [named] = re.findall(r"A named minority \(([^;]*);", PAGE.read_text())
    assert set(re.findall(r"`(\w+)`", named)) == groups
