"""Classes of other packages: found by entry points, and never in anybody's way."""

import sys
from dataclasses import dataclass, replace

import pytest

from genloss.core.about import About
from genloss.core.regimes import Replace
from genloss.errors import SpecError
from genloss.metrics.laws import MeanError
from genloss.report.figures.paths import PATH
from genloss.spec import plugins
from genloss.spec.build import build, describe, find_class, kind_of, kinds
from genloss.spec.figures import check_figure_name, figure_names, find_figure
from genloss.spec.parts import entry_of
from genloss.study.study import identity, study_from

REGIME = """
from dataclasses import dataclass
from genloss.core.about import About
from genloss.core.regimes import Replace

@dataclass(frozen=True)
class Odd(Replace):
    about = About("odd", "Odd", "Odd rows.")
    every: int = 3
"""
SPEC = {
    "reality": "gaussian",
    "learner": {"kind": "gaussian", "ddof": 1},
    "n_real": 5,
    "generations": 1,
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a module with metadata, as pip would leave them."""

    def installed(name, source="", version="1.0", entries=""):
        module = name.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entries)
        plugins.plugins.cache_clear()
        plugins._installed.cache_clear()
        modules.append(module)

    modules = []
    monkeypatch.syspath_prepend(tmp_path)
    yield installed
    plugins.plugins.cache_clear()
    plugins._installed.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)


def entry(kind, path, group="genloss.regimes"):
    return f"[{group}]\n{kind} = {path}\n"


@pytest.mark.slow
def test_a_short_name_of_another_package_is_as_good_as_ours(install):
    install("odd-regimes", REGIME, "0.3", entry("odd", "odd_regimes:Odd"))
    part = build("regime", {"kind": "odd", "every": 2})
    assert type(part).__name__ == "Odd"
    assert describe(part) == {"kind": "odd", "every": 2}
    assert kind_of(type(part)) == "odd"
    assert kinds("regime")[-1] == "odd"
    with pytest.raises(SpecError, match=r"unknown regime 'od' \(did you mean 'odd'\?\)"):
        build("regime", "od")


@pytest.mark.slow
def test_its_distribution_is_part_of_the_identity_and_not_of_the_spec(install):
    install("odd-regimes", REGIME, "0.3", entry("odd", "odd_regimes:Odd"))
    study = study_from({**SPEC, "regime": "odd"})
    assert identity(study)["regime"] == {"kind": "odd", "every": 3, "from": "odd-regimes 0.3"}
    assert study_from(describe(study)) == study
    assert "from" not in identity(replace(study, regime=Replace()))["regime"]


@pytest.mark.slow
def test_a_class_named_by_another_module_has_its_short_name(install):
    install("inner-odd", REGIME)
    install("outer-odd", "from inner_odd import Odd\n", entries=entry("odd", "outer_odd:Odd"))
    assert kind_of(find_class("regime", "odd", "")) == "odd"


@pytest.mark.slow
def test_our_names_win(install):
    entries = entry("replace", "odd_regimes:Odd")
    install("odd-regimes", REGIME.replace('"odd"', '"replace"'), entries=entries)
    assert build("regime", "replace") == Replace()
    stranger = find_class("regime", "odd_regimes:Odd", "")
    assert kind_of(stranger) == "odd_regimes:Odd"


@pytest.mark.slow
def test_two_packages_with_one_name_are_both_named(install):
    install("odd-a", REGIME, "1.0", entry("odd", "odd_a:Odd"))
    install("odd-b", REGIME, "2.0", entry("odd", "odd_b:Odd"))
    with pytest.raises(SpecError, match=r"odd-[ab] .*and odd-[ab] .*uninstall one of them"):
        build("regime", "odd")
    one = build("regime", "odd_a:Odd")
    assert describe(one)["kind"] == "odd_a:Odd"


@pytest.mark.slow
@pytest.mark.parametrize("source", ["import nowhere_to_be_found", "1 / 0", "def", "Odd = 3"])
def test_one_that_cannot_be_imported_troubles_nobody_else(install, source):
    install("sick", source, "0.1", entry("odd", "sick:Odd") + entry("well", "sick:Well"))
    assert build("regime", "replace") == Replace()
    assert "odd" in kinds("regime")
    with pytest.raises(SpecError, match=r"cannot load sick:Odd of sick 0\.1|is not a dataclass"):
        build("regime", "odd")


@pytest.mark.slow
def test_metadata_that_cannot_be_read_trouble_nobody(install, tmp_path):
    install("odd-regimes", REGIME, "0.3", entry("odd", "odd_regimes:Odd"))
    sick = tmp_path / "sick-0.dist-info"
    sick.mkdir()
    (sick / "METADATA").write_bytes(b"\xff\xfe")
    (sick / "entry_points.txt").write_bytes(b"no group\n\xff = =\n[[")
    assert "odd" in kinds("regime")


@pytest.mark.slow
def test_entry_point_and_class_must_agree_on_the_name(install):
    install("odd-regimes", REGIME, "0.3", entry("other", "odd_regimes:Odd"))
    with pytest.raises(SpecError, match=r"odd-regimes 0\.3 installs 'other', but .* calls itself"):
        build("regime", "other")


@pytest.mark.slow
def test_only_one_of_its_role_is_taken(install):
    install("odd-regimes", REGIME, "0.3", entry("odd", "odd_regimes:Odd", "genloss.metrics"))
    with pytest.raises(SpecError, match="unknown regime 'odd'"):
        build("regime", "odd")


FIGURE = "from genloss.report.figures.drawing import Drawing\nODD = Drawing(dict, 'odd')\n"


def figure_entry(name, path="odd_figures:ODD"):
    return entry(name, path, "genloss.figures")


@dataclass(frozen=True)
class Measures(MeanError):
    about = About("measures", "Measures", figure="odd")


@pytest.mark.slow
def test_a_figure_of_another_package_is_known_by_its_name(install):
    with pytest.raises(
        SpecError, match="about of measures: unknown figure 'odd'; known: area, fan"
    ):
        entry_of(Measures(), "measures")
    install("odd-figures", FIGURE, entries=figure_entry("odd"))
    assert entry_of(Measures(), "measures").figure == "odd"
    assert figure_names() == ["area", "fan", "rarefaction", "path", "odd"]
    assert find_figure("odd", "").key == "odd"
    with pytest.raises(SpecError, match=r"unknown figure 'od' \(did you mean 'odd'\?\)"):
        check_figure_name("od", "here")
    # It is no kind of class.
    assert kind_of(Measures) == f"{__name__}:Measures"


def test_our_figures_win(install):
    install("odd-figures", FIGURE, entries=figure_entry("path"))
    assert find_figure("path", "") is PATH


@pytest.mark.slow
def test_two_packages_with_one_figure_are_both_named(install):
    for name in ("odd-a", "odd-b"):
        install(name, FIGURE, entries=figure_entry("odd", f"{name.replace('-', '_')}:ODD"))
    with pytest.raises(SpecError, match=r"odd-[ab] .*and odd-[ab] .*uninstall one of them"):
        entry_of(Measures(), "measures")


@pytest.mark.slow
@pytest.mark.parametrize("source", ["import nowhere_to_be_found", "1 / 0", "def", "EVEN = 3"])
def test_a_figure_that_cannot_be_loaded_is_known_all_the_same(install, source):
    install("odd-figures", source, "0.1", figure_entry("odd"))
    assert entry_of(Measures(), "measures").figure == "odd"
    with pytest.raises(SpecError, match=r"here: cannot load odd_figures:ODD of odd-figures 0\.1"):
        find_figure("odd", "here")


@pytest.mark.slow
def test_a_figure_is_never_named_by_its_path():
    with pytest.raises(SpecError, match="unknown figure"):
        check_figure_name("genloss.report.figures.paths:PATH", "here")
