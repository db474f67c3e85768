"""What a module imports, as far as its source says so; and the calls that bring in more."""

import ast
from collections.abc import Iterator

from genloss.spec.syntax import tree_of

BY_NAME = ("import_module", "__import__")
"""Calls that import a module; which one is known where its name stands there."""

RUNS = ("exec", "eval", "run_path", "run_module", "spec_from_file_location", "load_module")
"""Calls that run code that no import statement names."""

READS = (
    *("open", "read_text", "read_bytes", "load", "load_file", "loadtxt", "genfromtxt", "fromfile"),
    *("read_csv", "read_parquet", "read_json", "read_pickle", "from_pretrained"),
)
"""Calls that read files, on which numbers may depend as on code."""

BARE = ("exec", "eval", "open", "__import__")
"""Those that are functions of Python: `model.eval()` is another."""


def imported(content: bytes, is_package: bool, module: str) -> Iterator[str]:
    """Yield every name that a source may import as a module, by statement or by a call."""
    tree = tree_of(content)
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*above, *filter(None, [node.module])])
            yield from [start] if start else []
            yield from (f"{start}.{a.name}".strip(".") for a in node.names)
        elif isinstance(node, ast.Call) and called(node) in BY_NAME and (name := _named(node)):
            level = len(name) - len(name.lstrip("."))
            above = package[: len(package) - level + 1] if level else []
            yield ".".join([*above, name.lstrip(".")])


def unseen(content: bytes) -> list[str]:
    """Return the calls of a source that bring in what imports do not name: code, or files.

    Files not, where it has an `identity`, which says what was read and is asked again and again;
    nor functions of genloss that are called alike.
    """
    nodes = list(ast.walk(tree)) if (tree := tree_of(content)) else []
    ours = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "genloss"
        for alias in node.names
    }
    says = any(isinstance(n, ast.FunctionDef) and n.name == "identity" for n in nodes)
    asked = {*BY_NAME, *RUNS, *(() if says else READS)}
    found = set[str]()
    for node in nodes:
        if not isinstance(node, ast.Call) or (name := called(node)) not in asked:
            continue
        bare = isinstance(node.func, ast.Name)
        known = name in BY_NAME and bool(_named(node))
        if not known and (name not in ours if bare else name not in BARE):
            found.add(name)
    return sorted(found)


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _named(node: ast.Call) -> str:
    """Return the module that a call imports, where its name is a constant."""
    match node.args:
        case [ast.Constant(value=str(name)), *_]:
            return name
    return ""
