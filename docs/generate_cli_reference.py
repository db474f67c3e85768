"""Write the command line reference from the commands' own help: `make golden`."""

import sys

from typer.testing import CliRunner

from genloss.cli.corpus.app import app as corpus
from genloss.cli.main import app

COMMANDS = [c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands]

OF_CORPUS = [c.name or getattr(c.callback, "__name__", "") for c in corpus.registered_commands]

HEAD = """# Command line

Generated from the help of each command by `make golden`; a test keeps it true. Every command takes
`--json`. Exit codes: 0 done, 1 a comparison failed, 2 bad input, 3 the machine lacks memory,
threads, file handles or disk, or a cluster's node or head does not answer, 129, 130 and 143 ended
by HUP, Ctrl-C or TERM. After the last four, the same command goes on where it was.
"""


def reference() -> str:
    """Return the page."""
    runner = CliRunner(env={"COLUMNS": "96", "TERMINAL_WIDTH": "96"})
    parts = [HEAD]
    groups = ["corpus"], *(["corpus", name] for name in OF_CORPUS)
    for words in ([], *([name] for name in COMMANDS), *groups):
        shown = runner.invoke(app, [*words, "--help"], prog_name="genloss")
        title = " ".join(["genloss", *words])
        text = "\n".join(line.rstrip() for line in shown.output.strip().splitlines())
        parts.append(f"## {title}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(reference())
