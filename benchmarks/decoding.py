"""Decoding against transformers' `generate`, same weights, precision and threads, in turns.

    python benchmarks/decoding.py [CASE ...] [rounds=3] [device=cpu] [threads=0] [prompts=0]
        [batch=0] [at=0] [clock=wall] [all=0] [profile=0]

Cases: small-float32, small-bfloat16 (OPT, 128 wide, 4 layers, 4,096 entries, 512 prompts, of which
`generate` takes 128 at a time),
paper-float32, paper-bfloat16 (OPT-125m's shape, 8 prompts on a CPU, 1,024 on a GPU), each by beam
search with 5 beams; small-sampling, paper-sampling (bfloat16). All: random weights, 64 prompt
tokens, 64 new ones, end token banned. Times are the fastest of the rounds; 'equal' counts prompts
with the same tokens, which float32 beam search promises. On a busy machine, threads=1 clock=cpu
counts the seconds of this process alone. at: prompts that `generate` takes at a time (0: as above).

The share is that of the matrix products that the device was measured to do: those of the decoder,
each prompt read once, over the time that genloss took. all=37000 writes so many prompts more with
genloss, once, in batches that the memory allows: a generation of the paper. profile=1 shows what
takes the time on a GPU.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from ceiling import products
from genloss.core.decoding import BeamSearch, Decoding, Sampling
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.writing.writer import Writer

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


def theirs(parameters, decoder, how, dtype, device, at):
    """Return a function that continues prompts with `generate`, so many at a time."""
    from transformers import AutoModelForCausalLM

    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(Path(folder), decoder, parameters)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval().to(device)
    beams = getattr(how, "beams", 1)

    def write(prompts):
        parts = np.split(prompts, range(at, len(prompts), at))
        return np.concatenate([some(part) for part in parts])

    def some(prompts):
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


def operations(decoder: Decoder, beams: int) -> int:
    """Return the floating-point operations that the continuations of one prompt need."""
    tables = decoder.vocabulary * decoder.width
    inner = decoder.layers * (4 * decoder.width**2 + 2 * decoder.width * decoder.feed_forward)
    attention = decoder.layers * decoder.width * (PROMPT**2 + 2 * beams * NEW * (PROMPT + NEW / 2))
    read = PROMPT + beams * (NEW - 1)
    return int(2 * (read * inner + (1 + beams * (NEW - 1)) * tables + attention))


def profiled(write, prompts) -> None:
    """Print what takes the time of the GPU."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as seen:
        write(prompts)
    kind = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    print(seen.key_averages().table(sort_by=kind, row_limit=25, max_name_column_width=60))


def run(name: str, options: dict[str, str]) -> None:
    decoder, how, dtype = CASES[name]
    rng, device = np.random.default_rng(0), torch.device(options["device"])
    clock = {"wall": time.perf_counter, "cpu": time.process_time}[options["clock"]]
    parameters = decoder.initial(rng)
    usual = 1024 if device.type == "cuda" else 128 if decoder is SMALL else 8
    n = int(options["prompts"]) or (4 * usual if decoder is SMALL else usual)
    prompts = rng.integers(3, decoder.vocabulary, (n, PROMPT))
    setup = (parameters, decoder, how, dtype, device)
    at = int(options["at"]) or usual
    writers = {"generate": theirs(*setup, at), "genloss": ours(*setup, int(options["batch"]))}
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
    most, each = products(device, dtype), operations(decoder, getattr(how, "beams", 1))
    share = n * each / best["genloss"] / most
    print(f"{name:<16} {speeds}  {ratio:6.2f}  {share:5.0%}  {equal}/{n}", flush=True)
    if int(options["all"]):
        many = rng.integers(3, decoder.vocabulary, (int(options["all"]), PROMPT))
        begun = time.perf_counter()
        writers["genloss"](many)
        seconds = time.perf_counter() - begun
        share = len(many) * each / seconds / most
        print(f"{len(many)} prompts: {seconds:.1f} s, {share:.0%} of {most / 1e12:.1f} TFLOP/s")
    if int(options["profile"]):
        profiled(writers["genloss"], prompts)


def main() -> None:
    options = {"rounds": "3", "device": "cpu", "threads": "0", "prompts": "0", "batch": "0"}
    options |= {"at": "0", "clock": "wall", "all": "0", "profile": "0"}
    options |= dict(word.split("=") for word in sys.argv[1:] if "=" in word)
    names = [word for word in sys.argv[1:] if "=" not in word] or [*CASES]
    if int(options["threads"]):
        torch.set_num_threads(int(options["threads"]))
    print(f"torch {torch.__version__}, threads: {torch.get_num_threads()}")
    print("new tokens per second of the best text")
    print(f"{'case':<16} {'generate':>9}  {'genloss':>9}  {'ratio':>6}  share  equal")
    for name in names:
        run(name, options)


if __name__ == "__main__":
    main()
