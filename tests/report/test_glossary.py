"""The words of the page."""

from genloss.report.glossary import TARGET, WORDS, classes, glossary
from genloss.report.measured import measured

from .conftest import decay, make_run


def test_targets_are_explained_where_there_are_some():
    assert glossary(judged=False) == list(WORDS)
    assert glossary(judged=True)[-1] == TARGET


def test_classes_say_what_they_are(tmp_path):
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}))
    words = dict(classes([run, run]))
    assert list(words) == sorted(words)
    assert words["regime replace"].startswith("Replace. ")
    assert not [word for word in words if "real share" in word]
