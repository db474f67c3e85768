"""Claims of a README are targets, and its verdict says one of four words."""

import re

import pytest

from genloss.published.experiments import load_experiment, published_folder, published_names

WORDS = re.compile(r"verified|falsified|toy|inconclusive")


def section(name: str, title: str) -> str:
    page = (published_folder() / name / "README.md").read_text()
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0].strip()


@pytest.mark.parametrize("name", published_names())
def test_a_verdict_is_one_of_four_words(name):
    """Verified and falsified are said of the published protocol alone."""
    verdict = section(name, "Verdict").lower()
    assert WORDS.search(verdict)
    for word in re.finditer(r"verified|falsified", verdict):
        assert re.match(r" at (the published|their)", verdict[word.end() :]), word


@pytest.mark.parametrize("name", published_names())
def test_claims_name_targets(name):
    """By id, or by how ids begin; and they say up to which generation, and at which scale."""
    assert "horizon" in section(name, "Claims").lower()
    ids = {t.id for scale in ("smoke", "laptop") for t in load_experiment(name, scale).targets}
    rows = re.findall(r"^\| (`[^|]*) \|", section(name, "Claims"), flags=re.MULTILINE)
    named = [claim for row in rows for claim in re.findall(r"`([^`]+)`", row)]
    assert named
    for claim in named:
        stem = claim.removesuffix(".*")
        assert any(i == stem or i.startswith(stem) for i in ids), claim
