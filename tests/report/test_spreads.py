"""Histograms of the perplexity of texts: every text in a bar, both tails, all chains."""

import numpy as np
import pytest

from genloss.metrics.arrays.text_likelihood import histograms
from genloss.report.chart_files import figure_svg
from genloss.report.figures import families
from genloss.report.figures import histograms as spreads
from genloss.report.kept_samples import kept_histograms
from genloss.report.measured import measured
from genloss.report.page import render
from genloss.report.sections import find_sections

from .conftest import decay, make_run

N, M, CHAINS = 400, 300, 4


def law(key, shift=0.0, width=0.5, n=N):
    return np.exp(3.0 + shift + width * np.random.default_rng(key).standard_normal((CHAINS, n)))


def with_histograms(root, kept, name="run", blocks=2, judges=("first",), without=(), **spec):
    """Return a run that kept histograms of {t: perplexities (C, n)} in blocks of chains."""
    metrics = {"sequence_perplexity": decay(5, CHAINS)}
    rows = {t: np.ones((2, 3), dtype=np.int64) for t in kept}
    real, parts = law(99, n=M), {}
    for t, made in kept.items():
        for i in range(blocks):
            if (t, i) in without:
                continue
            part = slice(i * CHAINS // blocks, (i + 1) * CHAINS // blocks)
            counted = histograms(made[part], real[part], 0.05)
            arrays = {f"{j}.{k}": v for j in judges for k, v in counted.items()}
            parts.setdefault(t, {})[i] = {"histograms": arrays}
    return make_run(root, name, metrics=metrics, kept=rows, blocks=blocks, parts=parts, **spec)


def drawn(*runs):
    return list(spreads.figures([measured(run) for run in runs]))


def test_histograms_of_all_blocks_are_joined(tmp_path):
    made = {1: law(1), 2: law(2, 0.5)}
    run = with_histograms(tmp_path, made, judges=("first", "base"))
    assert kept_histograms(run, "other") == {}
    for judge in ("first", "base"):
        found = kept_histograms(run, judge)
        assert list(found) == [1, 2]
        for t, values in made.items():
            whole = histograms(values, law(99, n=M), 0.05)
            assert set(found[t]) == set(whole)
            for name, array in whole.items():
                np.testing.assert_array_equal(found[t][name], array)
    run = with_histograms(tmp_path, made, "other", without=[(2, 1)])
    assert list(kept_histograms(run, "first")) == [1]


def test_bars_hold_all_texts_and_the_tails_what_lies_beyond(tmp_path):
    made = {1: law(1), 5: law(5, -0.4, 0.9)}
    (figure,) = drawn(with_histograms(tmp_path, made))
    (plate,) = figure.panels
    real = law(99, n=M)
    # The k-th smallest and the k-th largest real text, k = 5 % of them rounded up.
    low, high = (
        sign * np.quantile(sign * real, 0.05, axis=1, method="inverted_cdf") for sign in (1, -1)
    )
    rows = plate.spec["data"]["values"]
    assert len(rows) == 2
    for row, values in zip(rows, made.values(), strict=True):
        np.testing.assert_allclose(sum(row["share"]), 1.0, atol=1e-3)
        np.testing.assert_allclose(sum(row["real"][:-1]), 1.0, atol=1e-3)
        below = 100 * (values < low[:, None]).mean()
        above = 100 * (values > high[:, None]).mean()
        said = [float(word) for word in row["panel"].split(":")[1].split() if word[0].isdigit()]
        np.testing.assert_allclose(said, [below, above], atol=0.05)
        # The coloured bars are these tails, but for the two bars at their ends.
        share = np.array(row["share"])
        for tail, expected in (("low tail", below), ("high tail", above)):
            inside = share[np.array(row["where"]) == tail].sum()
            assert abs(100 * inside - expected) < 100 * share.max()
        # Each bar against counting: the middle ones, those at the ends hold the rest.
        for a, b, height in list(zip(row["a"], row["b"], row["share"], strict=True))[1:-2]:
            np.testing.assert_allclose(
                height, ((values >= a) & (values < b)).mean(), atol=2 / (N * CHAINS)
            )
    assert len(rows[0]["a"]) <= spreads.BARS + 1


def test_panels_of_all_runs_share_their_bars(tmp_path):
    tame = with_histograms(tmp_path, {1: law(1), 2: law(2, -1.0, 0.2)}, "tame")
    wild = with_histograms(tmp_path, {1: law(1), 2: law(3, 1.0, 1.5)}, "wild", n_real=7)
    (figure,) = drawn(tame, wild)
    edges = [row["a"] for plate in figure.panels for row in plate.spec["data"]["values"]]
    assert len(edges) == 4
    assert all(e == edges[0] for e in edges)


def test_few_generations_are_shown_and_all_are_in_the_numbers(tmp_path):
    made = {t: law(t, 0.1 * t) for t in range(1, 9)}
    (figure,) = drawn(with_histograms(tmp_path, made))
    shown = [row["panel"].partition(":")[0] for row in figure.panels[0].spec["data"]["values"]]
    assert (shown[0], shown[-1]) == ("t = 1", "t = 8")
    assert len(shown) <= spreads.PANELS + 1
    assert len(figure.numbers.rows) == 8
    label, cells = figure.numbers.rows[-1]
    assert (label, cells[0]) == ("t = 8", "4")
    assert all("[" in cell for cell in cells[1:])


@pytest.mark.slow
def test_one_text_or_infinite_ones_are_drawn(tmp_path):
    single = np.full((CHAINS, N), 7.0)
    endless = law(3)
    endless[:, ::2] = np.inf
    (figure,) = drawn(with_histograms(tmp_path, {1: single, 2: endless}))
    for row in figure.panels[0].spec["data"]["values"]:
        assert all(v is not None for key in ("a", "b", "share", "real") for v in row[key])
        np.testing.assert_allclose(sum(row["share"]), 1.0, atol=1e-3)
    assert figure_svg(figure.panels[0].spec, tmp_path / "x.svg").stat().st_size > 1000


@pytest.mark.slow
def test_the_page_shows_them_once_after_the_metric(tmp_path):
    run = with_histograms(tmp_path, {1: law(1)}, judges=("first", "base"))
    found = list(families.drawn([measured(run)]))
    assert [f.metric for f in found] == [
        "sequence_perplexity",
        "texts-under-first",
        "texts-under-base",
    ]
    html = render(find_sections([tmp_path]), title="t")
    assert html.count("Perplexity of single texts under the base</h3>") == 1
    assert drawn(make_run(tmp_path, "none")) == []
