"""`genloss demo` as a shell calls it: all targets at smoke scale, a report and an audit."""

import pytest

from .misses import MISSED

pytestmark = pytest.mark.slow


def test_demo_makes_a_report(demo):
    assert set(demo.told["missed"]) <= {f"{name}: {i}" for name, ids in MISSED.items() for i in ids}
    assert demo.told["left_out"] == []
    assert demo.told["passed"] > 280  # every smoke experiment has its part
    for page in ("report", "audit"):
        assert (demo.folder / demo.told[page]).stat().st_size > 10_000
