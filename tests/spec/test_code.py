"""Digests of other people's code: what changes them, what does not, and what has none."""

import importlib
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from genloss.core.code import Code
from genloss.spec.code import _distributions, code_of
from genloss.study.study import study_from

LEARNER = '''
"""A learner of one's own."""
import math
from dataclasses import dataclass
from own.helpers import scale
from . import more
from genloss.core.about import About

@dataclass(frozen=True)
class Learner:
    """It learns."""
    about = About("own", "Own", "It learns.")
    k: int = 1

    def fit(self):
        """Fit."""
        return scale(self.k) + more.MORE  # and more

if __name__ == "__main__":
    print("hello")
'''
FILES = {
    "own/__init__.py": "",
    "own/learner.py": LEARNER,
    "own/helpers.py": "from own.deep.inner import TWO\ndef scale(k):\n    return TWO * k\n",
    "own/deep/__init__.py": "",
    "own/deep/inner.py": "TWO = 2\n",
    "own/more.py": "MORE = 0\n",
    "own/unused.py": "X = 1\n",
    "own/pattern.py": "def f(x: int) -> str:\n    return f'{x!r:>4}'\n",
}


@dataclass(frozen=True)
class Holder:
    part: Any


def unseen(code: Code) -> list[str]:
    """Return what cannot be checked of the modules that were written, not of this one."""
    return [what for what in code.unchecked if what.startswith("own.")]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes files and returns the code of a class in them."""

    def code(changes=None, module="own.learner", name="Learner"):
        for path, text in {**FILES, **(changes or {})}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        forget()
        return code_of(Holder((getattr(importlib.import_module(module), name)(),)))

    def forget():
        importlib.invalidate_caches()
        for known in [m for m in sys.modules if m.partition(".")[0] in ("own", "alone", "beside")]:
            del sys.modules[known]

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield code
    forget()


def own(code):
    return {m: d for m, d in code.modules.items() if m.startswith("own")}


def test_what_imports_reach_is_covered_and_nothing_else(write):
    assert list(own(write())) == [
        "own", "own.deep", "own.deep.inner", "own.helpers", "own.learner", "own.more",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("own/learner.py", "scale(self.k)", "scale(self.k + 1)"),
        ("own/learner.py", "k: int = 1", "k: int = 2"),
        ("own/learner.py", "k: int = 1", "k: float = 1"),
        ("own/deep/inner.py", "2", "2.0"),
        ("own/deep/inner.py", "TWO = 2", "TWO = '2'"),
        ("own/more.py", "0", "False"),
        ("own/deep/__init__.py", "", "import os"),
    ],
)
def test_what_may_change_a_number_changes_the_digest(write, file, old, new):
    before = write()
    after = write({file: FILES[file].replace(old, new) if old else new})
    assert before.digest != after.digest
    changed = {m for m in before.modules if before.modules[m] != after.modules[m]}
    assert changed == {file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# and more", ""),
        ('"""Fit."""', '"""Fit anew."""'),
        ('"""A learner of one\'s own."""', ""),
        ('"It learns.")', '"It learns much.", headline=True)'),
        ("from genloss.core.about import About\n", "from genloss.core.about import About, Work\n"),
        ('print("hello")', 'print("good bye")'),
        ("return scale(self.k) + more.MORE", "return (scale(self.k)\n            + more.MORE)"),
        ('    about = About("own", "Own", "It learns.")\n', ""),
    ],
)
def test_words_change_nothing(write, old, new):
    assert old in LEARNER
    assert write({"own/learner.py": LEARNER.replace(old, new)}).modules == write().modules


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        # Of these, only one that nobody runs is not code.
        ('if __name__ != "__mp_main__":\n    SCALE = 7\n', "7", "8"),
        ('if __name__ == "own.learner":\n    SCALE = 7\n', "7", "8"),
        ('if __name__ in ("__main__", "own.learner"):\n    SCALE = 7\n', "7", "8"),
        ('if __name__ == "__main__":\n    pass\nelse:\n    SCALE = 7\n', "7", "8"),
        ('if __name__ == "__main__":\n    pass\nelif True:\n    SCALE = 7\n', "7", "8"),
        # What a class says of itself is code where code reads it, or where saying it does more.
        ("class A:\n    trains_on = 7\n", "7", "8"),
        ("class A:\n    def trains_on(self):\n        return 7\n", "7", "8"),
        ("class A:\n    about = 7\n    def fit(self):\n        return self.about\n", "7", "8"),
        ('class A:\n    about = 7\nSCALE = getattr(A, "about")\n', "7", "8"),
        (
            "class A:\n    def about_options(self):\n        return 7\nB = A().about_options()",
            "7",
            "8",
        ),
        ("class A:\n    about = print(7)\n", "7", "8"),
        ("class A:\n    @print\n    def about_options(self):\n        return 7\n", "7", "8"),
        ('def f():\n    """7"""\n    return len(f.__doc__)\n', "7", "77"),
        ("from genloss.core.about import Work as W\n", "Work", "Entry"),
    ],
)
def test_what_looks_like_words_and_is_code_changes_the_digest(write, text, old, new):
    before = write({"own/learner.py": LEARNER + text})
    after = write({"own/learner.py": LEARNER + text.replace(old, new)})
    assert before.digest != after.digest


def test_words_that_another_module_reads_are_code(write):
    reader = {"own/more.py": "def scale(learner):\n    return learner.about.k\n"}
    before = write(reader)
    after = write({**reader, "own/learner.py": LEARNER.replace('"It learns.")', '"It.")')})
    assert before.modules["own.learner"] != after.modules["own.learner"]


