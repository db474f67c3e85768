"""The numbers at the top of a page, counted in words that fit."""

from genloss.report.sections import find_sections
from genloss.report.summary import tiles

from .conftest import decay, make_run


def test_one_is_one_and_two_are_two(tmp_path):
    make_run(tmp_path, metrics={"trace_ratio": decay(1, 1)})
    found = {what: n for n, what in tiles(find_sections([tmp_path]))}
    assert {"run": "1", "independent chain": "1"}.items() <= found.items()
    make_run(tmp_path, "two", metrics={"trace_ratio": decay(1, 1)}, seed=1)
    found = {what: n for n, what in tiles(find_sections([tmp_path]))}
    assert {"runs": "2", "independent chains": "2", "models fitted": "2"}.items() <= found.items()
