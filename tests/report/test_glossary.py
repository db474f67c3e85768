"""The words of the page."""

from genloss.report.glossary import TARGET, WORDS, glossary


def test_targets_are_explained_where_there_are_some():
    assert glossary(judged=False) == list(WORDS)
    assert glossary(judged=True)[-1] == TARGET
