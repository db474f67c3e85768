"""Advice about places: never to set what is set."""

import pytest

from genloss.core.places import offline_advice


@pytest.mark.parametrize(
    ("given", "advice", "never"),
    [
        ({}, "set HF_HOME", "unset"),
        ({"HF_HOME": "somewhere"}, "does not hold it", " set HF_HOME"),
        ({"HF_HUB_OFFLINE": "1"}, "unset HF_HUB_OFFLINE", " set HF_HOME"),
        ({"HF_HUB_OFFLINE": "0"}, "set HF_HOME", "unset"),
        ({"HF_HUB_OFFLINE": "true", "HF_HOME": "x"}, "unset HF_HUB_OFFLINE", " set HF_HOME"),
    ],
    ids=str,
)
def test_nobody_is_told_to_set_what_is_set(monkeypatch, given, advice, never):
    for name in ("HF_HOME", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert advice in offline_advice()
    assert never not in offline_advice()
