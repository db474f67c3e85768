"""OPT, GPT-2 and Llama in plain numpy, float64, from their papers: an oracle of its own.

OPT: Zhang et al. 2022. GPT-2: Radford et al. 2019. Llama: Touvron et al. 2023, with rotations
(Su et al. 2021), RMS norms (Zhang and Sennrich 2019), gates (Shazeer 2020), shared keys (Ainslie et
al. 2023).
"""

import json

import numpy as np
from safetensors.numpy import load_file


def logits(folder, tokens):
    """Return the logits (T, V) after each of the tokens (T,) of the model saved in a folder."""
    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "model.safetensors")
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    return {"opt": opt, "gpt2": gpt2, "llama": llama}[config["model_type"]](config, w, tokens)


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def layer_norm(x, w, name, eps):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps)
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def attention(q, k, v):
    """Return softmax(q k' / sqrt(d)) v of one head, each token seeing itself and those before."""
    t, d = q.shape
    scores = q @ k.T / np.sqrt(d)
    scores[np.triu_indices(t, 1)] = -np.inf
    return softmax(scores) @ v


def heads_of(x, n):
    return np.split(x, n, axis=1)


def opt(c, w, tokens):
    """Learned positions whose table begins two rows late; norms before each part; ReLU."""

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    d = "model.decoder"
    table, n = w[f"{d}.embed_tokens.weight"], c["num_attention_heads"]
    x = table[tokens] + w[f"{d}.embed_positions.weight"][np.arange(len(tokens)) + 2]
    for i in range(c["num_hidden_layers"]):
        at = f"{d}.layers.{i}"
        y = layer_norm(x, w, f"{at}.self_attn_layer_norm", 1e-5)
        q, k, v = (heads_of(linear(y, f"{at}.self_attn.{p}_proj"), n) for p in "qkv")
        seen = np.concatenate([attention(*each) for each in zip(q, k, v, strict=True)], axis=1)
        x = x + linear(seen, f"{at}.self_attn.out_proj")
        y = layer_norm(x, w, f"{at}.final_layer_norm", 1e-5)
        x = x + linear(np.maximum(linear(y, f"{at}.fc1"), 0.0), f"{at}.fc2")
    return layer_norm(x, w, f"{d}.final_layer_norm", 1e-5) @ table.T


def gpt2(c, w, tokens):
    """Learned positions from 0; matrices are (in, out); GELU by tanh."""

    def linear(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    eps, n, t = c["layer_norm_epsilon"], c["n_head"], "transformer"
    table = w[f"{t}.wte.weight"]
    x = table[tokens] + w[f"{t}.wpe.weight"][: len(tokens)]
    for i in range(c["n_layer"]):
        at = f"{t}.h.{i}"
        y = linear(layer_norm(x, w, f"{at}.ln_1", eps), f"{at}.attn.c_attn")
        q, k, v = (heads_of(part, n) for part in np.split(y, 3, axis=1))
        seen = np.concatenate([attention(*each) for each in zip(q, k, v, strict=True)], axis=1)
        x = x + linear(seen, f"{at}.attn.c_proj")
        y = linear(layer_norm(x, w, f"{at}.ln_2", eps), f"{at}.mlp.c_fc")
        y = 0.5 * y * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3)))
        x = x + linear(y, f"{at}.mlp.c_proj")
    return layer_norm(x, w, f"{t}.ln_f", eps) @ table.T


def llama(c, w, tokens):
    """Pairs (x_j, x_{j+d/2}) turned by position theta^(-2j/d); query head h sees key h // group."""

    def rms(x, name):
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + c["rms_norm_eps"]) * w[f"{name}.weight"]

    def turned(x):
        half = x.shape[1] // 2
        angle = np.outer(np.arange(len(x)), theta ** (-np.arange(half) / half))
        pair = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angle)
        return np.concatenate([pair.real, pair.imag], axis=1)

    rope = c.get("rope_parameters") or {"rope_theta": c["rope_theta"]}
    theta = rope["rope_theta"]
    n, few = c["num_attention_heads"], c["num_key_value_heads"]
    table = w["model.embed_tokens.weight"]
    head = table if c["tie_word_embeddings"] else w["lm_head.weight"]
    x = table[tokens]
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}"
        y = rms(x, f"{at}.input_layernorm")
        q, k, v = (y @ w[f"{at}.self_attn.{p}_proj.weight"].T for p in "qkv")
        q = [turned(part) for part in heads_of(q, n)]
        k = [turned(part) for part in heads_of(k, few)]
        v = heads_of(v, few)
        seen = [attention(q[h], k[h * few // n], v[h * few // n]) for h in range(n)]
        x = x + np.concatenate(seen, axis=1) @ w[f"{at}.self_attn.o_proj.weight"].T
        y = rms(x, f"{at}.post_attention_layernorm")
        gate = y @ w[f"{at}.mlp.gate_proj.weight"].T
        up = y @ w[f"{at}.mlp.up_proj.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[f"{at}.mlp.down_proj.weight"].T
    return rms(x, "model.norm") @ head.T
