"""Write the API reference in docs/api from signatures, docstrings and the registry: `make docs`.

One page for each role (every class that a spec can name), one for the other public names, and one
each for protocols, laws, closed forms, array functions and estimates. The pages are not checked in.
"""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import genloss
from genloss import testing
from genloss.core.about import about_class, cited
from genloss.spec.registry import CATALOG

TITLES = {
    "reality": "Realities",
    "learner": "Learners",
    "regime": "Regimes",
    "sampler": "Samplers",
    "form": "Forms",
    "curator": "Curators",
    "score": "Scores of rows",
    "scorer": "Scorers of text",
    "features": "Features",
    "metric": "Metrics",
}
"""The role in specs, and the title of its page."""

OTHERS = "Data, models, studies and runs"
"""What the public names that no spec can name are."""

ROOMS = ("core", "metrics", "study", "run", "judge", "plan")
"""Rooms whose protocols other packages implement; those of other rooms are private questions."""

WIDTH = 88
SECTION = re.compile(r"(Args|Returns|Yields|Raises):")
INDENT = " " * 4


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    roles = {f"{role}.md": role_page(role, kinds) for role, kinds in CATALOG.items()}
    return {
        "index.md": names_page(),
        **roles,
        "protocols.md": protocols_page(),
        "testing.md": testing_page(),
        "theory.md": functions_page("Closed forms", "genloss.theory"),
        "arrays.md": functions_page("Array functions of metrics", "genloss.metrics.arrays"),
        "estimates.md": module_page("Estimates over chains", "genloss.judge.estimates"),
    }


def role_page(role: str, kinds: Mapping[str, str]) -> str:
    """Return a page of all classes of a role, by their short name in specs."""
    head = f"# {TITLES[role]}\n\nShort names in specs, and the class behind each.\n"
    return "\n".join([head, *(_kind(kind, _loaded(place)) for kind, place in kinds.items())])


def names_page() -> str:
    """Return the page of the public names; those that a spec can name stand on the role's page."""
    places = {
        _loaded(place): (role, kind)
        for role, kinds in CATALOG.items()
        for kind, place in kinds.items()
    }
    links: dict[str, list[str]] = {title: [] for title in (*TITLES.values(), OTHERS)}
    entries = []
    for name in genloss.__all__:
        value = getattr(genloss, name)
        if value in places:
            role, kind = places[value]
            links[TITLES[role]].append(f"[{name}]({role}.md#{kind})")
        else:
            # Names that differ by capitals alone, such as a class and a function, share an anchor.
            again = sum(
                entry.lower().startswith(f"## genloss.{name}\n".lower()) for entry in entries
            )
            anchor = f"genloss{name.lower()}" + (f"_{again}" if again else "")
            links[OTHERS].append(f"[{name}](#{anchor})")
            entries.append(
                (_class if inspect.isclass(value) else _function)(f"genloss.{name}", value)
            )
    listed = [f"- {title}: {', '.join(names)}" for title, names in links.items() if names]
    return "\n".join([f"# API reference\n\n{prose(genloss.__doc__ or '')}", *listed, "", *entries])


def protocols_page() -> str:
    """Return the page of what a class of a user must or may offer."""
    parts = ["# Protocols\n\nWhat a learner, metric, regime or other part must or may offer.\n"]
    for room in ROOMS:
        home = importlib.import_module(f"genloss.{room}")
        for info in pkgutil.walk_packages(home.__path__, f"{home.__name__}."):
            module = importlib.import_module(info.name)
            for value in _own(module):
                if inspect.isclass(value) and getattr(value, "_is_protocol", False):
                    parts.append(_class(f"{info.name}.{value.__name__}", value))
    return "\n".join(parts)


def testing_page() -> str:
    """Return the page of the laws that a class of a user can be held to."""
    parts = [f"# Laws for tests\n\n{prose(testing.__doc__ or '')}"]
    for name in testing.__all__:
        value = getattr(testing, name)
        parts.append((_class if inspect.isclass(value) else _function)(name, value))
    return "\n".join(parts)


def functions_page(title: str, package: str) -> str:
    """Return the page of the public functions of a package, module by module."""
    home = importlib.import_module(package)
    parts = [f"# {title}\n\n{prose(home.__doc__ or '')}"]
    for info in pkgutil.iter_modules(home.__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        parts.append(f"## {module.__name__}\n\n{prose(module.__doc__ or '')}")
        parts += _entries(module, "###")
    return "\n".join(parts)


def module_page(title: str, name: str) -> str:
    """Return the page of the public functions of one module."""
    module = importlib.import_module(name)
    return "\n".join([f"# {title}\n\n{prose(module.__doc__ or '')}", *_entries(module, "##")])


def _entries(module: ModuleType, level: str) -> Iterator[str]:
    for value in _own(module):
        entry = _function if inspect.isfunction(value) else _class
        yield entry(value.__name__, value, level)


def prose(doc: str) -> str:
    """Return a docstring as Markdown: formulas stay as they are, sections become lists."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(doc))
    return "\n\n".join(_block(block) for block in blocks if block.strip()) + "\n"


def _block(block: str) -> str:
    first, _, rest = block.partition("\n")
    if SECTION.fullmatch(first.strip()):
        return _section(first.strip()[:-1], textwrap.dedent(rest))
    lines = block.splitlines()
    if first.startswith("| ") or re.match(r"[*-] ", first):
        return block
    if all(line.startswith(INDENT) for line in lines) or any(
        "  " in line.strip() for line in lines
    ):
        return f"```text\n{textwrap.dedent(block)}\n```"
    return escaped(block)


def _section(title: str, body: str) -> str:
    if title in ("Returns", "Yields"):
        return f"**{title}** {escaped(' '.join(body.split()))}"
    # A line that is not indented begins an item.
    items = [" ".join(item.split()) for item in re.split(r"\n(?=\S)", body)]
    split = [item.partition(": ") for item in items]
    return "\n".join([f"**{title}**", "", *(f"- `{n}`: {escaped(text)}" for n, _, text in split)])


def escaped(text: str) -> str:
    """Return text whose formulas Markdown does not take for emphasis, links or tags."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([\\*_<\[\]])", r"\\\1", p) for p in parts)