@pytest.mark.slow
def test_the_main_block_of_the_script_that_was_started_is_code(write, monkeypatch):
    """It has run, and may have set what functions read; it counts in workers, too."""
    block = 'if __name__ == "__main__":\n    SCALE = {}\n'
    digests = {}
    for scale in (7, 8):
        digests[scale] = {write({"own/learner.py": LEARNER + block.format(scale)}).digest}
        for main in ("__main__", "__mp_main__"):
            with monkeypatch.context() as started:
                started.setitem(sys.modules, main, sys.modules["own.learner"])
                learner = sys.modules["own.learner"].Learner()
                digests[scale].add(code_of(Holder((learner,))).digest)
    imported = digests[7] & digests[8]
    assert len(imported) == 1
    assert [len(d - imported) for d in digests.values()] == [1, 1]


@pytest.mark.slow
def test_long_numbers_and_long_sums_have_a_digest(write):
    digits, terms = "f" * 5000, " + ".join(["1"] * 2000)
    text = f"P = 0x{digits}\nQ = {terms}\n"
    before = write({"own/more.py": f"MORE = 0\n{text}"})
    after = write({"own/more.py": f"MORE = 0\n{text.replace('ff', 'fe', 1)}"})
    assert before.digest != after.digest


def test_a_module_beside_others_counts_with_its_folder(write):
    source = "import beside\nfrom dataclasses import dataclass\n\n@dataclass\nclass Alone:\n"
    source += "    k: int = 1\n"
    code = write({"alone.py": source, "beside.py": "X = 1\n"}, "alone", "Alone")
    assert {m for m in code.modules if m in ("alone", "beside")} == {"alone", "beside"}
    assert write({"beside.py": "X = 2\n"}, "alone", "Alone").digest != code.digest


@pytest.mark.parametrize(
    "text",
    [
        "import importlib\nh = importlib.import_module('own.unused')",
        "from importlib import import_module\nh = import_module('.unused', __package__)",
        "h = __import__('own.unused')",
    ],
)
def test_a_module_that_a_call_imports_is_covered(write, text):
    """The module says which: an edit of it is one of the class's code."""
    change = {"own/more.py": f"MORE = 0\n{text}\n"}
    before = write(change)
    assert unseen(before) == []
    assert write({**change, "own/unused.py": "X = 2\n"}).digest != before.digest


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("import importlib\ndef f(n): return importlib.import_module('own.' + n)", "import_module"),
        ("import runpy\ndef f(): return runpy.run_path('x.py')", "run_path"),
        ("def f():\n    with open('scale.txt') as file: exec(file.read())", "exec, open"),
        ("import numpy as np\ndef f(): return np.load('w.npy')", "load"),
        ("from pathlib import Path\ndef f(): return Path(__file__).read_text()", "read_text"),
    ],
)
def test_what_calls_bring_in_unseen_is_named(write, text, calls):
    code = write({"own/more.py": f"MORE = 0\n{text}\n"})
    assert unseen(code) == [f"own.more: what it gets by {calls}"]


@pytest.mark.parametrize(
    "text",
    [
        "def f(m, door): m.eval(); door.open(); door.exec()",
        "from genloss.store.folder import run_path\ndef f(x): return run_path(x, None)",
        "class A:\n    def identity(self): return open('w').read()",
    ],
)
def test_calls_of_other_things_by_these_names_and_of_what_is_identified_are_none(write, text):
    assert unseen(write({"own/more.py": f"MORE = 0\n{text}\n"})) == []


def test_an_identity_speaks_for_files_and_not_for_code(write):
    text = "MORE = 0\nclass A:\n    def identity(self): return exec(open('w').read())\n"
    assert unseen(write({"own/more.py": text})) == ["own.more: what it gets by exec"]


def test_compiled_code_is_named(write, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "fast.cpython-311-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    source = "try:\n    from own import fast\nexcept ImportError:\n    fast = None\n"
    assert unseen(write({"own/more.py": source + "MORE = 0\n"})) == ["own.fast: compiled code"]


def test_what_has_no_source_is_named():
    namespace = {"__name__": "__main__"}
    exec(
        "from dataclasses import dataclass\n@dataclass\nclass Cell:\n    k: int = 1\n"
        "Cell.__module__ = 'a_cell_of_a_notebook'",
        namespace,
    )
    code = code_of(Holder((namespace["Cell"](),)))
    assert "Cell: no source file (a notebook, a prompt, an archive)" in code.unchecked


@pytest.mark.slow
def test_an_installed_distribution_counts_by_its_version(write, tmp_path):
    before = write()
    info = tmp_path / "own_dist-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-dist\nVersion: 1.5\n")
    (info / "top_level.txt").write_text("own\n")
    record = "".join(f"{path},,\n" for path in FILES)
    (info / "RECORD").write_text(record)
    _distributions.cache_clear()
    code = write()
    assert code.packages == {"own-dist": "1.5"}
    assert own(code) == {}
    # An editable one installs a pointer, not the files.
    (info / "RECORD").write_text("__editable__.own.pth,,\n")
    _distributions.cache_clear()
    code = write()
    assert code.packages == {}
    assert own(code) == own(before)
    _distributions.cache_clear()


def test_our_own_classes_have_none():
    spec = {"reality": "gaussian", "learner": {"kind": "gaussian", "ddof": 1}}
    assert code_of(study_from({**spec, "n_real": 5, "generations": 1})) == Code()
