"""What classes say of themselves, and how it reaches about.json."""

import json
from dataclasses import dataclass

import pytest

from genloss.core.about import About, Work, about_class, about_object, cited, words_of, works
from genloss.core.regimes import Replace
from genloss.errors import SpecError
from genloss.metrics.features import Pixels
from genloss.metrics.rows import Manifold
from genloss.models.gaussian import GaussianLearner
from genloss.run.runner import run_study
from genloss.spec.build import build, find_class
from genloss.spec.parts import entries, entry_of, parts
from genloss.spec.registry import CATALOG
from genloss.study.study import study_from

ENTRIES = [(role, kind) for role, kinds in CATALOG.items() for kind in kinds]


@pytest.mark.parametrize(("role", "kind"), ENTRIES)
def test_every_class_says_what_it_is_under_its_own_name(role, kind):
    about = about_class(find_class(role, kind, role))
    assert about is not None
    assert about.kind == kind
    assert about.title[0].isupper() or about.title.startswith("n-gram")
    assert about.meaning.endswith(".")
    assert len(cited(about)) == len(about.works)


def test_titles_differ_within_a_role():
    for role, kinds in CATALOG.items():
        titles = [about_class(find_class(role, kind, role)).title for kind in kinds]
        assert len(set(titles)) == len(titles)


def test_the_scores_of_one_class_say_which_they_are():
    scores = about_class(Manifold).components
    assert tuple(score.label for score in scores) == Manifold.labels
    assert {a.title for k in ("smallest", "largest") if (a := widths(k))} == {
        "Narrowest component",
        "Widest component",
    }


def widths(which):
    return about_object(build("metric", {"kind": "component_std", "which": which}))


@dataclass(frozen=True)
class Quieter(Replace):
    """A class of somebody's that says nothing of itself."""


def test_nobody_inherits_what_a_base_says_of_itself():
    assert about_class(Quieter) is None
    entry = entry_of(Quieter(), f"{__name__}:Quieter")
    assert (entry.title, entry.meaning, entry.works) == ("Quieter", "", ())
    assert entry.trains_on == "only what the last model wrote"


def test_it_is_no_part_of_an_identity():
    from genloss.spec.build import describe

    assert "about" not in describe(GaussianLearner(ddof=1), identity=True)


def test_kinds_in_words():
    said = [words_of(k) for k in ("two_moons", "my.module:TwoMoons", "mnist")]
    assert said == ["two moons", "two moons", "mnist"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://a.example", " https://a.example"])
def test_only_https_becomes_a_link(link):
    with pytest.raises(SpecError, match="expected https"):
        Work("a-2000", "A", 2000, "T", "V", link)


def test_a_work_that_nobody_knows_is_refused():
    with pytest.raises(SpecError, match=r"odd cites 'nobody-1900', which is not in works\.toml"):
        cited(About("odd", "Odd", works=("nobody-1900",)))


def test_another_package_brings_its_works():
    own = Work("student-1908", "Student", 1908, "The Probable Error of a Mean")
    about = About("student", "Student", works=("kazdan-2024", own))
    assert cited(about) == [works()["kazdan-2024"], own]


SPEC = {
    "reality": {"kind": "zipf_mandelbrot", "k": 5},
    "learner": {"kind": "categorical", "k": 5},
    "n_real": 10,
    "generations": 1,
    "regime": {
        "kind": "switch",
        "first": {
            "kind": "static_contamination",
            "law": {"kind": "uniform_tokens", "k": 5},
            "n_foreign": 2,
        },
        "at": 1,
        "then": {"kind": "mix", "real_fraction": 0.1},
    },
    "metrics": [{"kind": "manifold", "k": 3}, "entropy"],
}


def test_parts_are_found_however_deep_they_stand():
    found = [(role, type(part).__name__) for role, part in parts(study_from(SPEC))]
    assert found == [
        ("reality", "ZipfMandelbrot"),
        ("learner", "CategoricalLearner"),
        ("regime", "Switch"),
        ("regime", "StaticContamination"),
        ("reality", "UniformTokens"),
        ("regime", "Mix"),
        ("sampler", "Ancestral"),
        ("form", "Rows"),
        ("metric", "Manifold"),
        ("features", "Pixels"),
        ("metric", "Entropy"),
    ]


def test_entries_are_those_of_the_parts():
    found = entries(study_from(SPEC))
    assert set(found["regime"]) == {"switch", "static_contamination", "mix"}
    assert found["metric"]["manifold(k=3)"].components[1].title == "Recall"
    assert found["regime"]["mix"].trains_on == "10 % real rows, the rest by the last model"
    assert found["features"]["pixels"].title == about_class(Pixels).title


def test_a_run_keeps_what_its_parts_say(tmp_path):
    study = study_from(SPEC)
    run = run_study(study, tmp_path, workers=1)
    assert run.about == entries(study)
    raw = json.loads((run.path / "about.json").read_text())["about"]
    assert raw["learner"]["categorical"]["works"][0]["key"] == "shumailov-2024"
