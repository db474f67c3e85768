"""A tiny random Llama as a GGUF file, written from the format's description, and what it means."""

import gguf
import numpy as np

WIDTH, LAYERS, HEADS, FEW, WIDE, BLOCK = 32, 2, 4, 2, 64, 32
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def alphabet() -> list[str]:
    """Return the characters that stand for the 256 bytes (Radford et al. 2019)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    shown = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}
    return [shown[b] for b in range(256)]


TOKENS = [*SPECIAL, *alphabet(), "th", "the"]
MERGES = ["t h", "th e"]


def in_four_bits(x):
    """Return the bytes of Q4_1 (rows, bytes), and the numbers that they mean: d q + m.

    A block of 32 numbers: d and m, float16, then 16 bytes; low halves are the first 16 numbers.
    """
    blocks = x.reshape(len(x), -1, BLOCK)
    least = blocks.min(-1).astype(np.float16)
    step = ((blocks.max(-1) - least) / 15).astype(np.float16)
    q = np.round((blocks - least[..., None]) / step[..., None]).clip(0, 15).astype(np.uint8)
    halves = q[..., : BLOCK // 2] | (q[..., BLOCK // 2 :] << 4)
    heads = np.stack([step, least], axis=-1).view(np.uint8)
    packed = np.concatenate([heads, halves], axis=-1).reshape(len(x), -1)
    meant = step.astype(np.float32)[..., None] * q + least.astype(np.float32)[..., None]
    return packed, meant.reshape(x.shape)


def turned(x, heads):
    """Return rows in the order of llama.cpp, whose rotations pair neighbours, not halves."""
    return x.reshape(heads, 2, -1, x.shape[1]).swapaxes(1, 2).reshape(x.shape)


def write(path, architecture="llama", chat=True):
    """Write the model; return its weights by their names in safetensors."""
    rng = np.random.default_rng(5)
    out = gguf.GGUFWriter(str(path), architecture)
    out.add_name("tiny")
    out.add_license("cc0-1.0")
    out.add_context_length(64)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(WIDE)
    out.add_head_count(HEADS)
    out.add_head_count_kv(FEW)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_rope_freq_base(500.0)
    out.add_vocab_size(len(TOKENS))
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("smollm")
    out.add_token_list(TOKENS)
    out.add_token_types([3] * len(SPECIAL) + [1] * (len(TOKENS) - len(SPECIAL)))
    out.add_token_merges(MERGES)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    if chat:
        out.add_chat_template("{% for m in messages %}<|im_start|>{{ m }}<|im_end|>{% endfor %}")
    weights = {}

    def matrix(name, ours, rows, columns, heads=0):
        drawn = rng.standard_normal((rows, columns)).astype(np.float32) / 4
        packed, meant = in_four_bits(turned(drawn, heads) if heads else drawn)
        out.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
        if heads:
            # Back, independently: row 2 i + j of a head in the file is row i + j size / 2.
            size = rows // heads
            place = [
                h * size + 2 * (i % (size // 2)) + i // (size // 2)
                for h in range(heads)
                for i in range(size)
            ]
            meant = meant[place]
        weights[ours] = meant

    def norm(name, ours):
        weights[ours] = rng.uniform(0.5, 1.5, WIDTH).astype(np.float32)
        out.add_tensor(name, weights[ours])

    size = WIDTH // HEADS
    matrix("token_embd.weight", "model.embed_tokens.weight", len(TOKENS), WIDTH)
    norm("output_norm.weight", "model.norm.weight")
    for i in range(LAYERS):
        a, b = f"blk.{i}.", f"model.layers.{i}."
        norm(f"{a}attn_norm.weight", f"{b}input_layernorm.weight")
        norm(f"{a}ffn_norm.weight", f"{b}post_attention_layernorm.weight")
        matrix(f"{a}attn_q.weight", f"{b}self_attn.q_proj.weight", WIDTH, WIDTH, HEADS)
        matrix(f"{a}attn_k.weight", f"{b}self_attn.k_proj.weight", FEW * size, WIDTH, FEW)
        matrix(f"{a}attn_v.weight", f"{b}self_attn.v_proj.weight", FEW * size, WIDTH)
        matrix(f"{a}attn_output.weight", f"{b}self_attn.o_proj.weight", WIDTH, WIDTH)
        matrix(f"{a}ffn_gate.weight", f"{b}mlp.gate_proj.weight", WIDE, WIDTH)
        matrix(f"{a}ffn_up.weight", f"{b}mlp.up_proj.weight", WIDE, WIDTH)
        matrix(f"{a}ffn_down.weight", f"{b}mlp.down_proj.weight", WIDTH, WIDE)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return weights
