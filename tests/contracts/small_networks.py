"""Fields of networks that are small enough for a test."""

SHORT = {"epochs": 2, "batch": 30, "device": "cpu", "save_every": 1}
PLANE = {"steps": 4, "width": 8, "training": SHORT}
PIXELS = {"steps": 4, "channels": 4, "training": SHORT}
FINE = {**SHORT, "learning_rate": 3e-3}
SIZES = {"vocabulary": 12, "width": 16, "layers": 1, "heads": 2, "positions": 12, "training": FINE}
OPT = {
    "model_type": "opt",
    "vocab_size": 12,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "ffn_dim": 16,
    "num_attention_heads": 2,
    "max_position_embeddings": 12,
    "word_embed_proj_dim": 16,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}
BASE = {"config": OPT, "training": FINE}
