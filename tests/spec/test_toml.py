"""Values of TOML on the command line, and files as editors leave them."""

import pytest

from genloss.errors import SpecError
from genloss.spec.toml import parsed
from genloss.study.load import load_study
from genloss.study.sweep import load_sweep

TOML = """
n_real = 9
generations = 3
reality = "gaussian"
learner = { kind = "gaussian", ddof = 1 }
"""


@pytest.mark.parametrize("text", ["{ kind = 'mix', real_fraction = .1 }", "[1, 2", '"a" b'])
def test_what_begins_as_toml_and_is_none_is_no_word(text):
    with pytest.raises(SpecError, match="is not TOML"):
        parsed(text)


def test_lists_to_vary_need_no_brackets(tmp_path):
    (tmp_path / "s.toml").write_text("\ufeff" + TOML, encoding="utf-8")

    def cells(text):
        return [options for options, _ in load_sweep(tmp_path / "s.toml", vary=[text]).cells]

    assert cells("n_real=10,20") == cells("n_real=[10, 20]") == [{"n_real": 10}, {"n_real": 20}]
    words = [{"regime": "replace"}, {"regime": "accumulate"}]
    assert cells("regime=replace,accumulate") == cells('regime="replace","accumulate"') == words
    table = {"kind": "fresh", "n_real": 3}
    assert cells("regime='replace',{kind='fresh',n_real=3}") == [words[0], {"regime": table}]
    with pytest.raises(SpecError, match="is not TOML"):
        cells("regime=[replace,accumulate]")


def test_a_maker_that_never_enters_is_refused(tmp_path):
    path = tmp_path / "s.toml"
    makers = '{ kind = "makers", learners = [{ kind = "gaussian", ddof = 1 }], enters = [1, 4] }'
    path.write_text(f'n_real = 9\nreality = "gaussian"\nlearner = {makers}\nregime = "web"\n')
    assert load_study(path, ["generations=4"]).generations == 4
    with pytest.raises(SpecError, match="maker 2 enters at generation 4, and the run ends at 3"):
        load_study(path, ["generations=3"])
