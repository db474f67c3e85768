"""Checkpoints go out to transformers and come back."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from genloss.errors import DataError, SpecError
from genloss.models.torch.lm.checkpoint import (
    config_of,
    from_config,
    load_checkpoint,
    save_checkpoint,
)

FAMILIES = ["opt", "gpt2", "llama"]


@pytest.fixture
def copy(pair, tmp_path):
    """Return a function that copies the checkpoint of a family."""

    def build(family="opt"):
        return shutil.copytree(pair(family).folder, tmp_path / "copy")

    return build


@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_loads_what_is_saved(pair, prompts, tmp_path, family):
    from transformers import AutoModelForCausalLM

    p, tokens = pair(family), torch.from_numpy(prompts)
    save_checkpoint(tmp_path, p.decoder, {name: w.numpy() for name, w in p.weights.items()})
    again = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        assert torch.equal(again(tokens).logits, p.theirs(tokens).logits)
    assert again.config.eos_token_id == p.decoder.end
    decoder, parameters = load_checkpoint(tmp_path)
    assert decoder == p.decoder
    assert all(np.array_equal(parameters[name], w.numpy()) for name, w in p.weights.items())


def test_untied_head_comes_along(pair, tmp_path):
    p = pair("llama")
    assert not p.decoder.tied
    assert "lm_head.weight" in p.weights


@pytest.mark.parametrize("family", FAMILIES)
def test_config_there_and_back(pair, family):
    decoder = pair(family).decoder
    assert from_config(config_of(decoder)) == decoder


def test_reads_shards(copy):
    folder = copy()
    whole = load_file(folder / "model.safetensors")
    names = sorted(whole)
    halves = {"a.safetensors": names[:5], "b.safetensors": names[5:]}
    for file, part in halves.items():
        save_file({name: whole[name] for name in part}, folder / file)
    index = {"weight_map": {name: file for file, part in halves.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    expected = load_checkpoint(folder)[1]
    (folder / "model.safetensors").unlink()
    found = load_checkpoint(folder)[1]
    assert all(np.array_equal(found[name], w) for name, w in expected.items())


def test_reads_old_names_without_prefix_with_constants_and_a_tied_head(copy):
    folder = copy("gpt2")
    expected = load_checkpoint(folder)[1]
    bare = {
        k.removeprefix("transformer."): v
        for k, v in load_file(folder / "model.safetensors").items()
    }
    extra = {"h.0.attn.bias": torch.ones(1, 1, 9, 9), "lm_head.weight": bare["wte.weight"].clone()}
    save_file({**bare, **extra}, folder / "model.safetensors")
    found = load_checkpoint(folder)[1]
    assert all(np.array_equal(found[name], w) for name, w in expected.items())


def test_half_precision_becomes_float32(copy):
    folder = copy()
    halved = {k: v.bfloat16() for k, v in load_file(folder / "model.safetensors").items()}
    save_file(halved, folder / "model.safetensors")
    found = load_checkpoint(folder)[1]
    assert {w.dtype for w in found.values()} == {np.dtype(np.float32)}
    name = "model.decoder.layers.0.fc1.weight"
    np.testing.assert_array_equal(found[name], halved[name].float().numpy())


def test_never_loads_pickle(copy):
    folder = copy()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(DataError, match="save_pretrained"):
        load_checkpoint(folder)


def test_missing_broken_and_foreign_files(copy, tmp_path):
    with pytest.raises(DataError, match=r"config\.json does not exist"):
        load_checkpoint(tmp_path)
    folder = copy()
    weights = load_file(folder / "model.safetensors")
    save_file({**weights, "score.weight": torch.ones(1)}, folder / "model.safetensors")
    with pytest.raises(DataError, match=r"score\.weight"):
        load_checkpoint(folder)
    weights.pop("model.decoder.final_layer_norm.bias")
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(DataError, match=r"final_layer_norm\.bias has nothing"):
        load_checkpoint(folder)
    (folder / "model.safetensors").write_bytes(b"not what it claims to be")
    with pytest.raises(DataError, match="cannot be read"):
        load_checkpoint(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(DataError, match="holds no"):
        load_checkpoint(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(DataError, match="no JSON"):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("family", "change", "field"),
    [
        ("opt", {"model_type": "bert"}, "model_type"),
        ("opt", {"do_layer_norm_before": False}, "do_layer_norm_before"),
        ("opt", {"word_embed_proj_dim": 16}, "word_embed_proj_dim"),
        ("opt", {"activation_function": "tanh"}, "activation_function"),
        ("opt", {"hidden_size": None}, "hidden_size"),
        ("opt", {"eos_token_id": None}, "eos_token_id"),
        ("opt", {"model_type": ["opt"]}, "model_type"),
        ("opt", {"num_hidden_layers": None}, "num_hidden_layers"),
        ("opt", {"ffn_dim": None}, "ffn_dim"),
        ("gpt2", {"n_positions": None}, "n_positions"),
        ("llama", {"intermediate_size": None}, "intermediate_size"),
        ("llama", {"hidden_act": ["silu"]}, "hidden_act"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
        ("llama", {"rope_parameters": {"rope_type": "yarn"}}, "rope_type"),
        ("llama", {"attention_bias": True}, "attention_bias"),
    ],
)
def test_says_which_field_is_not_supported(pair, family, change, field):
    with pytest.raises(SpecError, match=field):
        from_config(config_of(pair(family).decoder) | change)


@pytest.mark.parametrize(
    ("family", "field", "key"),
    [("gpt2", "feed_forward", "n_inner"), ("llama", "eps", "rms_norm_eps")],
)
def test_what_a_config_leaves_out_is_what_transformers_takes(pair, family, field, key):
    from transformers import AutoConfig

    config = {k: v for k, v in config_of(pair(family).decoder).items() if k != key}
    expected = getattr(AutoConfig.for_model(**config), key) or 4 * pair(family).decoder.width
    assert getattr(from_config(config), field) == expected


SHORT = """
import resource, sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from genloss.errors import ResourceError
from genloss.models.torch.lm.tensors import WEIGHTS, tensors_of

folder = Path(sys.argv[1])
save_file({"a": np.zeros(64 << 20, dtype=np.uint8)}, folder / WEIGHTS)
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + (16 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    tensors_of(folder)
except ResourceError as error:
    print(error.lacks, error)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_weights_that_memory_does_not_hold_are_refused_in_words(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SHORT, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("memory ")
    assert "too little memory is left to read its 67 MB" in done.stdout
