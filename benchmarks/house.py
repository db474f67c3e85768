"""The size of two checkouts and how fast they start.

    python benchmarks/house.py [OLD NEW] [--rounds 15]

Code lines hold code: no docstring, comment or blank line. genloss/testing, which serves others'
tests, is counted apart. A function's length leaves out its docstring. Start-up is the median of
whole processes, the sides interleaved A B A B; only their ratio means anything on a busy machine.
"""

import argparse
import ast
import io
import statistics
import subprocess
import sys
import tempfile
import time
import tokenize
from dataclasses import dataclass
from pathlib import Path

from checkouts import REPOSITORY, Side, side

BLANK = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip

COMMANDS = {
    "import genloss": ["-c", "import genloss"],
    "genloss --help": ["-m", "genloss", "--help"],
}


@dataclass(frozen=True)
class House:
    """Counts over all Python files of a source folder."""

    files: int
    lines: int
    code: int
    testing: int
    longest_file: tuple[int, str]
    longest_function: tuple[int, str]


def code_lines(text: str) -> int:
    """Count the lines that hold code."""
    return len(lines_with_code(text))


def lines_with_code(text: str) -> set[int]:
    """Return the numbers of the lines that hold code."""
    return _lines_with_tokens(text) - _lines_of_docstrings(ast.parse(text))


def _lines_with_tokens(text: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        line
        for token in tokens
        if token.type not in BLANK
        for line in range(token.start[0], token.end[0] + 1)
    }


def _lines_of_docstrings(tree: ast.Module) -> set[int]:
    # Any string that stands alone: those below fields and constants are documentation too.
    alone = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
    return {line for text in alone for line in range(text.lineno, text.end_lineno + 1)}


def function_lines(tree: ast.Module) -> list[tuple[int, str]]:
    """Return the length of every function's body without its docstring, and its name."""
    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            out.append((node.end_lineno - body[0].lineno + 1 if body else 0, node.name))
    return out


def house(source: Path) -> House:
    """Count everything below source."""
    texts = {str(p.relative_to(source)): p.read_text() for p in sorted(source.rglob("*.py"))}
    code = {name: code_lines(text) for name, text in texts.items()}
    lines = {name: len(text.splitlines()) for name, text in texts.items()}
    testing = sum(n for name, n in code.items() if name.startswith("genloss/testing/"))
    functions = [
        (length, f"{name}:{function}")
        for name, text in texts.items()
        for length, function in function_lines(ast.parse(text))
    ]
    longest = max((n, name) for name, n in lines.items())
    total = sum(code.values()) - testing
    return House(len(texts), sum(lines.values()), total, testing, longest, max(functions))


def start_up(sides: list[Side], rounds: int) -> dict[str, list[float]]:
    """Return the median seconds of each command on each side; the first round is not counted."""
    times: dict[str, list[list[float]]] = {name: [[] for _ in sides] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            for one, taken in zip(sides, times[name], strict=True):
                begun = time.perf_counter()
                subprocess.run(
                    [sys.executable, *command], check=True, stdout=subprocess.DEVNULL,
                    env=one.environment(), cwd=one.source.parent,
                )  # fmt: skip
                if turn:
                    taken.append(time.perf_counter() - begun)
    return {name: [statistics.median(taken) for taken in both] for name, both in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sides", nargs="*", help="checkouts or revisions; none: this checkout")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="house-") as work:
        names = given.sides or [str(REPOSITORY)]
        sides = [side(name, Path(work) / str(i)) for i, name in enumerate(names)]
        houses = [house(one.source) for one in sides]
        medians = start_up(sides, given.rounds)
    print(f"{'':<18}" + "".join(f" {name[-20:]:>20}" for name in names))
    for what in ("files", "lines", "code", "testing"):
        print(f"{what:<18}" + "".join(f" {getattr(one, what):>20,}" for one in houses))
    for what, seconds in medians.items():
        print(f"{what + ', s':<18}" + "".join(f" {s:>20.3f}" for s in seconds))
    for what in ("longest_file", "longest_function"):
        for name, one in zip(names, houses, strict=True):
            length, where = getattr(one, what)
            print(f"{what.replace('_', ' ')} of {name}: {length} lines, {where}")


if __name__ == "__main__":
    main()
