from genloss.report.reading import measured
from genloss.report.references import USES, citations
from genloss.report.works import WORKS
from genloss.spec.registry import CATALOG

from .conftest import decay, make_run

SCORES = {"precision", "recall", "density", "coverage"}
COMPONENTS = {
    "low_perplexity_tail",
    "high_perplexity_tail",
    "smallest_component_std",
    "largest_component_std",
}


def keys(found):
    return {c.work for c in found}


def works(*names):
    return {WORKS[name] for name in names}


def test_every_kind_is_one_that_a_spec_may_name():
    for role in ("regime", "learner", "sampler", "form", "reality"):
        assert {kind.replace(" ", "_") for kind in USES[role]} <= set(CATALOG[role])
    # Two metrics have one class and names of their own.
    named = set(CATALOG["metric"]) | SCORES | COMPONENTS
    assert set(USES["metric"]) <= named


def test_every_work_has_a_use_and_every_use_a_work():
    used = {key for uses in USES.values() for names in uses.values() for key in names}
    assert used == set(WORKS)


def test_exactly_what_a_run_used_is_cited(tmp_path):
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}))
    (only,) = citations([run])
    assert only.work == WORKS["shumailov-2024"]
    assert only.used_for == ("regime replace", "learner gaussian")


def test_citations_of_several_runs_are_joined(tmp_path):
    scores = {"precision": decay(3, 2), "vendi_score(q=2)": decay(3, 2)}
    runs = [
        measured(
            make_run(
                tmp_path,
                "a",
                metrics=scores,
                reality={"kind": "two_moons"},
                learner={"kind": "kde"},
                regime={"kind": "accumulate"},
            )
        ),
        measured(
            make_run(
                tmp_path,
                "b",
                metrics={"real_share": decay(3, 2)},
                regime={"kind": "fresh", "n_real": 5},
                learner={"kind": "mine:Unknown"},
                sampler={"kind": "shrinkage", "lam": 0.5},
            )
        ),
    ]
    assert keys(citations(runs)) == works(
        "gerstgrasser-2024",
        "kazdan-2024",
        "pedregosa-2011",
        "kynkaanniemi-2019",
        "friedman-2023",
        "alemohammad-2023",
    )


def test_a_metric_that_did_not_apply_is_not_cited(tmp_path):
    run = measured(
        make_run(tmp_path, metrics={"real_share": decay(3, 2)}, absent={"vendi_score": "no rows"})
    )
    assert keys(citations([run])) == works("shumailov-2024")


def test_a_contaminating_law_counts_as_a_reality(tmp_path):
    regime = {"kind": "static_contamination", "law": {"kind": "zipf_mandelbrot", "k": 5}}
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}, regime=regime))
    assert works("dohmatob-2024", "suresh-2024") <= keys(citations([run]))


def test_an_experiment_cites_its_paper(tmp_path):
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}))
    found = citations([run], ["suresh-2024-survival", "nobody-1999-nothing"])
    assert keys(found) == works("shumailov-2024", "suresh-2024")
