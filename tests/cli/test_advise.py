"""`genloss advise`: what it prints, and what it refuses."""

import pytest

SPEC = """
n_real = 60
generations = 5
chains = 20
reality = { kind = "gaussian", d = 30 }
learner = { kind = "gaussian", ddof = 1 }
form = "moments"
metrics = ["squared_mean_error", "trace_ratio"]
"""


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "line.toml"
    path.write_text(SPEC)
    return path


@pytest.mark.slow
def test_an_average_is_answered_without_a_run(genloss, told, line, tmp_path):
    options = ["--target", "squared_mean_error <= 3 at 20", "--mean"]
    advice = told("advise", line, *options)
    share, count = advice["answers"]
    assert (share["as"], count["as"], share["by"]) == ("share", "count", "closed form")
    assert share["supply"] == count["supply"] == "fresh"
    assert advice["estimand"] == "mean"
    assert share["rows"] == 60
    assert count["rows"] == 60 + count["real_rows"]
    assert not (tmp_path / "runs").exists()
    shown = genloss("advise", line, *options).stdout
    assert f"Of 60 rows a generation, {share['real_rows']} must be real" in shown
    assert "Real rows: fresh, new real rows at every generation" in shown
    assert "pooled, each with the same weight" in shown


@pytest.mark.slow
def test_a_search_shows_what_it_rests_on(genloss, told, line):
    options = ["--target", "squared_mean_error <= 0.8 at 4", "--as", "count", "--chains", "20"]
    options.append("--pooled")
    mean, chain = told("advise", line, *options, "--workers", "1")["answers"]
    assert (mean["by"], chain["by"]) == ("closed form", "search")
    assert chain["real_rows"] > mean["real_rows"]
    assert sum(cell["chains"] for cell in chain["evidence"]) >= 160
    shown = genloss("advise", line, *options, "--workers", "1").stdout
    for words in ("hold it", "95 % quantile", "rows fitted"):
        assert words in shown
    decided = "neighbouring whole numbers decide" in " ".join(shown.split())
    assert decided != ("test of a line p =" in shown)
    assert "line-advice-fresh-count" in genloss("ls").stdout


@pytest.mark.slow
def test_a_mean_is_a_column_once(genloss, line):
    options = ["--target", "trace_ratio >= 0.5 at 2", "--as", "count", "--search", "--mean"]
    shown = genloss("advise", line, *options, "--pooled", "--chains", "4", "--workers", "1").stdout
    [head] = [row.split() for row in shown.splitlines() if row.startswith("real rows  ")]
    assert head == ["real", "rows", "chains", "mean", "hold", "it"]


@pytest.mark.slow
def test_another_learner_is_advised_beside(genloss, told, line):
    """Maximum likelihood shrinks, which its mean does not mind: about as many rows."""
    options = ["--target", "squared_mean_error <= 3 at 20", "--mean", "--as", "share"]
    advice = told("advise", line, *options, "--against", "learner.ddof=0")
    [one], [other] = advice["answers"], advice["against"]["answers"]
    assert other["real_rows"] < one["real_rows"]
    pooled, best = advice["transfers"]
    assert pooled["ratio"] == other["real_rows"] / one["real_rows"]
    assert (pooled["weight"], best["weight"]) == ("pooled", "best")
    [one], [other] = (a["second_rule"]["answers"] for a in (advice, advice["against"]))
    assert best["ratio"] == other["real_rows"] / one["real_rows"]
    shown = genloss("advise", line, *options, "--against", "learner.ddof=0").stdout
    assert "Another learner: gaussian." in shown
    assert "(share of real rows, best weight)." in " ".join(shown.split())
    assert "times as many real rows" in shown


