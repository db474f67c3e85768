"""The names that a spec may use, listed by role."""

from genloss.spec.registry import CATALOG


def test_roles_and_their_kinds_are_listed(genloss, told):
    assert told("kinds") == {role: len(names) for role, names in CATALOG.items()}
    assert "genloss kinds metric" in genloss("kinds").stdout
    metrics = {row["kind"]: row for row in told("kinds", "metric")}
    assert list(metrics) == list(CATALOG["metric"])
    assert metrics["trace_ratio"]["title"] == "Trace ratio"
    assert all(row["meaning"] for row in metrics.values())
    assert "Nothing is thrown away" in genloss("kinds", "regime").stdout


def test_an_unknown_role_and_a_broken_plug_in(genloss, told, monkeypatch):
    refused = genloss("kinds", "metrics")
    assert refused.exit_code == 2
    assert "no role 'metrics' (did you mean 'metric'?)" in refused.stderr
    monkeypatch.setitem(CATALOG["form"], "broken", "genloss.nowhere:Nothing")
    rows = {row["kind"]: row["meaning"] for row in told("kinds", "form")}
    assert rows["broken"].startswith("cannot be used: form: cannot load genloss.nowhere")
    assert not rows["rows"].startswith("cannot")


def test_of_many_names_the_nearest_are_offered_and_of_few_all(genloss, spec):
    many = genloss("plan", spec, 'metrics=["trace_rato"]').stderr.splitlines()[-1]
    assert "did you mean 'trace_ratio'" in many
    assert "`genloss kinds metric` lists all" in many
    assert len(many) < 250
    few = genloss("plan", spec, "learner=kd").stderr
    assert "known: gaussian, " in few
    assert ", categorical, kde, " in few