def _kind(kind: str, cls: type) -> str:
    about = about_class(cls)
    lines = [f"## {kind}", ""]
    if about is not None:
        lines += [f"**{escaped(about.title)}.** {escaped(about.meaning)}", ""]
    lines += [_code(_class_signature(cls)), "", prose(cls.__doc__ or "")]
    notes = [f"`{cls.__module__}:{cls.__name__}`", *_units(cls)]
    works = cited(about) if about is not None else []
    notes += [
        f"[{w.authors} {w.year}]({w.link})" if w.link else f"{w.authors} {w.year}" for w in works
    ]
    return "\n".join([*lines, "; ".join(notes), ""])


def _units(cls: type) -> list[str]:
    """Return unit and direction of a metric, where they do not depend on its fields."""
    unit, direction = getattr(cls, "unit", None), getattr(cls, "direction", None)
    words = [f"unit `{unit}`"] if isinstance(unit, str) else []
    return words + ([f"direction `{direction.name.lower()}`"] if hasattr(direction, "name") else [])


def _class(name: str, cls: type, level: str = "##") -> str:
    lines = [f"{level} {name}", "", _code(_class_signature(cls)), "", prose(cls.__doc__ or "")]
    for method, node in _methods(cls):
        lines += [_code(_signature(method, node)), "", prose(ast.get_docstring(node) or "")]
    return "\n".join(lines)


def _function(name: str, function: Callable[..., object], level: str = "##") -> str:
    node = _tree(function)
    assert isinstance(node, ast.FunctionDef)
    signature = _signature(function.__name__, node)
    return f"{level} {name}\n\n{_code(signature)}\n\n{prose(function.__doc__ or '')}"


def _methods(cls: type) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the public methods and properties that a class itself defines."""
    for node in _body(cls):
        if isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name == "__call__"):
            yield node.name, node


def _class_signature(cls: type) -> str:
    """Return Name(field: type = default, ...), the types as they are written."""
    if not dataclasses.is_dataclass(cls):
        return f"class {cls.__name__}"
    written = {
        node.target.id: ast.unparse(node.annotation)
        for base in reversed(cls.__mro__)
        for node in _body(base)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    fields = [f for f in dataclasses.fields(cls) if f.init]
    return _call(cls.__name__, [f"{f.name}: {written[f.name]}{_default(f)}" for f in fields])


def _default(field: "dataclasses.Field[object]") -> str:
    if field.default is not dataclasses.MISSING:
        return f" = {field.default!r}"
    return " = ..." if field.default_factory is not dataclasses.MISSING else ""


def _signature(name: str, node: ast.FunctionDef) -> str:
    if any(isinstance(d, ast.Name) and "property" in d.id for d in node.decorator_list):
        return f"{name}: {ast.unparse(node.returns) if node.returns else ''}"
    a = node.args
    plain = [*a.posonlyargs, *a.args]
    defaults = [None] * (len(plain) - len(a.defaults)) + list(a.defaults)
    parameters = [_parameter(p, d) for p, d in zip(plain, defaults, strict=True)]
    if a.vararg or a.kwonlyargs:
        parameters.append(f"*{ast.unparse(a.vararg) if a.vararg else ''}")
    parameters += [_parameter(p, d) for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    parameters += [f"**{ast.unparse(a.kwarg)}"] if a.kwarg else []
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return _call(name, [p for p in parameters if p not in ("self", "cls")], returns)


def _parameter(parameter: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(parameter) + (f" = {ast.unparse(default)}" if default else "")


def _call(name: str, parameters: list[str], returns: str = "") -> str:
    line = f"{name}({', '.join(parameters)}){returns}"
    if len(line) <= WIDTH or not parameters:
        return line
    return "\n".join([f"{name}(", *(f"{INDENT}{p}," for p in parameters), f"){returns}"])


def _code(text: str) -> str:
    return f"```python\n{text}\n```"


def _own(module: ModuleType) -> list[type | Callable[..., object]]:
    """Return the public classes and functions that a module defines, in the order of its file."""
    tree = ast.parse(inspect.getsource(module))
    nodes = (n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef))
    return [getattr(module, n.name) for n in nodes if not n.name.startswith("_")]


def _tree(value: type | Callable[..., object]) -> ast.stmt:
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


def _body(cls: type) -> list[ast.stmt]:
    if not cls.__module__.startswith("genloss"):
        return []
    node = _tree(cls)
    assert isinstance(node, ast.ClassDef)
    return node.body


def _loaded(place: str) -> type:
    module, _, name = place.partition(":")
    cls = getattr(importlib.import_module(module), name)
    assert isinstance(cls, type)
    return cls


def write(folder: Path) -> None:
    """Write the pages; those of an earlier state go."""
    folder.mkdir(exist_ok=True)
    texts = pages()
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("api")))
