"""What a module may become by one change of its syntax tree."""

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

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
    ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {
    one: other
    for pair in (
        "min max",
        "argmin argmax",
        "minimum maximum",
        "floor ceil",
        "any all",
        "sum mean",
        "mean median",
        "zeros ones",
        "log exp",
        "floor round",
    )
    for one, other in (pair.split(), pair.split()[::-1])
}
"""Functions and methods that are easily taken for one another; the last pair of a name counts."""

TYPES = ("int", "float", "str", "bool", "tuple", "list", "dict", "np", "ndarray")


@dataclass(frozen=True)
class Site:
    """A place that can change: the node's number in the walk, and which change of it."""

    node: int
    variant: int


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    `change` names it for good: 'path scope: before -> after', and which of several alike. `lines`
    are those of the statement that changed; `owner` is the innermost function that runs it, or
    '' where the module or a class does when it is imported.
    """

    path: Path
    change: str
    owner: str
    lines: range
    source: str
    difference: str


@dataclass(frozen=True)
class Place:
    """A node, the statement that it is part of, the function that runs it, and where it stands."""

    node: ast.AST
    statement: ast.AST
    owner: str
    scope: str


def sites(source: str) -> list[Site]:
    """Return where a module can change."""
    return [
        Site(i, j)
        for i, place in enumerate(_places(ast.parse(source)))
        for j in range(len(_changed(place.node)))
    ]


def mutant(path: Path, source: str, site: Site) -> Mutant:
    """Return a module with one change."""
    clean, tree = ast.parse(source), ast.parse(source)
    name = change(path, list(_places(clean)), site)
    place = list(_places(tree))[site.node]
    after = _changed(place.node)[site.variant]
    lines = _lines(place)
    text = ast.unparse(ast.fix_missing_locations(_Exchange(place.node, after).visit(tree)))
    before = ast.unparse(clean)
    difference = difflib.unified_diff(before.splitlines(), text.splitlines(), "", "", "", "", 1, "")
    return Mutant(path, name, place.owner, lines, text, "\n".join([*difference][3:]))


def change(path: Path, places: Sequence[Place], site: Site) -> str:
    """Return the name of a change, see `Mutant`, from all places of the module."""
    place = places[site.node]
    change = f"{_short(place.node)} -> {_short(_changed(place.node)[site.variant])}"
    alike = [
        (i, j)
        for i, other in enumerate(places)
        if other.scope == place.scope and type(other.node) is type(place.node)
        for j, changed in enumerate(_changed(other.node))
        if f"{_short(other.node)} -> {_short(changed)}" == change
    ]
    which = alike.index((site.node, site.variant))
    words = f"{path.as_posix()} {place.scope or 'module'}: {change}"
    return " ".join(words.split()) + (f" ({which + 1})" if which else "")


class _Exchange(ast.NodeTransformer):
    """Puts one node in another's place."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _lines(place: Place) -> range:
    """Return the lines that run when a statement does; of one with a body, those of its head."""
    first, last = place.statement.lineno, place.statement.end_lineno
    body = getattr(place.statement, "body", None)
    if isinstance(body, list):
        last = max(first, body[0].lineno - 1)
    return range(first, last + 1)


def _places(tree: ast.AST) -> Iterator[Place]:
    """Walk what is computed: no annotation, docstring or class about types alone."""
    return _inside(tree, tree, "", "")


def _inside(node: ast.AST, statement: ast.AST, owner: str, scope: str) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _of_types(child):
                continue
            inside = (owner, scope)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and field == "body":
                scoped = f"{scope}.{node.name}".lstrip(".")
                inside = (scoped if isinstance(node, ast.FunctionDef) else owner, scoped)
            held = child if isinstance(child, ast.stmt) else statement
            if not isinstance(child, ast.FunctionDef | ast.ClassDef | ast.Module):
                yield Place(child, held, *inside)
            yield from _inside(child, held, *inside)


def _of_types(node: ast.AST) -> bool:
    """Whether only type checkers look at a node, or nobody but the shell."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test) or "__name__" in ast.unparse(node.test)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        words = re.findall(r"[A-Za-z]\w*", ast.unparse(node))
        return all(w[0].isupper() or w in TYPES for w in words)
    return False


def _short(node: ast.AST) -> str:
    text = ast.unparse(node.test if isinstance(node, ast.If | ast.IfExp | ast.While) else node)
    return text if len(text) < 200 else text[:120] + " ... " + text[-70:]


def _changed(node: ast.AST) -> list[ast.AST]:
    """Return what a node may become."""
    match node:
        case ast.Compare() if type(node.ops[0]) in COMPARISONS:
            return [_with(node, ops=[COMPARISONS[type(node.ops[0])](), *node.ops[1:]])]
        case ast.BinOp() if type(node.op) in OPERATORS:
            return [_with(node, op=OPERATORS[type(node.op)]())]
        case ast.AugAssign() if type(node.op) in OPERATORS:
            return [_with(node, op=OPERATORS[type(node.op)]())]
        case ast.BoolOp():
            return [_with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())]
        case ast.Constant() if type(node.value) in (int, float, bool):
            other = not node.value if isinstance(node.value, bool) else node.value + 1
            return [ast.Constant(other)]
        case ast.UnaryOp() if isinstance(node.op, ast.USub):
            return [_with(node, op=ast.UAdd())]
        case ast.UnaryOp() if isinstance(node.op, ast.Not | ast.Invert):
            return [node.operand]
        case ast.If() | ast.IfExp() | ast.While():
            return [_with(node, test=ast.UnaryOp(ast.Not(), node.test))]
        case ast.Call():
            return _called(node)
        case ast.Expr() if isinstance(node.value, ast.Call):
            return [ast.Pass()]
    return []


def _called(node: ast.Call) -> list[ast.AST]:
    """Return a call of the neighbouring function, and calls without one named argument."""
    out: list[ast.AST] = []
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in CALLS:
        field = "attr" if isinstance(node.func, ast.Attribute) else "id"
        out.append(_with(node, func=_with(node.func, **{field: CALLS[name]})))
    out += [
        _with(node, keywords=[k for k in node.keywords if k is not dropped])
        for dropped in node.keywords
        if dropped.arg in ("axis", "keepdims", "ddof", "side", "initial", "where")
    ]
    return out


def _with(node: ast.AST, **fields: object) -> ast.AST:
    out = deepcopy(node)
    for name, value in fields.items():
        setattr(out, name, deepcopy(value))
    return out
