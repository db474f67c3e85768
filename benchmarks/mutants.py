"""Which small changes of the source no test notices: mutants of metrics, core and theory.

Draws n mutants, spread over the modules in proportion to the root of how many each has. Each is
a change of the syntax tree: a comparison, an operator, a number, a sign, a condition. Against each
run, in a copy of the checkout with numba off, the tests that name the module or what it defines,
until one fails that passes without the change. Prints every mutant, with the difference where it
survives or is not judged (`seconds` for the fast tests, then for the slow ones), and ends with 1
where more than 3 % of those that were judged survive. Equivalents stand in mutants-equivalent.txt,
one a line: what is printed behind the fate, two blanks, # and why nothing can notice.

    python benchmarks/mutants.py [n=300] [seed=1] [seconds=300] [only=metrics/text]
"""

import ast
import difflib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src/genloss")
PLACES = ("metrics", "core", "theory", "models/torch/lm/writing")
EQUIVALENT = Path(__file__).with_name("mutants-equivalent.txt")
MOST_ALIVE = 0.03

COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """A module with one change; change is 'path:line: before -> after'."""

    path: Path
    change: str
    source: str
    difference: str


def sites(tree: ast.AST) -> list[tuple[int, int]]:
    """Return where a tree can change: the place of a node in the walk, and which change of it."""
    return [
        (place, i) for place, node in enumerate(ast.walk(tree)) for i in range(len(changed(node)))
    ]


def mutant(path: Path, source: str, place: int, variant: int) -> Mutant:
    """Return a module with one change."""
    clean, twin = ast.unparse(ast.parse(source)), ast.parse(source)
    target = next(node for i, node in enumerate(ast.walk(twin)) if i == place)
    line, before, after = target.lineno, _short(target), changed(target)[variant]
    for field in target._fields:
        setattr(target, field, getattr(after, field, None))
    text = ast.unparse(twin)
    difference = difflib.unified_diff(clean.splitlines(), text.splitlines(), "", "", "", "", 1, "")
    change = f"{path.as_posix()}:{line}: {before} -> {_short(target)}"
    return Mutant(path, " ".join(change.split()), text, "\n".join([*difference][3:]))


def _short(node: ast.AST) -> str:
    return ast.unparse(node.test if isinstance(node, ast.If | ast.IfExp) else node)


