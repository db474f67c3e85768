"""Rarefaction curves: the metric's values at each number of tokens, generation by generation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import comb

from genloss.metrics.arrays.text_ngrams import rarefied_types
from genloss.report.chart_files import figure_svg
from genloss.report.figures import families
from genloss.report.figures.rarefaction import LINES
from genloss.report.measured import measured

from .conftest import make_run

TOKENS = (10, 100, 1000)
CHAINS, COPIES = 20, 8


def name(m, n=1):
    return f"rarefied_types{f'(n={n})' if n != 1 else ''}[{m}]"


def text(kinds):
    """Return a text in which each of some kinds of tokens occurs COPIES times."""
    return np.tile(np.arange(kinds), COPIES).reshape(1, -1, 8)


def closed_form(kinds, m):
    """All kinds equally frequent: V (1 - C(N - k, m) / C(N, m)), N = V k."""
    total = kinds * COPIES
    return kinds * (1 - comb(total - COPIES, m, exact=True) / comb(total, m, exact=True))


def metrics(n=1):
    """Return values (T, C) measured on texts that lose a fifth of their kinds a generation."""
    kinds = [[int((500 + 8 * c) * 0.8**t) for c in range(CHAINS)] for t in range(3)]
    return {
        name(m, n): np.array([[rarefied_types(text(k), m)[0] for k in row] for row in kinds])
        for m in TOKENS
    }, kinds


def figures(root, found, **changes):
    return list(families.drawn([measured(make_run(root, metrics=found, **changes))]))


@pytest.mark.slow
def test_a_curve_is_the_closed_form_at_every_number_of_tokens(tmp_path):
    found, kinds = metrics()
    (figure,) = figures(tmp_path, found)
    assert (figure.kind, figure.metric) == ("rarefaction", "rarefied_types")
    rows = figure.panels[0].spec["data"]["values"]
    assert [row["generation"] for row in rows] == ["reality", "t = 1", "t = 2"]
    for row, of in zip(rows, kinds, strict=True):
        for i, m in enumerate(row["tokens"]):
            expected = [closed_form(k, m) for k in of]
            np.testing.assert_allclose(row["p50"][i], np.median(expected), rtol=1e-4)
            np.testing.assert_allclose(
                row["p95"][i], np.quantile(expected, 0.95, method="weibull"), rtol=1e-4
            )
            np.testing.assert_allclose(
                row["p05"][i], np.quantile(expected, 0.05, method="weibull"), rtol=1e-4
            )
    assert figure_svg(figure.panels[0].spec, tmp_path / "x.svg").stat().st_size > 1000


def test_longer_n_grams_are_a_figure_of_their_own(tmp_path):
    found = figures(tmp_path, metrics()[0] | metrics(2)[0])
    assert [f.title for f in found] == ["Rarefied types", "Rarefied types (n=2)"]


def test_a_generation_with_less_text_has_a_shorter_line(tmp_path):
    data = measured(make_run(tmp_path, metrics=metrics()[0]))
    whole = data.series[name(1000)]
    cut = replace(whole, t=whole.t[:2], values=whole.values[:2])
    (figure,) = families.drawn([replace(data, series={**data.series, whole.name: cut})])
    lines = [row["tokens"] for row in figure.panels[0].spec["data"]["values"]]
    assert lines == [[10, 100, 1000], [10, 100, 1000], [10, 100]]


def test_many_generations_give_few_lines_and_one_chain_no_band(tmp_path):
    found = {name(m): np.full((30, 1), float(m)) for m in TOKENS}
    (figure,) = figures(tmp_path, found)
    spec = figure.panels[0].spec
    labels = [row["generation"] for row in spec["data"]["values"]]
    assert (labels[0], labels[-1]) == ("reality", "t = 29")
    assert len(labels) <= LINES + 1
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["line", "point"]
    assert len(figure.numbers.rows) == len(TOKENS)


def test_few_chains_are_drawn_themselves(tmp_path):
    few = {name(m): np.arange(1.0, 4) * np.full((3, 1), float(m)) for m in TOKENS}
    (figure,) = figures(tmp_path, few)
    spec = figure.panels[0].spec
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["line", "line", "point"]
    assert spec["data"]["values"][0]["c2"] == [3.0 * m for m in TOKENS]
    assert "p05" not in spec["data"]["values"][0]
    assert "band: nine chains in ten" not in figure.key
