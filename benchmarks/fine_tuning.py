"""Fine-tuning an OPT: a plain loop of transformers against ours, in interleaved bursts.

    python benchmarks/fine_tuning.py [SIZE [STEPS BURST THREADS [NAME ...]]]

SIZE: small (128 wide, 4 layers, 4,096 entries; the default) or opt-125m. Every row of the table is
a process of its own; they take turns of BURST steps (5) until each has done STEPS (40) of 128
blocks of 64 tokens, on a GPU where there is one, else on THREADS threads (0: torch's own choice).
All start from one checkpoint and read the same blocks in the same order, so that their losses
must agree. Tokens per second are those of the fastest burst; the share is that of the matrix
products that the device was measured to do (6 operations a weight and token, and attention's); the
last column is what five epochs of the paper's 37,000 blocks take. 'ours bfloat16 compiled' (named
only) lets torch compile the loss. Text: Python's own help texts, words
hashed to tokens; enough to train on, nothing to learn a language from.
"""

import multiprocessing
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from pydoc_data import topics
from zlib import crc32

import numpy as np
import torch

from ceiling import products
from genloss.core.samples import Samples
from genloss.models.torch.device import stream
from genloss.models.torch.feeds import SHUFFLE
from genloss.models.torch.fits import Noted
from genloss.models.torch.lm.checkpoint import save_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.modules import without_bars
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.models.torch.training import Loop, to_numpy

ROWS, TOKENS, RATE, DECAY = 128, 64, 1e-3, 0.01
SIZES = {
    "small": Decoder("opt", 4096, 128, 4, 4, 512, 128, 0),
    "opt-125m": Decoder("opt", 50272, 768, 12, 12, 3072, 2048, 2),
}
RUNS = ("plain float32", "ours float32", "plain bfloat16", "ours bfloat16")


@dataclass
class Turnstile:
    """A notebook that lets its fit pass burst by burst, and tells how long each one took."""

    pipe: Connection
    begun: float = 0.0

    def read(self):
        """Wait for the first turn; there is nothing to resume from."""
        self.wait()

    def write(self, arrays):
        """Tell the seconds and losses of this turn, and wait for the next."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.pipe.send((time.perf_counter() - self.begun, arrays["now.batch_loss"]))
        self.wait()

    def wait(self):
        """Wait for a turn; there is none after the last."""
        try:
            self.pipe.recv()
        except EOFError:
            sys.exit()
        self.begun = time.perf_counter()


def blocks(n: int, vocabulary: int) -> np.ndarray:
    """Return n blocks of tokens, cycling through the text."""
    words = " ".join(topics.topics.values()).split()
    tokens = np.array([crc32(word.encode()) % vocabulary for word in words])
    return np.resize(tokens, (n, TOKENS))


def plain(folder: str, x: np.ndarray, steps: int, burst: int, autocast: bool, gate: Turnstile):
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    with without_bars():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model = model.eval().to(device)
    adam = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    seed = int(np.random.default_rng(0).integers(2**63, size=1)[0])
    order = stream(seed, SHUFFLE, 0).permutation(len(x))
    losses = torch.zeros(steps, device=device)
    rows = torch.from_numpy(x).to(device)
    gate.read()
    for i in range(steps):
        batch = rows[order[i * ROWS : (i + 1) * ROWS]]
        with torch.autocast(device, torch.bfloat16, enabled=autocast):
            loss = model(input_ids=batch, labels=batch).loss
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses[i] = loss.detach()
        if (i + 1) % burst == 0:
            gate.write({"now.batch_loss": losses.cpu().numpy()})


def ours(folder: str, x: np.ndarray, burst: int, precision: str, compiled: bool, gate: Turnstile):
    # Nobody resumes here, and a note of all weights would be part of the burst.
    Loop.arrays = lambda loop: {"batch_loss": to_numpy(loop.batch_loss)}
    training = FineTuning(1, ROWS, RATE, DECAY, precision=precision, save_every=burst)
    training = replace(training, compile=compiled)
    learner = TransformerLearner(base=folder, training=training)
    Noted(learner, gate).fit(Samples.of(x[None], 0), np.random.default_rng(0))


def child(name: str, size: str, folder: str, steps: int, burst: int, threads: int, pipe):
    if threads:
        torch.set_num_threads(threads)
    how, precision, *rest = name.split()
    # One step more than is asked for: no note is written after the last.
    x = blocks((steps + 1) * ROWS, SIZES[size].vocabulary)
    if how == "plain":
        plain(folder, x, steps, burst, precision == "bfloat16", Turnstile(pipe))
    else:
        ours(folder, x, burst, precision, rest == ["compiled"], Turnstile(pipe))


def main() -> None:
    size = sys.argv[1] if sys.argv[1:] else "small"
    steps, burst, threads = map(int, sys.argv[2:5] or (40, 5, 0))
    names = tuple(sys.argv[5:]) or RUNS
    best, last = dict.fromkeys(names, np.inf), {}
    with tempfile.TemporaryDirectory() as folder:
        decoder = SIZES[size]
        save_checkpoint(Path(folder), decoder, decoder.initial(np.random.default_rng(1)))
        context, pipes = multiprocessing.get_context("spawn"), {}
        for name in names:
            pipes[name], there = context.Pipe()
            task = (name, size, folder, steps, burst, threads, there)
            context.Process(target=child, args=task, daemon=True).start()
            there.close()
        for _ in range(steps // burst):
            for name, pipe in pipes.items():
                pipe.send("go")
                seconds, losses = pipe.recv()
                best[name] = min(best[name], seconds / burst)
                last[name] = losses.reshape(-1)[:steps]
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    most = {kind: products(device, dtype) for kind, dtype in kinds.items()}
    each = 6 * decoder.n_parameters + 6 * decoder.layers * decoder.width * TOKENS
    steps_of_paper = 5 * 37_000 / ROWS
    heads = ("loop", "tokens/s", "ratio", "share", "paper s")
    print("{:<23} {:>9} {:>6} {:>6} {:>8}  first loss, last loss (nats a token)".format(*heads))
    for name in names:
        ratio = best.get("plain float32", np.nan) / best[name]
        rate = ROWS * TOKENS / best[name]
        share = rate * each / most[name.split()[1]]
        ends = f"{last[name][0]:.5f}  {last[name][-1]:.5f}"
        seconds = best[name] * steps_of_paper
        print(f"{name:<23} {rate:9.0f} {ratio:6.2f} {share:6.0%} {seconds:8.1f}  {ends}")
    if {"plain float32", "ours float32"} <= last.keys():
        gap = np.abs(last["plain float32"] - last["ours float32"]).max()
        print(f"largest difference of float32 losses over {steps} steps: {gap:.1e}")
        np.testing.assert_allclose(last["ours float32"], last["plain float32"], rtol=1e-3)


if __name__ == "__main__":
    main()
