"""Windows is refused in one line, whatever its Python lacks."""

import subprocess
import sys

import pytest

WINDOWS = """
import signal, sys
for lacking in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[lacking] = None
for name in ("SIGHUP", "SIGALRM", "setitimer"):
    delattr(signal, name)
sys.platform = "win32"
"""


def on_windows(code):
    words = [sys.executable, "-c", WINDOWS + code]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", ["import genloss.cli.main", "import genloss.__main__"])
def test_a_command_ends_with_one_line_that_says_what_to_use(code):
    done = on_windows(code)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("genloss: genloss runs on Linux and macOS; Windows lacks")
    assert "WSL" in line


def test_a_name_of_the_package_is_refused_as_it_is_used():
    done = on_windows("import genloss\ngenloss.run_study")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: genloss runs on Linux and macOS")
