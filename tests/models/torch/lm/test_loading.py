"""What a folder holds is what transformers loads of it, or it is refused; and a state restores it.

Tiny random models of many families, saved with heads tied or not, with other constants than new
models have, with adapters beside and instead of them; transformers says what is right.
"""

import contextlib
import json
import logging
import shutil
import sys
import warnings
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from genloss.core.decoding import BeamSearch
from genloss.core.samples import Samples
from genloss.errors import DataError, MissingExtra, SpecError
from genloss.models.torch.lm.hub import content_of
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.spec.build import build
from genloss.study.own_model import learner_of

V, T = 61, 12
TRAINING = FineTuning(1, 8, 1e-2, device="cpu")
X = np.random.default_rng(0).integers(0, V, (1, 12, T))
GPT = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 24}
OLD = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 24,
    "intermediate_size": 24,
}
NEW = OLD | {"num_key_value_heads": 1, "head_dim": 8}
FEW = {"n_group": 1, "topk_group": 1, "n_shared_experts": 1, "first_k_dense_replace": 1}
MOE = NEW | {"n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8}
FAMILIES = {
    "gpt2": GPT,
    "opt": OLD | {"ffn_dim": 24, "word_embed_proj_dim": 16},
    "llama": NEW,
    "qwen2": NEW,
    "qwen3": NEW,
    "gemma2": NEW | {"query_pre_attn_scalar": 8},
    "phi": OLD,
    "gpt_neo": OLD
    | {"num_layers": 2, "num_heads": 2, "attention_types": [[["global", "local"], 1]]},
    "gpt_neox": OLD,
    "gpt_bigcode": GPT,
    "bloom": {"hidden_size": 16, "n_layer": 2, "n_head": 2},
    "falcon": OLD | {"new_decoder_architecture": True, "num_kv_heads": 1},
    "mpt": {"d_model": 16, "n_layers": 2, "n_heads": 2, "max_seq_len": 24},
    "mamba": {"hidden_size": 16, "num_hidden_layers": 2, "state_size": 4},
    "biogpt": OLD,
    "olmo2": NEW,
    "cohere": NEW,
    "starcoder2": NEW,
    "rwkv": {"hidden_size": 16, "num_hidden_layers": 2, "attention_hidden_size": 16},
    "mixtral": NEW | {"num_local_experts": 4, "num_experts_per_tok": 2},
    "glm4_moe": MOE | FEW,  # with constants that are stored
    "dots1": MOE | FEW,
    "lfm2_moe": MOE
    | {"num_experts": 4, "layer_types": ["conv", "full_attention"], "num_dense_layers": 1},
    "pegasus": {  # with parameters that are not trained
        "d_model": 16,
        "decoder_layers": 2,
        "decoder_attention_heads": 2,
        "decoder_ffn_dim": 24,
        "max_position_embeddings": 24,
        "is_decoder": True,
    },
}
FAST = ("gpt2", "opt", "llama")
HEADS = {
    "tied": (True, "none"),
    "own": (True, "own"),
    "copy": (True, "same"),
    "free": (False, "own"),
}
CASES = [
    ("tied", "alone"),
    ("own", "none"),
    ("own", "beside"),
    ("copy", "none"),
    ("free", "none"),
]
WHOLE = [("own", "beside"), ("free", "none")]
"""Of the families that are not FAST."""
ADAPTED = {"mamba": ["in_proj", "x_proj"]}
"""Layers for adapters, where peft refuses some of all."""


@pytest.fixture(autouse=True)
def quiet():
    """Let transformers keep to itself what it says of every load."""
    log = logging.getLogger("transformers")
    before = log.level
    log.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    log.setLevel(before)


@cache
def made(family: str, tied: bool):
    """Return a model of a family, all its numbers drawn."""
    from transformers import AutoConfig, AutoModelForCausalLM

    ends = {"bos_token_id": 1, "eos_token_id": 1, "pad_token_id": None}
    config = AutoConfig.for_model(
        family, vocab_size=V, **ends, **FAMILIES[family], tie_word_embeddings=tied
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    noise = torch.Generator().manual_seed(0)
    stored = model.state_dict()
    drawn = [*model.named_parameters(), *((k, b) for k, b in model.named_buffers() if k in stored)]
    with torch.no_grad():
        for name, value in drawn:
            norm = float(value.ndim == 1 and name.endswith("weight"))
            value.copy_(norm + 0.3 * torch.randn(value.shape, generator=noise))
    return model


def saved(folder, family: str, head: str):
    """Save a model whose config and head are those of a case."""
    tied, in_file = HEADS[head]
    model = made(family, tied)
    model.save_pretrained(folder)
    path = folder / "model.safetensors"
    weights = load_file(path)
    names = {k: v for k, v in type(model)._tied_weights_keys.items() if k.endswith("weight")}
    ((last, table),) = names.items()
    if tied:
        weights.pop(last, None)
        noise = torch.Generator().manual_seed(1)
        own = {"own": 0.3 * torch.randn(V, 16, generator=noise), "same": weights[table].clone()}
        weights |= {last: own[in_file]} if in_file in own else {}
    save_file(weights, path, metadata={"format": "pt"})
    return folder


def adapted(folder, where: str, **options):
    """Put an adapter beside a model, or into a folder of its own, and return the folder."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    ask = {"r": 2, "lora_alpha": 8, "task_type": "CAUSAL_LM"}
    model = AutoModelForCausalLM.from_pretrained(folder)
    ask["target_modules"] = ADAPTED.get(model.config.model_type, "all-linear")
    model = get_peft_model(model, LoraConfig(**ask | options))
    noise = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for value in model.parameters():
            if value.requires_grad:
                value.copy_(0.3 * torch.randn(value.shape, generator=noise))
    alone = folder.parent / f"{folder.name}-adapter"
    model.save_pretrained(alone)
    if where == "alone":
        return alone
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(alone / name, folder / name)
    return folder


def theirs(folder):
    """Return ln p of every token but the first, as transformers loads the folder."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    x = torch.from_numpy(X[0])
    with torch.no_grad():
        law = model(x, use_cache=False).logits.double().log_softmax(-1)[:, :-1]
    return law.gather(2, x[:, 1:, None])[None, :, :, 0].numpy()


def check(folder, learner) -> None:
    """Its base, a fit that hardly moves and both restored score as transformers does."""
    right = theirs(folder)
    base = learner.base_model()
    fitted = learner.fit(Samples.of(X, 0), np.random.default_rng(0))
    np.testing.assert_allclose(base.token_log_probs(X), right, atol=2e-4)
    for model in (base, fitted):
        again = learner.restore({name: value.copy() for name, value in model.state().items()})
        np.testing.assert_array_equal(again.token_log_probs(X), model.token_log_probs(X))
    assert np.abs(fitted.token_log_probs(X) - right).max() > 1e-3


def learners(folder, family: str, adapter: str):
    base = {"base": str(folder), "training": TRAINING}
    if family in FAST and adapter == "none":
        yield TransformerLearner(**base)
    yield HuggingFaceLearner(**base)


def cases():
    for family, (head, adapter) in product(FAMILIES, CASES):
        quick = (family, head, adapter) in (("gpt2", "own", "none"), ("opt", "own", "beside"))
        marks = [] if quick else [pytest.mark.slow]
        # How heads are told apart is the same for all; what families name is in two cases each.
        if family not in FAST and (head, adapter) not in WHOLE:
            marks.append(pytest.mark.deep)
        yield pytest.param(family, head, adapter, marks=marks, id=f"{family}-{head}-{adapter}")


@pytest.mark.parametrize(("family", "head", "adapter"), [*cases()])
def test_every_folder_is_what_transformers_loads(tmp_path, family, head, adapter):
    folder = saved(tmp_path / "model", family, head)
    if adapter != "none":
        folder = adapted(folder, adapter)
    for learner in learners(folder, family, adapter):
        check(folder, learner)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "options"),
    [
        ("tied", {"target_modules": ["wte", "c_attn"]}),  # the head is not adapted
        ("own", {"target_modules": ["wte", "c_attn"]}),
        ("tied", {"target_modules": ["c_attn"], "modules_to_save": ["lm_head"]}),
        ("own", {"target_modules": ["c_attn", "lm_head"], "use_rslora": True}),
    ],
)
def test_adapters_of_tables_and_heads(tmp_path, head, options):
    folder = adapted(saved(tmp_path / "model", "gpt2", head), "beside", **options)
    check(folder, HuggingFaceLearner(str(folder), training=TRAINING))