def changed(node: ast.AST) -> list[ast.AST]:
    """Return what a node may become: of its own type, other fields."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        return [
            ast.Compare(
                node.left, [COMPARISONS[type(node.ops[0])](), *node.ops[1:]], node.comparators
            )
        ]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not _types(node):
        return [ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)]
    if isinstance(node, ast.BoolOp):
        return [ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        other = not node.value if isinstance(node.value, bool) else node.value + 1
        return [ast.Constant(other)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [ast.UnaryOp(ast.UAdd(), node.operand)]
    if isinstance(node, ast.If | ast.IfExp):
        return [type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)]
    return []


def _types(node: ast.BinOp) -> bool:
    """Whether a `|` joins types, as in int | None."""
    words = re.findall(r"[A-Za-z]\w*", ast.unparse(node))
    return isinstance(node.op, ast.BitOr) and all(w[0].isupper() or w in TYPES for w in words)


TYPES = ("int", "float", "str", "bool", "tuple", "list", "dict", "np", "ndarray")


def draw(n: int, rng: random.Random, only: str) -> list[Mutant]:
    """Return up to n mutants, modules weighted by the root of how many each has."""
    files = [
        path
        for place in PLACES
        for path in sorted((ROOT / PACKAGE / place).rglob("*.py"))
        if only in path.as_posix()
    ]
    sources = {path.relative_to(ROOT): path.read_text() for path in files}
    pools = {path: found for path, text in sources.items() if (found := sites(ast.parse(text)))}
    for pool in pools.values():
        rng.shuffle(pool)
    out: list[Mutant] = []
    while len(out) < n and pools:
        [path] = rng.choices(list(pools), [len(pool) ** 0.5 for pool in pools.values()])
        out.append(mutant(path, sources[path], *pools[path].pop()))
        pools = {path: pool for path, pool in pools.items() if pool}
    return out


def relevant_tests(path: Path, deep: bool) -> list[str]:
    """Return the tests that name a module, or two of its public names; the nearest first."""
    module = ".".join(path.with_suffix("").parts[1:])
    tree = ast.parse((ROOT / path).read_text())
    names = [n.name for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
    public = [name for name in names if not name.startswith("_")]
    named = re.compile(rf"\b{re.escape(module)}\b|\bimport [^\n]*\b{module.rsplit('.')[-1]}\b")
    scores = {}
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        text = test.read_text()
        hits = sum(bool(re.search(rf"\b{name}\b", text)) for name in public)
        own = test.stem.removeprefix("test_") == path.stem
        if own or named.search(text) or hits >= min(2, len(public) or 1):
            scores[test.relative_to(ROOT).as_posix()] = (own, bool(named.search(text)), hits)
    laws = [f"tests/contracts/{name}.py" for name in LAWS.get(path.parts[2], ())]
    nearest = sorted(scores, key=scores.__getitem__, reverse=True)[:8]
    if deep and not any(own for own, *_ in scores.values()):
        # A module without a test of its own is tested through those that import it.
        users = (p.relative_to(ROOT) for p in (ROOT / PACKAGE).rglob("*.py") if _imports(p, module))
        nearest += [test for user in users for test in relevant_tests(user, deep=False)[:2]]
    return list(dict.fromkeys(nearest + laws))


def _imports(path: Path, module: str) -> bool:
    package, _, name = module.rpartition(".")
    text = path.read_text()
    return f"from {module} import" in text or bool(
        re.search(rf"from {re.escape(package)} import [^\n]*\b{name}\b", text)
    )


LAWS = {"metrics": ("test_metric_bindings", "test_metric_laws", "test_text_metrics")}
"""Tests that run over a catalogue and name no module."""


def fate(found: Mutant, checkout: Path, seconds: float) -> str:
    """Run the tests against a mutant, the fast ones first: killed, alive or not judged."""
    tests = relevant_tests(found.path, deep=True)
    place = checkout / found.path
    before = place.read_text()
    try:
        for lane in ("not slow and not deep", "slow"):
            place.write_text(found.source)
            failed = failing(checkout, [*tests, "-m", lane], seconds) if tests else ""
            place.write_text(before)
            if failed:
                return "not judged" if failing(checkout, [failed], seconds) else "killed"
        return "alive"
    except subprocess.TimeoutExpired:
        return "not judged"
    finally:
        place.write_text(before)


def failing(checkout: Path, words: list[str], seconds: float) -> str:
    """Return the first test that fails, or nothing."""
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(checkout / "src"),
    }
    command = [sys.executable, "-m", "pytest", "-xq", "--tb=no", "-p", "no:cacheprovider", *words]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=seconds
    )
    if done.returncode in (0, NO_TESTS):
        return ""
    where = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", done.stdout, re.MULTILINE)
    return where[1] if where else words[0]


NO_TESTS = 5
"""What pytest returns where a lane is empty."""


def main(arguments: list[str]) -> int:
    options = dict(a.split("=") for a in arguments)
    n, seed = int(options.get("n", "300")), int(options.get("seed", "1"))
    seconds = float(options.get("seconds", "300"))
    known = {line.partition("  # ")[0] for line in EQUIVALENT.read_text().splitlines()}
    print(f"seed {seed}, {n} mutants", flush=True)
    fates: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "genloss"
        left_out = shutil.ignore_patterns(
            ".venv", ".git", "runs", "site", "__pycache__", ".*_cache"
        )
        shutil.copytree(ROOT, checkout, ignore=left_out)
        for i, found in enumerate(draw(n, random.Random(seed), options.get("only", ""))):
            equivalent = found.change in known
            fates.append("equivalent" if equivalent else fate(found, checkout, seconds))
            print(f"{i + 1}: {fates[-1]}: {found.change}", flush=True)
            if fates[-1] in ("alive", "not judged"):
                print(found.difference, flush=True)
    counts = {f: fates.count(f) for f in ("killed", "alive", "not judged", "equivalent")}
    share = counts["alive"] / max(counts["alive"] + counts["killed"], 1)
    print(", ".join(f"{count} {f}" for f, count in counts.items()), f"({share:.1%} alive)")
    return int(share > MOST_ALIVE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
