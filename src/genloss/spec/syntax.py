"""Digests of the source of modules: of its syntax, without what is only words.

Words are comments, docstrings, what a class says of itself (`About`) and the block under
`if __name__ == "__main__"`, as far as no code reads them or runs them.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from genloss.core.code import text_digest

WORDS_ONLY = ("about", "about_options")
"""What a class says of itself; no number depends on it, unless its own code reads it."""

READ = (*WORDS_ONLY, "__doc__", "getdoc")
"""Names of words; where code has one of them, what it reads is code too."""

LONG = 2000
"""Bits of a whole number from which Python may refuse to write it in decimals."""


def tree_of(content: bytes) -> ast.Module | None:
    """Return the syntax tree of a source; None where it is not Python's."""
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError):
        return None


@dataclass(frozen=True)
class Source:
    """The source of a module; started: it is the script, whose main block has run too."""

    content: bytes
    started: bool


def words_read(sources: Sequence[bytes]) -> frozenset[str]:
    """Return the names in `READ` that the code of some modules has, also as texts (`getattr`)."""
    found = set[str]()
    for content in sources:
        tree = tree_of(content)
        for node in ast.walk(tree) if tree else ():
            match node:
                case ast.Name(id=str(name), ctx=ast.Load()) | ast.Attribute(attr=str(name)):
                    found.add(name)
                case ast.Constant(value=str(name)) | ast.alias(name=str(name)):
                    found.add(name)
    return frozenset(found & {*READ})


def digest(module: Source, read: frozenset[str]) -> str:
    """Return the digest of a module; read: see `words_read`, of all modules that go with it."""
    tree = tree_of(module.content)
    if tree is None:
        return text_digest(module.content.hex())
    return text_digest("".join(_written(tree, partial(_is_words, module.started, read))))


def _written(tree: ast.Module, is_words: Callable[[ast.AST, ast.stmt], bool]) -> Iterator[str]:
    """Yield a syntax tree as text that is the same under every version of Python."""
    # Not by calls: a sum of a thousand terms is a thousand nodes deep.
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Text):
            yield node
        elif isinstance(node, ast.AST):
            yield f"({type(node).__name__}"
            waiting.append(_Text(")"))
            for name, value in reversed([*ast.iter_fields(node)]):
                # Newer versions add empty fields; contexts and comments of types say nothing.
                if name in ("ctx", "kind", "type_comment") or value is None or value == []:
                    continue
                if name == "body" and isinstance(node, BODIES):
                    value = [inner for inner in value if not is_words(node, inner)]
                waiting += [value, _Text(f" {name}=")]
        elif isinstance(node, list):
            for inner in reversed(node):
                waiting += [_Text(","), inner]
        else:
            long = isinstance(node, int) and node.bit_length() > LONG
            yield f"{type(node).__name__}:{hex(node) if long else repr(node)}"


class _Text(str):
    """Text that is written as it is, beside constants, which may be texts too."""

    __slots__ = ()


BODIES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _is_words(started: bool, read: frozenset[str], node: ast.AST, inner: ast.stmt) -> bool:
    match inner:
        case ast.Expr(value=ast.Constant(value=str())):
            return not read & {"__doc__", "getdoc"}
        case ast.ImportFrom(module="genloss.core.about", level=0, names=names):
            return all(alias.asname is None for alias in names)
        case ast.If(test=test, orelse=[]):
            return isinstance(node, ast.Module) and not started and ast.unparse(test) == MAIN_BLOCK
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return isinstance(node, ast.ClassDef) and name in _unread(read) and _is_plain(value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return isinstance(node, ast.ClassDef) and name in _unread(read) and _is_plain(value)
        case ast.FunctionDef(name=name, decorator_list=[]):
            return isinstance(node, ast.ClassDef) and name in _unread(read)
    return False


MAIN_BLOCK = "__name__ == '__main__'"


def _unread(read: frozenset[str]) -> set[str]:
    return {*WORDS_ONLY} - read


def _is_plain(value: ast.expr) -> bool:
    """Return whether a value is a literal or an `About(...)`: making it does nothing else."""
    match value:
        case ast.Constant() | ast.Call(func=ast.Name(id="About") | ast.Attribute(attr="About")):
            return True
    return False