@pytest.mark.parametrize("family", ["gpt2", "opt"])
def test_one_of_two_tied_tables_is_both(tmp_path, family):
    folder = saved(tmp_path / "model", family, "copy")
    weights = load_file(folder / "model.safetensors")
    weights.pop(made(family, True)._tied_weights_keys["lm_head.weight"])
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    decoder = TransformerLearner(str(folder)).decoder()
    assert decoder.tied
    check(folder, TransformerLearner(str(folder), training=TRAINING))


@pytest.mark.slow
def test_new_adapters_lie_over_a_head_of_its_own(tmp_path):
    folder = saved(tmp_path / "model", "gpt2", "own")
    training = replace(TRAINING, epochs=20)
    check(folder, HuggingFaceLearner(str(folder), adapters="lora", rank=2, training=training))


@pytest.mark.slow
def test_an_adapter_that_transformers_loads_in_part_is_refused_or_loaded_whole(tmp_path):
    options = {"target_modules": ["c_attn"], "use_dora": True}
    folder = adapted(saved(tmp_path / "model", "gpt2", "tied"), "beside", **options)
    learner = HuggingFaceLearner(str(folder), training=TRAINING)
    with contextlib.suppress(DataError):
        found = learner.base_model().token_log_probs(X)
        np.testing.assert_allclose(found, theirs(folder), atol=2e-4)


