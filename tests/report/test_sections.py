import pytest

from genloss.errors import StoreError
from genloss.report.sections import TARGETS, find_sections, natural
from genloss.store.files import read_sealed, write_sealed

from .conftest import make_experiment, make_run


def names(section):
    return [run.header.name for run in section.runs]


def test_experiments_come_first_then_loose_runs_by_reality(lab):
    found = find_sections([lab])
    assert [s.title for s in found] == [
        "Replace against accumulate",
        "Runs on digits8x8",
        "Runs on gaussian",
        "Runs on two moons",
        "Runs on zipf mandelbrot",
    ]
    assert names(found[0]) == [
        "n=10,replace",
        "n=10,accumulate",
        "n=100,replace",
        "n=100,accumulate",
    ]
    assert found[1].targets is None


def test_the_same_run_is_shown_once(lab):
    experiment = lab / "kazdan-2024-gaussian-smoke"
    moons = next((lab / "loose").glob("moons-*"))
    found = find_sections([experiment, moons, lab / "loose", moons])
    assert [len(s.runs) for s in found] == [4, 1, 1, 1, 1]


def test_a_single_run_folder_is_a_section(lab):
    (section,) = find_sections([next((lab / "loose").glob("line-*"))])
    assert names(section) == ["line"]


def test_loose_runs_are_in_the_order_people_count(tmp_path):
    for n in (100, 9, 32):
        make_run(tmp_path, f"n={n}", n_real=n)
    (section,) = find_sections([tmp_path])
    assert names(section) == ["n=9", "n=32", "n=100"]


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(StoreError, match="holds no runs"):
        find_sections([tmp_path])
    with pytest.raises(StoreError, match="holds no runs"):
        find_sections([tmp_path / "nowhere"])


def test_targets_whose_runs_are_gone_are_refused(tmp_path):
    folder = make_experiment(tmp_path)
    content = read_sealed(folder / TARGETS)
    content["runs"]["n=10,replace"] = "gone-0000"
    write_sealed(folder / TARGETS, content)
    with pytest.raises(StoreError, match="gone-0000, which is gone"):
        find_sections([folder])


@pytest.mark.parametrize("content", [{}, {"runs": []}, {"runs": {}, "title": "x"}])
def test_foreign_targets_are_refused(tmp_path, content):
    make_run(tmp_path)
    write_sealed(tmp_path / TARGETS, content)
    with pytest.raises(StoreError, match="not a list of verdicts"):
        find_sections([tmp_path])


def test_damaged_targets_are_refused(tmp_path):
    folder = make_experiment(tmp_path)
    text = (folder / TARGETS).read_text()
    (folder / TARGETS).write_text(text.replace('"passed": true', '"passed": false', 1))
    with pytest.raises(StoreError, match=r"targets\.json is damaged"):
        find_sections([folder])


@pytest.mark.parametrize("named", [True, False])
def test_doses_are_in_the_order_of_numbers(tmp_path, named):
    doses = (0.1, 0.01, 0.5, 0, 0.05, 0.25, 1e-5)
    for dose in doses:
        name = f"mix,real_fraction={dose}" if named else "mix"
        make_run(tmp_path, name, regime={"kind": "mix", "real_fraction": dose})
    (section,) = find_sections([tmp_path])
    shown = [run.spec["regime"]["real_fraction"] for run in section.runs]
    assert shown == sorted(doses)


def test_names_are_in_the_order_people_count():
    names = ["x=-1", "x=-0.5", "x=0", "x=2e-3", "x=0.05", "x=0.1", "x=9", "x=32", "x=1e3"]
    assert sorted([*names[4:], *names[:4]], key=natural) == names
    assert sorted(["run-2", "run-10", "run-1"], key=natural) == ["run-1", "run-2", "run-10"]
