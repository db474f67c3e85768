"""The reference chains: accepted as shipped, rejected when wrong, and made again by genloss."""

import ast
import copy
import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "reference_chains"
SYSTEMS = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture(scope="module")
def check():
    return runpy.run_path(str(FOLDER / "check.py"))


def chain_of(system):
    return json.loads((FOLDER / f"{system}.json").read_text())


def test_there_are_seven_of_less_than_a_megabyte():
    assert len(SYSTEMS) == 7
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < 1_000_000
    page = (FOLDER.parent / "reference-chains.md").read_text()
    assert all(f"reference_chains/{system}.json" in page for system in SYSTEMS)


def test_the_checker_is_plain_numpy():
    tree = ast.parse((FOLDER / "check.py").read_text())
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) == {"numpy"}


@pytest.mark.slow
def test_the_shipped_chains_are_right():
    command = [sys.executable, "-W", "error", str(FOLDER / "check.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{system}: right" for system in SYSTEMS]


def nudge(values, by):
    """Add to the first number in nested lists."""
    while isinstance(values[0], list):
        values = values[0]
    values[0] += by


def nudged(part, name, by):
    def change(chain):
        nudge(chain["generations"][2][part][name], by)

    return change


def swapped(chain):
    """Let generation 3 train on the samples of generation 1."""
    chain["generations"][3]["D"] = chain["generations"][1]["S"]


def option(name, value):
    def change(chain):
        chain["learner"][name] = value

    return change


def spread_out(chain):
    s = np.array(chain["generations"][2]["S"])
    chain["generations"][2]["S"] = (s.mean() + 3 * (s - s.mean())).tolist()


def shifted(chain):
    chain["generations"][4]["S"] = (np.array(chain["generations"][4]["S"]) + 9.0).tolist()


def moved_counts(chain):
    """Move every count to the rarest symbol."""
    s = chain["generations"][1]["S"]
    chain["generations"][1]["S"] = [[0] * 5 + [sum(row)] for row in s]


def one_token(chain):
    chain["generations"][2]["S"] = np.zeros((2, 30, 12), int).tolist()


def shuffled(chain):
    for g in chain["generations"][1:]:
        g["metrics"]["trace_ratio"].reverse()


WRONG = [
    ("gaussian-ml", option("ddof", 1), "p.cov differs"),
    ("gaussian-unbiased", option("ddof", 0), "p.cov differs"),
    ("gaussian-ml", swapped, "t = 3: D_t is not replace of S_0 .. S_2"),
    ("gaussian-unbiased", swapped, "t = 3: D_t is not accumulate"),
    ("gaussian-2d", swapped, "t = 3: D_t is not augment"),
    ("categorical", swapped, "t = 3: D_t is not replace"),
    ("gaussian-ml", nudged("p", "mean", 1e-8), "t = 2: p.mean differs by 1e-08"),
    ("gaussian-2d", nudged("p", "cov", 1e-7), "t = 2: p.cov differs"),
    ("categorical", nudged("p", "p", 1e-6), "t = 2: p.p differs"),
    ("kde", option("bandwidth", 0.4), "t = 1: p.bandwidth differs"),
    ("mixture", nudged("p", "means", 1e-3), "t = 2: p.means differs"),
    ("mixture", option("reg_covar", 1e-2), "t = 1: p.covs differs"),
    ("bigram", option("k", 1.0), "t = 1: p.next differs"),
    ("gaussian-ml", nudged("metrics", "w2_squared", 1e-7), "t = 2: metrics.w2_squared differs"),
    ("gaussian-unbiased", shuffled, "t = 1: metrics.trace_ratio differs"),
    ("gaussian-2d", nudged("metrics", "determinant_ratio", 1e-8), "determinant_ratio differs"),
    ("categorical", nudged("metrics", "entropy", 1e-8), "metrics.entropy differs"),
    ("categorical", nudged("metrics", "surviving_symbols", 1), "metrics.surviving_symbols differs"),
    ("kde", nudged("metrics", "held_out_nll", 1e-7), "metrics.held_out_nll differs"),
    ("mixture", nudged("metrics", "squared_l2", 1e-4), "metrics.squared_l2 differs"),
    ("bigram", nudged("metrics", "perplexity", 1e-7), "metrics.perplexity differs"),
    ("gaussian-ml", spread_out, "t = 2: the variance of S_t is not that of p_t"),
    ("kde", shifted, "t = 4: the mean of S_t is not that of p_t"),
    ("mixture", shifted, "t = 4: the mean of S_t is not that of p_t"),
    ("categorical", moved_counts, "t = 1: S_t holds symbols in other shares"),
    ("bigram", one_token, "t = 2: S_t holds pairs of tokens in other shares"),
]


@pytest.mark.parametrize(("system", "change", "why"), WRONG)
def test_a_wrong_chain_is_rejected(check, system, change, why):
    chain = chain_of(system)
    change(chain)
    found = list(check["problems"](chain))
    assert any(why in line for line in found), found


def answers_of(chain):
    generations = copy.deepcopy(chain["generations"][1:])
    return {
        "system": chain["system"],
        "generations": [{k: g[k] for k in ("t", "p", "metrics")} for g in generations],
    }


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_implementation_is_held_to_the_tolerance(check, system):
    chain = chain_of(system)
    answers = answers_of(chain)
    assert check["compare"](chain, answers) == ([], [])
    name = next(iter(chain["generations"][2]["p"]))
    for share, right in ((0.5, True), (20.0, False)):
        answers = answers_of(chain)
        nudge(answers["generations"][1]["p"][name], share * chain["tolerance"])
        wrong, _ = check["compare"](chain, answers)
        assert (wrong == []) is right
        assert right or f"t = 2: p.{name} differs" in wrong[0]


def test_components_may_come_in_any_order(check):
    chain = chain_of("mixture")
    answers = answers_of(chain)
    for g in answers["generations"]:
        g["p"] = {k: np.array(v)[:, ::-1].tolist() for k, v in g["p"].items()}
    assert check["compare"](chain, answers) == ([], [])


def test_what_is_left_out_or_unknown_is_said(check):
    chain = chain_of("gaussian-ml")
    answers = answers_of(chain)
    del answers["generations"][0]["metrics"]["sigma"], answers["generations"][3]
    wrong, left_out = check["compare"](chain, answers)
    assert wrong == []
    assert left_out[0] == "t = 1: metrics.sigma"
    assert "t = 4: p.mean" in left_out
    answers["generations"][0]["p"]["median"] = [1.0, 1.0]
    answers["generations"][1]["p"]["mean"] = [1.0, 1.0]
    answers["generations"][2]["t"] = 9
    wrong, _ = check["compare"](chain, answers)
    text = "\n".join(wrong)
    assert "t = 9 is no generation of the chain" in text
    assert "p.median is not known" in text
    assert "p.mean has shape (2,); expected (2, 1)" in text
    empty = {"generations": []}
    assert check["compare"](chain, empty)[0] == ["no p and no metric of any generation is given"]


def test_not_a_number_is_no_answer(check):
    chain = chain_of("kde")
    answers = answers_of(chain)
    answers["generations"][0]["metrics"]["trace_ratio"] = [float("nan")] * 2
    assert "t = 1: metrics.trace_ratio differs" in check["compare"](chain, answers)[0][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (json.dumps(answers_of(chain_of("gaussian-ml"))), 0, "mine.json: right"),
        ('{"system": "gaussian-ml", "generations": []}', 1, "no p and no metric"),
        ('{"system": "gauss", "generations": []}', 1, "unknown system 'gauss'; there are bigram"),
        ('{"generations": []}', 1, "mine.json holds no answers (KeyError: 'system')"),
        ("no json", 1, "mine.json holds no answers (JSONDecodeError"),
    ],
)
def test_answers_are_read_from_files(tmp_path, text, code, said):
    (tmp_path / "mine.json").write_text(text)
    command = [sys.executable, str(FOLDER / "check.py"), "mine.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def compiled(system):
    return [pytest.mark.slow] if system in ("bigram", "mixture") else []


@pytest.mark.parametrize("system", [pytest.param(s, marks=compiled(s)) for s in SYSTEMS])
def test_the_package_makes_them_again(system):
    """Bits may differ between processors; draws of these sizes do not."""
    made = runpy.run_path(str(FOLDER / "generate.py"))["chain"](system)
    shipped = chain_of(system)
    same(made, shipped, 10 * shipped["tolerance"], system)


def same(made, shipped, tolerance, where):
    assert type(made) is type(shipped), where
    if isinstance(made, dict):
        assert made.keys() == shipped.keys(), where
        for key in made:
            same(made[key], shipped[key], tolerance, f"{where}.{key}")
    elif isinstance(made, list) and made and isinstance(made[0], dict):
        for i, (one, other) in enumerate(zip(made, shipped, strict=True)):
            same(one, other, tolerance, f"{where}[{i}]")
    elif isinstance(made, (list, float)):
        np.testing.assert_allclose(made, shipped, rtol=tolerance, atol=tolerance, err_msg=where)
    else:
        assert made == shipped, where