@pytest.mark.slow
def test_the_last_generation_keeps_a_head_of_its_own(tmp_path):
    folder = str(saved(tmp_path / "model", "gpt2", "own"))
    x = Samples.of(X, 0)
    for kind in (TransformerLearner, HuggingFaceLearner):
        learner = kind(folder, start="last", training=TRAINING)
        first = learner.fit(x, np.random.default_rng(0))
        head = first.parameters["lm_head.weight"]
        last = learner.fit(x, np.random.default_rng(1), init=learner.restore(first.state()))
        assert last.parameters.keys() == first.parameters.keys()
        assert 0 < np.abs(last.parameters["lm_head.weight"] - head).max() < 0.1


@pytest.mark.slow
def test_what_it_writes_is_of_what_it_holds(tmp_path):
    """Both ways of writing agree on a head of its own; a restored model writes the same."""
    folder = str(saved(tmp_path / "model", "gpt2", "own"))
    how = BeamSearch(2, 6, 6)
    written = []
    for kind in (TransformerLearner, HuggingFaceLearner):
        learner = kind(folder, training=TRAINING)
        model = learner.base_model().read()
        for one in (model, learner.restore(model.state())):
            prompts = X[:, :, :5]
            written.append(one.decoding(how).continue_(prompts, np.random.default_rng(0)))
    for other in written[1:]:
        np.testing.assert_array_equal(other, written[0])


def test_a_text_of_its_own_goes_the_way_that_knows_the_adapter(tmp_path):
    folder = saved(tmp_path / "model", "opt", "tied")
    alone = adapted(folder, "alone")
    assert learner_of(str(folder))["kind"] == "transformer"
    beside = shutil.copytree(folder, tmp_path / "beside")
    for path in alone.glob("adapter*"):
        shutil.copy(path, beside)
    for at in (beside, alone):
        assert learner_of(str(at)) == {"kind": "hugging_face", "base": str(at)}
        with pytest.raises(SpecError, match="holds an adapter"):
            TransformerLearner(str(at)).base_model()


@pytest.mark.slow
def test_an_adapter_counts_as_content(tmp_path):
    folder = saved(tmp_path / "model", "opt", "tied")
    plain = content_of(str(folder), "")
    alone = adapted(folder, "alone")
    ids = [plain, content_of(str(alone), "")]
    assert content_of(str(folder), "") == plain
    config = json.loads((alone / "adapter_config.json").read_text())
    (alone / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 9}))
    ids.append(content_of(str(alone), ""))
    saved(folder, "opt", "own")
    ids.append(content_of(str(alone), ""))
    assert len({i["base"] for i in ids}) == 4


@pytest.mark.slow
def test_adapters_that_cannot_be_added_say_why(tmp_path, monkeypatch):
    folder = saved(tmp_path / "model", "opt", "tied")
    alone = adapted(folder, "alone")
    learner = HuggingFaceLearner(str(alone), training=TRAINING)
    path = alone / "adapter_config.json"
    config = json.loads(path.read_text())

    def says(match: str, kind: type[Exception] = DataError) -> None:
        with pytest.raises(kind, match=match):
            learner.base_model().state()

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "peft.tuners.tuners_utils", None)
        says("needs peft, which is not installed", MissingExtra)
    weights = load_file(alone / "adapter_model.safetensors")
    lacking = dict(sorted(weights.items())[1:])
    save_file(lacking, alone / "adapter_model.safetensors")
    says(r"cannot be added to its base \(it lacks .*merge_and_unload")
    (alone / "adapter_model.safetensors").unlink()
    says(r"no adapter_model\.safetensors")
    shutil.copy(path, folder / "adapter_config.json")
    says("holds an adapter too")
    path.write_text(json.dumps(config | {"base_model_name_or_path": "/nowhere/at/all"}))
    says(r"adapter alone, and its base cannot be read.*base_model_name_or_path")
    path.write_text(json.dumps(config | {"base_model_name_or_path": None}))
    says("names no base")


@pytest.mark.parametrize("kind", [TransformerLearner, HuggingFaceLearner])
def test_weights_that_lack_something_or_are_no_numbers_are_refused(tmp_path, kind):
    folder = saved(tmp_path / "model", "llama", "free")
    path = folder / "model.safetensors"
    weights = load_file(path)
    headless = {k: v for k, v in weights.items() if k != "lm_head.weight"}
    save_file(headless, path, metadata={"format": "pt"})
    learner = kind(str(folder), training=TRAINING)
    with pytest.raises(DataError, match=r"lm_head\.weight"):
        learner.fit(Samples.of(X, 0), np.random.default_rng(0))
    for value in (np.nan, np.inf):
        weights["model.layers.1.mlp.up_proj.weight"][2, 3] = value
        save_file(weights, path, metadata={"format": "pt"})
        with pytest.raises(DataError, match=r"up_proj\.weight holds NaN or infinity in 1 of 384"):
            learner.fit(Samples.of(X, 0), np.random.default_rng(0))


def test_a_config_with_other_weights_than_the_file_s_is_left_to_transformers(tmp_path):
    folder = saved(tmp_path / "model", "gpt2", "tied")
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | {"quantization_config": {"quant_method": "gptq"}}))
    assert learner_of(str(folder))["kind"] == "hugging_face"
    with pytest.raises(DataError, match="quantised weights"):
        build("learner", learner_of(str(folder))).base_model()
