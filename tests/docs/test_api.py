"""The API reference has every public name, and shows formulas as the docstrings have them."""

import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

import genloss
from genloss.spec.registry import CATALOG

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generator():
    return runpy.run_path(str(ROOT / "docs" / "generate_api.py"))


@pytest.fixture(scope="module")
def pages(generator):
    return generator["pages"]()


def headings(page):
    return re.findall(r"^##+ (.+)$", page, flags=re.MULTILINE)


@pytest.mark.slow
def test_every_name_of_a_spec_and_every_public_name_stands_there_once(pages):
    for role, kinds in CATALOG.items():
        assert headings(pages[f"{role}.md"]) == list(kinds)
    index = pages["index.md"].partition("\n## ")[0]
    assert set(re.findall(r"\[(\w+)\]\(", index)) == set(genloss.__all__)


@pytest.mark.slow
def test_links_lead_to_headings(pages):
    for page, anchor in re.findall(r"\]\(([\w.]*)#(\w+)\)", pages["index.md"]):
        earlier = Counter()
        anchors = set()
        for heading in headings(pages[page or "index.md"]):
            plain = heading.lower().replace(".", "")
            anchors.add(f"{plain}_{earlier[plain]}" if earlier[plain] else plain)
            earlier[plain] += 1
        assert anchor in anchors


@pytest.mark.slow
def test_every_entry_says_something(pages):
    for name, page in pages.items():
        silent = re.search(r"```python\n([^`]*)\n```\n\n(?=\n|#|```python|$)", page)
        assert silent is None, f"{name}: {silent.group(1)} has no docstring"


@pytest.mark.slow
def test_the_site_shows_every_page(pages):
    nav = re.findall(r"api/(\S+\.md)", (ROOT / "mkdocs.yml").read_text())
    assert sorted(nav) == sorted(pages)


def test_formulas_stay_readable(generator):
    shown = generator["prose"](
        """|The| law of *one* symbol_count, x_t in [0, 1) where `p_t` < 1.

            E p_t = p_0 * (1 - 1/n)^t

        a  <=  b_t

        Args:
            t: generations, any
                shape.
            n: rows_of D_t.

        Returns:
            Shape of t.

        Raises:
            SpecError: n < 1.
        """
    )
    assert shown.split("\n\n") == [
        r"|The| law of \*one\* symbol\_count, x\_t in \[0, 1) where `p_t` \< 1.",
        "```text\nE p_t = p_0 * (1 - 1/n)^t\n```",
        "```text\na  <=  b_t\n```",
        "**Args**",
        "- `t`: generations, any shape.\n- `n`: rows\\_of D\\_t.",
        "**Returns** Shape of t.",
        "**Raises**",
        "- `SpecError`: n \\< 1.\n",
    ]
