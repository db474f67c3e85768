"""One whole run of the real pretrained model on a GPU that is lent for a quarter of an hour.

    python benchmarks/gpu_real_model.py halves=FOLDER keep=FOLDER text=FOLDER [minutes=6]
        [device=cuda] [n=1000] [held_out=100] [generations=10] [epochs=5] [prompts=256] [draws=1024]
        [new=64] [blocks=128]

For a bare machine without a network, to which a call brings 64 MiB at most and which stays for a
second call. FOLDER of halves brings model.aa or model.ab, the two halves of the GGUF file, made by

    split -b 48M -a 2 SmolLM2-135M-Instruct.Q4_1.gguf model.

text holds train.txt and test.txt, the validation and test splits of WikiText-2; keep is a folder
outside of what calls replace. Every call takes what is there and does the next thing:

1. look     versions, ceiling, our decoder on this device against float64 on the CPU: a small OPT,
            GPT-2 and Llama. A wrong one ends the call.
2. ratios   (first half there) real_shapes.py on this device, random weights
3. run      (both halves there) the base is converted and sings its canary, then settings A and B
            of shumailov-2024-opt from it, one chain each, share the minutes that are left, B with
            twice the epochs. The next call goes on. A table ends it; nothing else need come back.

Needs torch 2.6, transformers 5 and gguf; nothing is compiled. A trial from nothing on a CPU takes
the same twice, with device=cpu n=8 held_out=4 epochs=1 generations=1 prompts=1 draws=2 new=2
blocks=1.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

import ceiling
from genloss.core.bases import SMOLLM2
from genloss.core.places import digest_of
from genloss.errors import GenlossError
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.published.experiments import Experiment, load_experiment
from genloss.study.canary import canary_of
from genloss.study.fetch import fetched
from paper_scale_opt import Clock, OverError, continued, table

HALVES = ("model.aa", "model.ab")
OPTIONS = {
    "halves": "",
    "keep": "",
    "text": "",
    "minutes": "6",
    "device": "cuda",
    "n": "1000",
    "held_out": "100",
    "generations": "10",
    "epochs": "5",
    "prompts": "256",
    "draws": "1024",
    "new": "64",
    "blocks": "128",
}
SMALL = (
    Decoder("opt", 97, 32, 2, 4, 48, 60, end=2),
    Decoder("gpt2", 97, 32, 2, 4, 128, 60, end=2),
    Decoder("llama", 97, 32, 2, 4, 56, 60, end=2, kv_heads=2),
)
CLOSE = 2e-3
"""Nats by which log-probabilities may differ: a GPU may round products to 10 bits (TF32)."""


def say(clock: Clock, text: str) -> None:
    print(f"{clock.seconds:6.0f} s  {text}", flush=True)


def left(clock: Clock) -> float:
    """Return the seconds that remain."""
    return max(1.0, 60 * clock.minutes - clock.seconds)


def look(device: torch.device, clock: Clock) -> None:
    """Say what this machine is, and hold our decoder on it against float64 on the CPU."""
    names = ("torch", "transformers", "tokenizers", "numpy")
    say(clock, ", ".join(f"{name} {version(name)}" for name in names))
    kind = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    speeds = (ceiling.products(device, dtype) / 1e12 for dtype in (torch.float32, torch.bfloat16))
    say(clock, f"{kind}: {' and '.join(f'{s:.2f}' for s in speeds)} TFLOP/s in 32 and 16 bits")
    rng = np.random.default_rng(0)
    for decoder in SMALL:
        # Far from the beginning, where all tokens are as likely; norms stay 1.
        drawn = decoder.initial(rng).items()
        parameters = {name: w if w.ndim == 1 else 15 * w for name, w in drawn}
        rows = torch.from_numpy(rng.integers(3, 97, (4, 40)))
        here, there = (
            log_probs(decoder, parameters, rows, *where)
            for where in ((device, torch.float32), (torch.device("cpu"), torch.float64))
        )
        gap = float((here - there).abs().max())
        say(clock, f"a small {decoder.family}: log-probabilities within {gap:.0e} of float64")
        if not gap < CLOSE:
            sys.exit(f"{decoder.family} is computed wrongly on this machine; expected {CLOSE}")


def log_probs(decoder, parameters, rows, device, dtype) -> torch.Tensor:
    weights = {name: torch.from_numpy(w).to(device, dtype) for name, w in parameters.items()}
    with torch.inference_mode():
        hidden = decoder.hidden(weights, rows.to(device))
        return decoder.logits(weights, hidden).double().log_softmax(-1).cpu()


def ratios(o: dict[str, str], clock: Clock) -> None:
    """Run the other script, for no longer than there are minutes."""
    script = Path(__file__).with_name("real_shapes.py")
    told = [f"{name}={o[name]}" for name in ("prompts", "draws", "new", "blocks", "device")]
    try:
        subprocess.run([sys.executable, script, *told, "rounds=2"], timeout=left(clock))
    except subprocess.TimeoutExpired:
        say(clock, "the minutes are over; no more ratios")


def base_from(keep: Path, clock: Clock) -> str:
    """Return the base, converted in the cache, after its canary."""
    whole = keep / "model.gguf"
    if not whole.exists():
        with open(whole, "wb") as file:
            for name in HALVES:
                file.write((keep / name).read_bytes())
    if digest_of(whole) != SMOLLM2.gguf:
        sys.exit(f"{whole}: SHA-256 {digest_of(whole)}; expected {SMOLLM2.gguf}; bring both again")
    fetched(SMOLLM2.name, whole)
    canary = canary_of(SimpleNamespace(learner=TransformerLearner(SMOLLM2.name)))
    say(clock, str(canary))
    canary.check()
    return SMOLLM2.name


def settings(o: dict[str, str], base: str) -> Experiment:
    """Return settings A and B on this base and text, one chain."""
    text, epochs = Path(o["text"]), int(o["epochs"])
    changes = [
        f"reality={{ kind = 'text', path = '{text / 'train.txt'}', documents = 'wikitext', "
        f"test_path = '{text / 'test.txt'}', tokeniser = '{base}' }}",
        f"learner.base='{base}'",
        "learner.training.learning_rate=1e-4",
        "learner.training.batch=32",
        f"learner.training.device='{o['device']}'",
        f"learner.training.epochs={epochs}",
        f"n_real={o['n']}",
        f"held_out={o['held_out']}",
        f"generations={o['generations']}",
        "chains=1",
        f"keep={{ at = [{o['generations']}], rows = 100 }}",
        "metrics=['perplexity', 'bits_per_byte', 'duplicate_rows', "
        "{ kind = 'sequence_perplexity', q = [0.05, 0.5, 0.95], under = 'base' }]",
    ]
    a, b = "opt,A", "opt,B"
    found = load_experiment("shumailov-2024-opt", "paper", changes)
    longer = found.studies[b].learner
    longer = replace(longer, training=replace(longer.training, epochs=2 * epochs))
    return replace(
        found, studies={a: found.studies[a], b: replace(found.studies[b], learner=longer)}
    )


def recursion(o: dict[str, str], keep: Path, clock: Clock) -> None:
    """Let both settings go on, each for its share of the minutes that are left."""
    experiment = settings(o, base_from(keep, clock))
    for i, (name, study) in enumerate(experiment.studies.items()):
        share = Clock(time.monotonic(), left(clock) / 60 / (len(experiment.studies) - i))
        try:
            continued(replace(experiment, studies={name: study}), keep / "runs", share)
        except OverError:
            say(clock, f"{name}: its minutes are over; the next call goes on")


def main() -> None:
    o = OPTIONS | dict(word.split("=", 1) for word in sys.argv[1:])
    clock = Clock(time.monotonic(), float(o["minutes"]))
    device, keep = torch.device(o["device"]), Path(o["keep"])
    keep.mkdir(parents=True, exist_ok=True)
    for name in HALVES:
        if (half := Path(o["halves"]) / name).exists():
            shutil.copy(half, keep / name)
    there = [name for name in HALVES if (keep / name).exists()]
    say(clock, f"halves of the model: {', '.join(there) or 'none'}")
    look(device, clock)
    if len(there) < len(HALVES):
        ratios(o, clock)
        return
    try:
        recursion(o, keep, clock)
    except GenlossError as error:
        say(clock, f"{type(error).__name__}: {error}")
    table(keep / "runs")


if __name__ == "__main__":
    main()
