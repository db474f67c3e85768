"""Code that a model brings along: run if it is asked for by name, and never else."""

import json
import shutil

import numpy as np
import pytest

from genloss.core.consent import CodeRefused, refusing_code
from genloss.core.samples import Samples
from genloss.errors import DataError
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.spec.build import build

pytestmark = pytest.mark.slow

MARK = "ran-{}.txt"
CODE = """import pathlib
from transformers import OPTConfig, OPTForCausalLM
pathlib.Path({path!r}).write_text("ran")
class Config{kind}(OPTConfig):
    model_type = "opt"
class Model{kind}(OPTForCausalLM):
    config_class = Config{kind}
"""
ROWS = Samples.of(np.ones((1, 4, 8), dtype=np.int64), 0)


@pytest.fixture
def model(pair, tmp_path, monkeypatch):
    """Return a function that makes a folder with code of its own and says what of it has run."""
    import transformers.dynamic_module_utils as dynamic

    # Where transformers copies code to before it runs it.
    monkeypatch.setattr(dynamic, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))

    def build(model_type: str, name: str = "mine"):
        folder = shutil.copytree(pair("opt").folder, tmp_path / name)
        config = json.loads((folder / "config.json").read_text())
        files = {"AutoConfig": "config_code.Config", "AutoModelForCausalLM": "model_code.Model"}
        auto = {}
        for key, where in files.items():
            module, kind = where.split(".")[0], name.title()
            path = tmp_path / MARK.format(module)
            (folder / f"{module}.py").write_text(CODE.format(path=str(path), kind=kind))
            auto[key] = where + kind
        own = {"model_type": model_type, "auto_map": auto, "architectures": [f"Model{name}"]}
        (folder / "config.json").write_text(json.dumps(config | own))
        return str(folder), lambda: {p.name for p in tmp_path.glob(MARK.format("*"))}

    return build


def learner(folder: str, **options) -> HuggingFaceLearner:
    return HuggingFaceLearner(folder, training=FineTuning(1, 4, 1e-3, device="cpu"), **options)


@pytest.mark.parametrize("start", ["base", "scratch"])
def test_code_beside_a_known_architecture_is_left_alone(model, start):
    folder, ran = model("opt")
    found = learner(folder, start=start).fit(ROWS, np.random.default_rng(0))
    assert type(found.module).__module__ == "transformers.models.opt.modeling_opt"
    TransformerLearner(folder).decoder()
    assert ran() == set()


def test_an_architecture_that_is_code_only_is_refused(model):
    folder, ran = model("mine")
    says = r"brings code of its own; set remote_code = true if you trust it"
    with pytest.raises(DataError, match=says):
        learner(folder).fit(ROWS, np.random.default_rng(0))
    assert ran() == set()


def test_code_runs_where_it_is_asked_for(model):
    folder, ran = model("opt", "asked")
    found = learner(folder, remote_code=True).fit(ROWS, np.random.default_rng(0))
    assert type(found.module).__name__ == "ModelAsked"
    assert ran() == {MARK.format("config_code"), MARK.format("model_code")}


def test_a_stored_spec_asks_before_code_of_the_hub_runs():
    with pytest.raises(CodeRefused, match="remote_code of somebody/model"), refusing_code():
        build("learner", {"kind": "hugging_face", "base": "somebody/model", "remote_code": True})
