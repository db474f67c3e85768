from genloss.core.about import Entry, Work, about_class
from genloss.core.about import works as all_works
from genloss.report.measured import measured
from genloss.report.references import citations
from genloss.spec.build import find_class
from genloss.spec.registry import CATALOG

from .conftest import decay, make_run


def keys(found):
    return {c.work for c in found}


def works(*names):
    return {all_works()[name] for name in names}


def test_every_work_has_a_use_and_every_use_a_work():
    classes = [find_class(r, k, r) for r, kinds in CATALOG.items() for k in kinds]
    abouts = [about for cls in classes if (about := about_class(cls))]
    assert {key for about in abouts for key in about.works} == set(all_works())


def test_exactly_what_a_run_used_is_cited(tmp_path):
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}))
    (only,) = citations([run])
    assert only.work == all_works()["shumailov-2024"]
    assert only.used_for == ("learner gaussian", "regime replace")


def test_citations_of_several_runs_are_joined(tmp_path):
    scores = {"manifold[precision]": decay(3, 2), "vendi_score(q=2)": decay(3, 2)}
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
        "naeem-2020",
        "friedman-2023",
        "alemohammad-2023",
    )


def test_a_metric_that_did_not_apply_is_not_cited(tmp_path):
    run = measured(
        make_run(tmp_path, metrics={"real_share": decay(3, 2)}, absent={"vendi_score": "no rows"})
    )
    assert keys(citations([run])) == works("shumailov-2024")


def test_a_contaminating_law_counts_as_a_reality(tmp_path):
    law = {"kind": "zipf_mandelbrot", "k": 5}
    regime = {"kind": "static_contamination", "law": law, "n_foreign": 3}
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}, regime=regime))
    assert works("dohmatob-2024", "suresh-2024") <= keys(citations([run]))


def test_an_experiment_cites_its_paper(tmp_path):
    run = measured(make_run(tmp_path, metrics={"real_share": decay(3, 2)}))
    found = citations([run], ["suresh-2024-survival", "nobody-1999-nothing"])
    assert keys(found) == works("shumailov-2024", "suresh-2024")


def test_another_package_is_cited_by_what_it_brought(tmp_path):
    own = Work("student-1908", "Student", 1908, "The Probable Error of a Mean", "Biometrika 6")
    about = {"learner": {"odd:Student": Entry("odd:Student", "Student's t", works=(own,))}}
    run = measured(make_run(tmp_path, about=about, learner={"kind": "odd:Student"}))
    (only,) = citations([run])
    assert (only.work, only.used_for) == (own, ("learner student",))
