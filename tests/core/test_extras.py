"""Optional packages: the command that an error names installs what is missing."""

import re
import tomllib
from pathlib import Path

import pytest

from genloss.core.extras import EXTRAS, PACKAGES, check_installed, optional
from genloss.errors import MissingExtra

PYPROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())


@pytest.mark.parametrize(("module", "extra"), EXTRAS.items())
def test_every_module_is_in_the_extra_that_is_named(module, extra):
    there = PYPROJECT["project"]["optional-dependencies"][extra]
    package = PACKAGES.get(module, module)
    assert any(re.match(rf"{package}\b", requirement) for requirement in there)


@pytest.mark.parametrize("call", [optional, check_installed])
def test_what_is_missing_is_said_with_the_command_that_adds_it(call, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtra) as error:
        call("pyarrow", "the table")
    expected = "the table needs pyarrow, which is not installed; pip install 'genloss[text]'"
    assert str(error.value) == expected
    with pytest.raises(MissingExtra, match=r"; pip install nowhere_to_be_found$"):
        call("nowhere_to_be_found", "this")


def test_what_is_there_is_imported():
    import json

    assert optional("json", "this") is json
    check_installed("json", "this")
