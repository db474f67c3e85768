"""Specs: text becomes a study and back; whatever is wrong is named, with the nearest right name."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloss.core.regimes import Mix, Replace
from genloss.errors import DataError, GenlossError, SpecError
from genloss.models.gaussian import GaussianLearner
from genloss.run.runner import run_study
from genloss.spec.build import build, describe
from genloss.spec.toml import merged, overridden, parsed, read_spec
from genloss.store.fingerprint import fingerprint
from genloss.study.load import load_study
from genloss.study.study import identity, study_from
from genloss.study.sweep import load_sweep

SPEC = {"reality": "gaussian", "learner": {"kind": "gaussian", "ddof": 1}, "n_real": 9}
SPEC |= {"generations": 3}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"regim": "replace"}, r"spec: unknown key 'regim' \(did you mean 'regime'\?\); Study"),
        ({"zzz": 1}, r"spec: unknown key 'zzz'; Study takes reality, learner, n_real"),
        ({"learner": {"kind": "gaussian", "dof": 1}}, r"learner: unknown key 'dof' \(did you mean"),
        ({"regime": "replaced"}, r"unknown regime 'replaced' \(did you mean 'replace'\?\); `gen"),
        ({"learner": "gaussian"}, "learner: ddof is missing; GaussianLearner needs it"),
        ({"learner": {"kind": "gaussian", "ddof": 2}}, r"learner\.ddof is 2; expected 0 or 1"),
        ({"learner": {"ddof": 1}}, "expected a name or a table with a kind, such as"),
        ({"learner": {"kind": 5}}, "expected a name or a table with a kind"),
        ({"learner": 5}, "learner is 5; expected a name or a table"),
        ({"n_real": "9"}, r"n_real is '9'; expected a whole number"),
        ({"n_real": 9.5}, r"n_real is 9\.5; expected a whole number"),
        ({"n_real": True}, r"n_real is True; expected a whole number"),
        ({"warm_start": 1}, "warm_start is 1; expected true or false"),
        ({"name": 7}, "name is 7; expected text"),
        ({"metrics": "sigma"}, "metrics is 'sigma'; expected a list"),
        (
            {"metrics": ["sigmma"]},
            r"'sigmma' \(did you mean 'sigma'.*`genloss kinds metric` lists all",
        ),
        (
            {"metrics": ["sigma", {"kind": "symbol_probability"}]},
            r"metrics\[1\]: symbol is missing",
        ),
        ({"measure": 5}, r"measure is 5; expected a table of Schedule's fields"),
        ({"measure": {"evry": 5}}, r"measure: unknown key 'evry' \(did you mean 'every'"),
        ({"keep": {"at": [1, "2"]}}, r"keep\.at is .*; expected a list of whole numbers"),
        ({"regime": {"kind": "mix", "real_fraction": 40}}, "real_fraction is 40.*not a percentage"),
        ({"regime": {"kind": "mix", "real_fraction": "0.4"}}, "real_fraction is '0.4'; expected"),
        ({"reality": {"kind": "gaussian", "mean": [1.0, "x"]}}, r"reality\.mean is"),
        (
            {"regime": {"kind": "static_contamination", "law": "gausian", "n_foreign": 1}},
            r"regime\.law: unknown reality 'gausian' \(did you mean 'gaussian'",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(changes, why):
    with pytest.raises(SpecError, match=why):
        study_from({**SPEC, **changes})


@pytest.mark.parametrize("key", ["reality", "learner", "n_real", "generations"])
def test_a_missing_key_is_named(key):
    spec = {k: v for k, v in SPEC.items() if k != key}
    with pytest.raises(SpecError, match=f"spec: {key} is missing; Study needs it"):
        study_from(spec)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("genloss.core.regimes:Replacee", "cannot load genloss.core.regimes:Replacee"),
        ("genloss.core.nowhere:Replace", "cannot load"),
        (":Replace", "cannot load"),
        (".regimes:Replace", "cannot load"),
        ("genloss.core.regimes:concat", "is not a dataclass"),
        (
            "genloss.core.samplers:Ancestral",
            "regime: Ancestral is no regime, it lacks compose, remember, sizes; one",
        ),
        ("json:dumps", "is not a dataclass"),
    ],
)
def test_a_class_that_cannot_be_a_regime_is_refused(kind, why):
    with pytest.raises(SpecError, match=why):
        study_from({**SPEC, "regime": kind})


OWN = '''
"""A regime from outside the package."""
from dataclasses import dataclass
from genloss.core.roles import Sizes

@dataclass(frozen=True)
class Alternate:
    """Reality in every k-th generation, else the last samples."""
    k: int = 2

    def sizes(self, t, n_real, n):
        return Sizes(n_real if t % self.k == 1 else n, n)

    def compose(self, history, fresh, rng):
        return history.real if history.t % self.k == 1 else history.synthetic[-1]

    def remember(self, history):
        return history.keeping_last(1)
'''


def test_a_class_of_ones_own_is_named_by_module_and_class(tmp_path, monkeypatch):
    (tmp_path / "own_regimes.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    spec = {**SPEC, "regime": {"kind": "own_regimes:Alternate", "k": 3}, "metrics": ["real_share"]}
    study = study_from(spec)
    assert describe(study)["regime"] == {"kind": "own_regimes:Alternate", "k": 3}
    assert study_from(describe(study)) == study
    run = run_study(study, tmp_path / "runs", workers=1)
    assert run.series["real_share"].values[:, 0].tolist() == [1, 1, 0, 0]


NESTED = '''
"""A learner whose options are in a table of their own."""
from dataclasses import dataclass, field
from genloss.models.gaussian import GaussianLearner

@dataclass(frozen=True)
class Options:
    ddof: int = 1

@dataclass(frozen=True)
class Nested:
    options: Options = field(default_factory=Options)

    def fit(self, train, rng, *, init=None, valid=None):
        return GaussianLearner(self.options.ddof).fit(train, rng)

    def restore(self, state):
        return GaussianLearner(self.options.ddof).restore(state)
'''


def test_a_table_of_options_needs_no_kind(tmp_path, monkeypatch):
    (tmp_path / "own_learners.py").write_text(NESTED)
    monkeypatch.syspath_prepend(tmp_path)
    kind = "own_learners:Nested"
    study = study_from({**SPEC, "learner": {"kind": kind, "options": {"ddof": 0}}})
    told = describe(study)
    assert told["learner"] == {"kind": kind, "options": {"ddof": 0}}
    assert study_from(told) == study
    with pytest.raises(
        SpecError, match=r"learner\.options: unknown key 'dof' \(did you mean 'ddof'"
    ):
        study_from({**SPEC, "learner": {"kind": kind, "options": {"dof": 0}}})


def test_defaults_are_written_out():
    told = describe(study_from(SPEC))
    assert told["regime"] == {"kind": "replace"}
    assert (told["n_synthetic"], told["chains"], told["chains_per_block"]) == (9, 1, 1)
    assert told["measure"] == {"every": 1, "at": []}
    assert json.loads(json.dumps(told)) == told


def test_what_cannot_be_written_down_is_refused():
    @dataclass(frozen=True)
    class Odd:
        f: object = len

    with pytest.raises(SpecError, match="cannot be written into a spec; give it a class"):
        describe(Odd(lambda: 1))


TABLES = {
    "reality": st.one_of(
        st.just("gaussian"),
        st.fixed_dictionaries({"kind": st.just("gaussian"), "variance": st.floats(0.1, 9)}),
        st.fixed_dictionaries({"kind": st.just("mode_grid"), "side": st.integers(2, 4)}),
        st.fixed_dictionaries({"kind": st.just("two_moons"), "noise": st.floats(0, 1)}),
        st.fixed_dictionaries({"kind": st.just("blobs"), "law": st.sampled_from([0, "per_chain"])}),
    ),
    "learner": st.one_of(
        st.fixed_dictionaries({"kind": st.just("gaussian"), "ddof": st.sampled_from([0, 1])}),
        st.fixed_dictionaries(
            {"kind": st.just("kde"), "bandwidth": st.sampled_from(["scott", 0.5, 2])}
        ),
        st.fixed_dictionaries(
            {"kind": st.just("mixture"), "k": st.integers(1, 5)},
            optional={"covariance": st.sampled_from(["full", "diagonal"]), "tol": st.floats(0, 1)},
        ),
    ),
    "regime": st.one_of(
        st.sampled_from(["replace", "accumulate", "augment"]),
        st.fixed_dictionaries({"kind": st.just("mix"), "real_fraction": st.floats(0, 1)}),
        st.fixed_dictionaries({"kind": st.just("window"), "k": st.integers(1, 9)}),
        st.fixed_dictionaries(
            {
                "kind": st.just("static_contamination"),
                "law": st.just({"kind": "gaussian", "mean": 2}),
                "n_foreign": st.integers(1, 9),
            }
        ),
    ),
    "sampler": st.one_of(
        st.just("ancestral"),
        st.fixed_dictionaries({"kind": st.just("shrinkage"), "lam": st.sampled_from([0, 0.5])}),
    ),
    "n_real": st.integers(50, 99),
    "generations": st.integers(1, 9),
}
OPTIONAL = {
    "n_synthetic": st.integers(0, 50),
    "chains": st.integers(1, 9),
    "seed": st.integers(0, 2**40),
    "form": st.sampled_from(["rows", "moments", "endless"]),
    "metrics": st.lists(
        st.sampled_from(["sigma", "w2", {"kind": "manifold", "k": 2}]),
        max_size=3,
        unique_by=str,
    ),
    "keep": st.fixed_dictionaries({"at": st.lists(st.integers(0, 5), max_size=3)}),
    "measure": st.fixed_dictionaries({"every": st.integers(0, 3), "at": st.just([1, 2])}),
    "name": st.text("ab-_.=,9", min_size=1, max_size=5).filter(lambda name: name.strip(".")),
}


@pytest.mark.slow
@given(st.fixed_dictionaries(TABLES, optional=OPTIONAL))
def test_describe_and_build_are_inverse_and_keep_the_fingerprint(spec):
    study = study_from(spec)
    told = json.loads(json.dumps(describe(study)))
    again = study_from(told)
    assert again == study
    assert json.loads(json.dumps(describe(again))) == told
    assert fingerprint(identity(again)) == fingerprint(identity(study))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.slow
@given(key=st.sampled_from([*TABLES, *OPTIONAL]), value=JUNK)
def test_junk_is_built_or_refused_but_never_a_traceback(key, value):
    refused = None
    try:
        study_from({**SPEC, key: value})
    except GenlossError as error:
        refused = str(error)
    assert refused is None or len(refused) > 15


def test_overrides_set_fields_kinds_and_lists():
    spec = {**SPEC, "regime": {"kind": "mix", "real_fraction": 0.1}}
    changed = overridden(
        spec, ["n_real=50", "learner.ddof=0", "regime=accumulate", 'metrics=["sigma"]', "name=x.y"]
    )
    study = study_from(changed)
    assert (study.n_real, study.name, type(study.regime).__name__) == (50, "x.y", "Accumulate")
    assert study.learner == GaussianLearner(0)
    assert [m.name for m in study.metrics] == ["sigma"]
    # The spec itself is untouched.
    assert spec["learner"] == {"kind": "gaussian", "ddof": 1}
    assert spec["regime"] == {"kind": "mix", "real_fraction": 0.1}


def test_a_new_kind_drops_the_fields_of_the_old_one():
    spec = {**SPEC, "regime": {"kind": "mix", "real_fraction": 0.1}}
    assert study_from(overridden(spec, ["regime.kind=replace"])).regime == Replace()
    same = overridden(spec, ["regime.kind=mix"])
    assert study_from(same).regime == Mix(0.1)
    bare = {**SPEC, "regime": "replace"}
    bare = overridden(bare, ["regime.kind=mix", "regime.real_fraction=0.5"])
    assert study_from(bare).regime == Mix(0.5)
    grown = overridden(SPEC, ["reality.d=2", "keep.at=[1,2]"])
    assert (study_from(grown).reality.d, study_from(grown).keep.at) == (2, (1, 2))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("n_real", "expected key=value, such as n_real=500"),
        ("=5", "expected key=value"),
        ("n_real.deep=5", r"n_real\.deep: n_real is 9, not a table"),
        ("metrics.0=sigma", "not a table"),
    ],
)
def test_an_override_that_is_none_is_refused(text, why):
    with pytest.raises(SpecError, match=why):
        overridden({**SPEC, "metrics": []}, [text])


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("0.5", 0.5), ("true", True), ("[1, 2]", [1, 2]), ("word", "word"), ('"5"', "5")],
)
def test_values_are_toml_and_bare_words_are_text(text, value):
    found = parsed(text)
    assert (found, type(found)) == (value, type(value))


def test_a_dotted_override_of_a_new_table_is_an_unknown_key():
    with pytest.raises(SpecError, match="unknown key 'learnr'"):
        study_from(overridden(SPEC, ["learnr.ddof=0"]))


def test_a_plus_adds_to_a_list():
    spec = {"metrics": ["sigma"], "keep": {"at": [1]}}
    grown = overridden(spec, ['metrics+=["trace_ratio"]', "keep.at+=[2, 5]", "new+=[3]"])
    assert grown == {"metrics": ["sigma", "trace_ratio"], "keep": {"at": [1, 2, 5]}, "new": [3]}
    assert spec == {"metrics": ["sigma"], "keep": {"at": [1]}}
    for change in ('metrics+="sigma"', "keep+=[1]"):
        with pytest.raises(SpecError, match="expected two lists"):
            overridden(spec, [change])


def test_merging_leaves_the_given_spec_alone():
    spec = {"a": {"b": {"c": 1}}}
    assert merged(spec, {"a.b.c": 2}) == {"a": {"b": {"c": 2}}}
    assert spec == {"a": {"b": {"c": 1}}}


TOML = """
n_real = 9
generations = 3
reality = "gaussian"
[learner]
kind = "gaussian"
ddof = 1
"""


def test_a_file_is_read_with_its_own_name_as_default(tmp_path):
    path = tmp_path / "my-study.toml"
    path.write_text(TOML)
    study = load_study(path, ["seed=4"])
    assert (study.name, study.seed) == ("my-study", 4)
    assert load_study(path, ["name=other"]).name == "other"
    assert read_spec(path) == tomllib.loads(TOML)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"n_real = ", "is not TOML"), (b"\xff\xfe", "is not TOML"), (None, "no such spec")],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content, why):
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SpecError, match=why):
        load_study(path)


def test_a_run_folder_is_a_spec_without_overrides(tmp_path):
    run = run_study(study_from(SPEC), tmp_path, workers=1)
    assert load_study(run.path) == study_from(SPEC)
    with pytest.raises(SpecError, match=r"is a run folder, which has one config; got overrides"):
        load_study(run.path, ["seed=1"])


def test_bare_names_and_tables_are_the_same():
    assert build("regime", "replace") == build("regime", {"kind": "replace"}) == Replace()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"n_real": 0}, DataError),
        ({"n_real": -5}, DataError),
        ({"chains": 0}, DataError),
        ({"chains": -1}, DataError),
        ({"generations": 0}, DataError),
        ({"n_synthetic": -1}, DataError),
        ({"held_out": -1}, DataError),
        ({"seed": -1}, DataError),
        ({"checkpoint_every": 0}, DataError),
        ({"measure": {"every": -1}}, DataError),
        ({"measure": {"at": [-1]}}, DataError),
        ({"keep": {"every": -1}}, DataError),
        ({"keep": {"chains": 0}}, DataError),
        ({"keep": {"rows": -1}}, DataError),
        ({"name": ""}, SpecError),
        ({"name": "a/b"}, SpecError),
        ({"name": "a b"}, SpecError),
        ({"metrics": ["sigma", "sigma"]}, SpecError),
        ({"regime": {"kind": "mix", "real_fraction": 1.0}, "n_synthetic": 10}, SpecError),
    ],
)
def test_numbers_and_names_out_of_range_are_refused(changes, error):
    with pytest.raises(error, match=r"is |twice|S_0 has 9"):
        study_from({**SPEC, **changes})


def test_schedules_name_generations():
    study = study_from({**SPEC, "measure": {"every": 10, "at": [3, 99]}})
    assert study.measure.times(25) == {0, 3, 10, 20}
    assert study_from(SPEC).measure.times(2) == {0, 1, 2}
    assert study_from({**SPEC, "keep": {"every": 4}}).keep.times(9) == {0, 4, 8}


def test_blocks_share_out_the_chains():
    study = study_from({**SPEC, "chains": 7, "chains_per_block": 3})
    assert [study.block_chains(b) for b in range(study.n_blocks)] == [3, 3, 1]


def test_shipped_examples_are_specs():
    paths = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
    assert paths
    for path in paths:
        if "[sweep]" in path.read_text():
            studies = [study for _, study in load_sweep(path).cells]
        else:
            studies = [load_study(path)]
        assert studies == [study_from(describe(study)) for study in studies]


def test_a_learner_that_goes_on_from_the_last_generation_needs_it_handed_over():
    spec = {
        "reality": "text",
        "learner": {"kind": "transformer", "start": "last"},
        "n_real": 10,
        "generations": 2,
    }
    with pytest.raises(SpecError, match="only warm_start = true hands over"):
        study_from(spec)
    assert study_from({**spec, "warm_start": True}).learner.start == "last"


def test_a_pipe_or_device_as_a_spec_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path / "pipe", "a pipe"), (Path(os.devnull), "a device")):
        with pytest.raises(SpecError, match=f"is {what}; expected a regular file"):
            load_study(path)
