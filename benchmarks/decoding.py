"""Decoding against transformers' `generate`, same weights, precision and threads, in turns.

    python benchmarks/decoding.py [CASE ...] [rounds=3] [device=cpu] [threads=0] [prompts=0]
        [batch=0] [clock=wall]

Cases: small-float32, small-bfloat16 (OPT, 128 wide, 4 layers, 4,096 entries, 128 prompts),
paper-float32, paper-bfloat16 (OPT-125m's shape, 8 prompts on a CPU, 1,024 on a GPU), each by beam
search with 5 beams; small-sampling, paper-sampling (bfloat16). All: random weights, 64 prompt
tokens, 64 new ones, end token banned. Times are the fastest of the rounds; 'equal' counts prompts
with the same tokens, which float32 beam search promises. On a busy machine, threads=1 clock=cpu
counts the seconds of this process alone.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from genloss.core.decoding import BeamSearch, Decoding, Sampling
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.writer import Writer

PROMPT, NEW = 64, 64
SMALL = Decoder("opt", 4096, 128, 4, 4, 512, 256, end=2)
PAPER = Decoder("opt", 50272, 768, 12, 12, 3072, 2048, end=2)
BEAMS, DRAWS = BeamSearch(5, NEW, NEW), Sampling(max_new=NEW, min_new=NEW)
CASES: dict[str, tuple[Decoder, Decoding, torch.dtype]] = {
    "small-float32": (SMALL, BEAMS, torch.float32),
    "small-bfloat16": (SMALL, BEAMS, torch.bfloat16),
    "small-sampling": (SMALL, DRAWS, torch.bfloat16),
    "paper-float32": (PAPER, BEAMS, torch.float32),
    "paper-bfloat16": (PAPER, BEAMS, torch.bfloat16),
    "paper-sampling": (PAPER, DRAWS, torch.bfloat16),
}


def theirs(parameters, decoder, how, dtype, device):
    """Return a function that continues prompts with `generate`."""
    from transformers import AutoModelForCausalLM

    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder), decoder, parameters)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval().to(device)
    beams = getattr(how, "beams", 1)

    def write(prompts):
        tokens = torch.from_numpy(prompts).to(device)
        with torch.inference_mode():
            out = model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                do_sample=isinstance(how, Sampling),
                num_beams=beams,
                top_k=0,
                max_new_tokens=NEW,
                min_new_tokens=NEW,
                pad_token_id=decoder.end,
            )
        return out[:, PROMPT:].cpu().numpy()

    return write


def ours(parameters, decoder, how, dtype, device, batch):
    """Return a function that continues prompts with genloss."""
    weights = {name: torch.from_numpy(w).to(device, dtype) for name, w in parameters.items()}
    writer = Writer(decoder, lambda c: weights, how, dtype, device, batch)
    return lambda prompts: writer.continue_(prompts[None], np.random.default_rng(0))[0]


def run(name: str, options: dict[str, str]) -> None:
    decoder, how, dtype = CASES[name]
    rng, device = np.random.default_rng(0), torch.device(options["device"])
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[options["clock"]]
    parameters = decoder.initial(rng)
    usual = 1024 if device.type == "cuda" else 128 if decoder is SMALL else 8
    n = int(options["prompts"]) or usual
    prompts = rng.integers(3, decoder.vocabulary, (n, PROMPT))
    setup = (parameters, decoder, how, dtype, device)
    writers = {"generate": theirs(*setup), "genloss": ours(*setup, int(options["batch"]))}
    best, found = dict.fromkeys(writers, np.inf), {}
    for write in writers.values():
        write(prompts[:2])
    for _ in range(int(options["rounds"])):
        for who, write in writers.items():
            begun = clock()
            found[who] = write(prompts)
            best[who] = min(best[who], clock() - begun)
    equal = (found["generate"] == found["genloss"]).all(axis=1).sum()
    ratio = best["generate"] / best["genloss"]
    speeds = "  ".join(f"{n * NEW / best[who]:9.0f}" for who in writers)
    print(f"{name:<16} {speeds}  {ratio:6.2f}  {equal}/{n}", flush=True)


def main() -> None:
    options = {"rounds": "3", "device": "cpu", "threads": "0", "prompts": "0"}
    options |= {"batch": "0", "clock": "wall"}
    options |= dict(word.split("=") for word in sys.argv[1:] if "=" in word)
    names = [word for word in sys.argv[1:] if "=" not in word] or [*CASES]
    if int(options["threads"]):
        torch.set_num_threads(int(options["threads"]))
    print(f"threads: {torch.get_num_threads()}; new tokens per second of the best text")
    print(f"{'case':<16} {'generate':>9}  {'genloss':>9}  {'ratio':>6}  equal")
    for name in names:
        run(name, options)


if __name__ == "__main__":
    main()