@pytest.mark.slow
def test_weights_are_a_second_rule_and_of_fresh_rows_alone(genloss, told, line):
    """More synthetic rows pay with the best weight; kept rows have no best one."""
    options = ["n_synthetic=600", "--target", "squared_mean_error <= 0.9 at 40", "--mean"]
    options += ["--as", "count", "--weighted"]
    pooled, weighted = told("advise", line, *options)["answers"]
    assert (pooled["weight"], weighted["weight"]) == ("pooled", "best")
    assert weighted["real_rows"] < pooled["real_rows"]
    assert "a memory of about" in genloss("advise", line, *options).stdout
    refused = genloss("advise", line, *options, "--supply", "kept")
    assert refused.exit_code == 2
    assert "fresh real rows alone" in " ".join(refused.stderr.split())


@pytest.mark.slow
def test_fresh_rows_are_answered_by_both_rules_unless_one_is_asked_for(genloss, told, line):
    options = ["n_synthetic=600", "--target", "squared_mean_error <= 0.9 at 40", "--mean"]
    asked = [*options, "--as", "count"]
    advice = told("advise", line, *asked)
    [pooled], [best] = advice["answers"], advice["second_rule"]["answers"]
    assert (pooled["weight"], best["weight"]) == ("pooled", "best")
    assert 0 < best["real_rows"] < pooled["real_rows"]
    assert not best["weight_is_borrowed"]
    assert [pooled, best] == [
        one | {"seconds": two["seconds"]}
        for one, two in zip(
            told("advise", line, *asked, "--weighted")["answers"], (pooled, best), strict=True
        )
    ]
    shown = " ".join(genloss("advise", line, *asked).stdout.split())
    assert "real rows, a count, best weight, mean" in shown
    assert "that for a Gaussian mean of known variance, in the long run. Gen" in shown
    other = ["--target", "trace_ratio >= 0.99 at 40", "--mean", "--as", "count"]
    assert told("advise", line, *other)["second_rule"]["answers"][0]["weight_is_borrowed"]
    said = " ".join(genloss("advise", line, *other).stdout.split())
    assert "it is borrowed, and another may be better for trace_ratio of gaussian" in said
    for single in ("--pooled", "--supply=kept"):
        assert told("advise", line, *asked, single)["second_rule"]["answers"] == []


@pytest.mark.slow
def test_a_target_that_nothing_holds_gets_the_best_and_why(genloss, told, line):
    """60 rows in 30 dimensions err by 0.5 at least."""
    options = ["--target", "squared_mean_error <= 0.2 at 20", "--mean", "--as", "share"]
    [answer] = told("advise", line, *options)["answers"]
    assert (answer["real_rows"], answer["interval"]) == (None, None)
    assert answer["best"] > 0.5
    shown = " ".join(genloss("advise", line, *options).stdout.split())
    assert "No setting holds" in shown
    assert "60 rows a generation do not suffice for this learner" in shown


@pytest.mark.slow
def test_where_a_field_is_best_no_bound_is_held(genloss, told, line):
    options = ["--target", "squared_mean_error lowest at 2", "--vary", "n_real=40:44"]
    options += ["--chains", "2", "--workers", "1"]
    advice = told("advise", line, *options)
    assert (advice["estimand"], advice["level"]) == ("mean", None)
    assert {cell["held"] for cell in advice["answers"][0]["evidence"]} == {None}
    shown = genloss("advise", line, *options).stdout
    assert "Question: where is squared_mean_error lowest at 2?" in shown
    assert "squared_mean_error lowest at 2: with n_real = " in " ".join(shown.split())
    assert "hold it" not in shown
    assert "quantile" not in shown


@pytest.mark.slow
def test_more_kept_rows_than_the_study_has_are_in_S_0(genloss, line):
    options = ["--target", "squared_mean_error <= 3 at 20", "--mean", "--supply", "kept"]
    said = "60 rows of S_0 alone, or from as many as stay real where those are more."
    assert said in " ".join(genloss("advise", line, *options, "--as", "count").stdout.split())
    shown = " ".join(genloss("advise", line, *options, "--as", "share").stdout.split())
    assert "60 rows of S_0 alone. " in shown + " "


