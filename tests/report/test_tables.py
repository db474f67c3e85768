import tomllib

import numpy as np

from genloss.core.over_chains import MEAN
from genloss.report.measured import measured
from genloss.report.provenance import origin
from genloss.report.tables import not_applicable, number_table
from genloss.spec.toml import toml_text
from genloss.store.theory_file import TheoryLine

from .conftest import decay, make_run


def test_numbers_are_medians_with_the_middle_ninety_percent(tmp_path):
    values = decay(20, 50)
    law = {"trace_ratio": TheoryLine("E", MEAN, tuple(range(21)), (0.5,) * 21)}
    run = measured(make_run(tmp_path, metrics={"trace_ratio": values}, theory=law))
    table = number_table([("r", run, "trace_ratio")])
    last = "last generation: theory / measured"
    assert table.headings == ("chains", "t = 0", "t = 10", "t = 20", last)
    ((label, cells),) = table.rows
    assert (label, cells[0], cells[1]) == ("r", "50", "1 [1, 1]")
    low, median, high = np.quantile(values[20], [0.05, 0.5, 0.95], method="weibull")
    assert cells[3] == f"{median:.3g} [{low:.3g}, {high:.3g}]"
    assert cells[4] == f"0.5 / {values[20].mean():.3g} (mean)"


def test_runs_of_different_length_name_their_generations(tmp_path):
    runs = [
        ("a", measured(make_run(tmp_path, "a", metrics={"trace_ratio": decay(10, 4)}))),
        ("b", measured(make_run(tmp_path, "b", metrics={"trace_ratio": decay(1, 4)}))),
    ]
    table = number_table([(label, run, "trace_ratio") for label, run in runs])
    assert table.headings == ("chains", "first", "middle", "last")
    assert table.rows[0][1][3].startswith("t = 10: ")
    assert all(len(cells) == 4 for _, cells in table.rows)


def test_reasons_are_listed_with_their_runs(tmp_path):
    runs = [
        measured(make_run(tmp_path, "a", absent={"recall": "no held-out rows"})),
        measured(make_run(tmp_path, "b", n_real=7)),
    ]
    assert not_applicable(runs) == [("Recall", "no held-out rows", "a")]
    assert not_applicable(runs[:1]) == [("Recall", "no held-out rows", "all runs")]


def test_a_run_tells_how_it_came_to_be(tmp_path):
    found = origin(make_run(tmp_path, "a"))
    assert found.status == "complete"
    facts = dict(found.facts)
    assert facts["versions"] == "numpy 2"
    assert facts["started"] == "2026-01-01T00:00:00+00:00"
    assert facts["finished"] == "2026-01-01T00:01:00+00:00"
    assert found.fingerprint in make_run(tmp_path, "a").path.name


def test_an_unfinished_run_says_how_far_it_came(tmp_path):
    run = make_run(tmp_path, metrics={"trace_ratio": decay(7, 8)}, generations=20)
    assert origin(run).status == "unfinished: generation 7 of 20"


def test_specs_survive_toml(tmp_path):
    spec = dict(
        make_run(
            tmp_path,
            metrics={"trace_ratio": decay(2, 2)},
            reality={"kind": "mode_grid", "weights": [0.25, 1e-7], "nested": {"a": True}},
            at=[1, 2],
            title='a "quoted" title with ü and a \\ in it',
        ).spec
    )
    spec["metrics"] = [{"kind": "manifold", "k": 3}, {"kind": "w2"}]
    assert tomllib.loads(toml_text(spec)) == spec


def test_toml_leaves_out_what_has_no_value():
    assert tomllib.loads(toml_text({"a": None, "b": {"c": None, "d": 1}})) == {"b": {"d": 1}}
