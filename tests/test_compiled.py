"""Compiled code without a place to be kept: slower to start, and nothing worse."""

import subprocess
import sys

import pytest

CODE = """
import warnings
from genloss.compiled import compiled

source = "def half(x):\\n    return x / 2\\ndef twice(x):\\n    return 2 * x\\n"
names = {}
exec(compile(source, NOWHERE, "exec"), names)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("default")
    for name in ("half", "twice"):
        print(compiled()(names[name])(3.0))
print(len(told), told[0].message)
"""


@pytest.mark.parametrize(
    ("given", "advice"),
    [("", "set NUMBA_CACHE_DIR to a folder"), ("CACHE", "NUMBA_CACHE_DIR is CACHE, which cannot")],
)
@pytest.mark.slow
def test_nowhere_to_keep_compiled_code_is_a_warning_with_the_right_advice(tmp_path, given, advice):
    # Below a file nobody can make a folder, not even root.
    blocked = tmp_path / "file"
    blocked.write_text("")
    nowhere = str(blocked / "code.py")
    environment = {"HOME": str(blocked), "XDG_CACHE_HOME": str(blocked), "PATH": ""}
    if given:
        environment["NUMBA_CACHE_DIR"] = str(blocked / "cache")
    code = CODE.replace("NOWHERE", repr(nowhere))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    half, twice, told = done.stdout.splitlines()
    assert (float(half), float(twice)) == (1.5, 6.0)
    assert advice.replace("is CACHE", f"is {blocked / 'cache'}") in told
    assert told.startswith("1 ")