@pytest.mark.slow
def test_a_run_is_asked_as_its_spec_is(told, line):
    told("run", line, "--root", "runs", "controls=false")
    [run] = [p for p in (line.parent / "runs").iterdir() if p.name.startswith("line-")]
    options = ["--target", "squared_mean_error <= 3 at 20", "--mean"]
    mine, theirs = told("advise", run, *options), told("advise", line, *options)
    for one, other in zip(mine["answers"], theirs["answers"], strict=True):
        assert one["real_rows"] == other["real_rows"]


@pytest.mark.slow
def test_prices_show_the_frontier_and_a_figure_is_drawn(genloss, told, line, tmp_path):
    options = ["--target", "squared_mean_error <= 3 at 20", "--mean", "--prices", "1,0.01"]
    advice = told("advise", line, *options, "--figure", tmp_path / "f.svg")
    costs = [m["cost"] for m in advice["frontier"]]
    assert costs == sorted(costs)
    assert any(m["weighted"] for m in advice["frontier"])
    single = told("advise", line, *options, "--pooled")
    assert not any(m["weighted"] for m in single["frontier"])
    assert "<svg" in (tmp_path / "f.svg").read_text()
    assert "Risk against budget by closed form" in genloss("advise", line, *options).stdout


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "--target is missing"),
        (["--target", "sigma <= 1 at 3"], "no metric 'sigma'"),
        (["--target", "trace_ratio at 3"], "expected"),
        (["--target", "trace_ratio >= 1 at 3", "--supply", "stolen"], "expected fresh"),
        (["--target", "trace_ratio >= 1 at 3", "--as", "tons"], "expected share"),
        (["--target", "trace_ratio >= 1 at 3", "--mean", "--level", "0.9"], "exclude each other"),
        (["--target", "trace_ratio >= 1 at 3", "--level", "1.5"], "level is 1.5"),
        (["--target", "trace_ratio >= 1 at 3", "--chains", "1"], "2 or more"),
        (["--target", "trace_ratio lowest at 3"], "needs --vary"),
        (
            ["--target", "trace_ratio lowest at 3", "--vary", "n_real=2:9", "--level", "0.9"],
            "--level 0.9: 'trace_ratio lowest at 3' is of the mean over chains",
        ),
        (["--target", "trace_ratio >= 1 at 3", "--prices", "1"], "expected REAL,SYNTHETIC"),
        (["--target", "trace_ratio >= 1 at 3", "--prices", "0,0"], "above 0"),
        (["--target", "trace_ratio >= 1 at 3", "--figure", "a.bmp"], "expected .svg"),
        (["--target", "trace_ratio >= 1 at 3", "--vary", "n_real"], "expected KEY=START:END"),
        (["--target", "trace_ratio >= 1 at 3", "--vary", "seed=1:2", "--as", "share"], "excludes"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(genloss, line, tmp_path, options, why):
    refused = genloss("advise", line, *options)
    assert refused.exit_code == 2
    assert why in " ".join(refused.stderr.split())
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_regime_that_holds_the_target_as_it_is_needs_no_rows(genloss, told, line, tmp_path):
    """0.5 after 30 generations of accumulating: at most 30/60 times 1.645; mixing needs rows."""
    options = ["regime=accumulate", "--target", "squared_mean_error <= 0.9 at 30", "--mean"]
    advice = told("advise", line, *options)
    assert advice["as_asked"] | {"value": 0} == {
        "regime": "accumulate",
        "exchanged_for": "kept",
        "value": 0,
        "by": "closed form",
        "holds": True,
        "why": None,
    }
    assert 0.7 < advice["as_asked"]["value"] < 30 / 60 * 1.645
    shown = " ".join(genloss("advise", line, *options).stdout.split())
    assert "accumulate, was exchanged for that of kept real rows" in shown
    assert "(closed form), which holds the target: it needs no more real rows" in shown
    misses = ["regime=accumulate", "--target", "squared_mean_error <= 0.6 at 30", "--mean"]
    assert "which misses the target" in genloss("advise", line, *misses).stdout
    assert told("advise", line, *options[1:])["as_asked"] is None
    assert not (tmp_path / "runs").exists()
