"""Decoding and fine-tuning at the shapes that people have, against transformers, on a few cores.

    python benchmarks/real_shapes.py [SHAPE ...] [parts=beams32,beams16,draws,tuning32,tuning16]
        [prompts=16] [draws=64] [new=64] [blocks=32] [rounds=2] [threads=0] [device=cpu]
        [base=FOLDER]

Shapes: smollm2-135m (30 layers x 576, 9 heads on 3 of keys, 49,152 tokens) and opt-125m; random
weights, or those of base, the folder of a saved model. Defaults take about twelve minutes on two
quiet cores and print the whole table.

beams32, beams16: beam search with 5 beams in float32 and bfloat16, 64 prompt tokens and `new` new
ones, end banned; draws: sampling in bfloat16; tuning32, tuning16: AdamW on `blocks` blocks of 64
tokens a step. `generate` decodes with a dynamic or a static cache, all prompts at once or half at a
time; the plain loop takes transformers' loss or torch's fused one (no row is padded): the first
round tries all, the others take the fastest. genloss chooses its batches itself. Both sides take
turns in one process; times are the fastest of the rounds, wall seconds and those of the processor.

Equal: float32 beams must be token for token the same. In 16 bits rows are counted that are, and
the mean ln p of the texts under the float32 model must agree to TOLERANCE nats a token. Draws have
the same law: the mean ln p of all texts must agree within four standard errors. Losses of a step in
float32 must agree to 1e-4, in 16 bits to 1e-2.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from ceiling import wait
from genloss.core.decoding import BeamSearch, Sampling
from genloss.core.samples import Samples
from genloss.models.torch.feeds import feed_of
from genloss.models.torch.lm.checkpoint import load_checkpoint, save_checkpoint
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.modules import without_bars
from genloss.models.torch.lm.objective import FineTuning, decoder_total
from genloss.models.torch.lm.tuning.portions import Portions
from genloss.models.torch.lm.writing.writer import Writer
from genloss.models.torch.training import DTYPES, Loop

SHAPES = {
    "smollm2-135m": Decoder("llama", 49152, 576, 30, 9, 1536, 2048, end=0, kv_heads=3),
    "opt-125m": Decoder("opt", 50272, 768, 12, 12, 3072, 2048, end=2),
}
PROMPT, TOKENS, RATE, DECAY = 64, 64, 1e-4, 0.01
TOLERANCE = 0.02
"""Nats a token by which mean scores of texts chosen in 16 bits may differ."""

PARTS = ("beams32", "beams16", "draws", "tuning32", "tuning16")
Case = dict[str, Callable[[], np.ndarray]]
Taken = dict[str, tuple[float, float]]


def in_turns(
    theirs: Case, ours: Callable, rounds: int, device: torch.device
) -> tuple[str, Taken, dict]:
    """Return the fastest of theirs, seconds (wall, processor) of both sides, and the results."""
    best: Taken = {}
    results = {}
    for i in range(rounds):
        left = {min(theirs, key=lambda name: best[name])} if i else set(theirs)
        for name, call in [*((name, theirs[name]) for name in theirs if name in left), ("", ours)]:
            wall, cpu = time.perf_counter(), time.process_time()
            results[name] = call()
            wait(device)
            took = time.perf_counter() - wall, time.process_time() - cpu
            best[name] = min(best.get(name, took), took)
    first = min(theirs, key=lambda name: best[name])
    return first, {"theirs": best[first], "genloss": best[""]}, results


def row(part: str, which: str, taken: Taken, amount: int, note: str) -> None:
    (wall, cpu), (own, own_cpu) = taken["theirs"], taken["genloss"]
    print(
        f"{part:<9} {which:<15} {amount / wall:8.1f} {amount / own:8.1f} {wall / own:6.2f} "
        f"{cpu / own_cpu:6.2f}  {note}",
        flush=True,
    )


def generators(folder: Path, how, dtype, prompts: np.ndarray, new: int, device) -> Case:
    """Return the ways in which `generate` may write."""
    from transformers import AutoModelForCausalLM

    with without_bars():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval().to(device)
    draws = isinstance(how, Sampling)

    def write(cache: str | None, at: int) -> np.ndarray:
        torch.manual_seed(1)
        out = []
        for tokens in torch.split(torch.from_numpy(prompts).to(device), at):
            with torch.inference_mode():
                made = model.generate(
                    tokens,
                    attention_mask=torch.ones_like(tokens),
                    do_sample=draws,
                    num_beams=getattr(how, "beams", 1),
                    max_new_tokens=new,
                    min_new_tokens=new,
                    pad_token_id=0,
                    cache_implementation=cache,
                    **({"top_k": 0} if draws else {}),
                )
            out.append(made[:, PROMPT:].cpu().numpy())
        return np.concatenate(out)

    n = len(prompts)
    ways = {"dynamic": (None, n), "dynamic, half": (None, -(-n // 2)), "static": ("static", n)}
    return {name: lambda way=way: write(*way) for name, way in ways.items()}


def scores(decoder: Decoder, weights: dict, prompts: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """Return the mean ln p of the tokens of each text under the float32 model."""
    device = next(iter(weights.values())).device
    rows = torch.from_numpy(np.concatenate([prompts, texts], axis=1)).to(device)
    out = []
    with torch.inference_mode():
        for part in torch.split(rows, 4):
            hidden = decoder.hidden(weights, part[:, :-1])[:, PROMPT - 1 :]
            log_p = decoder.logits(weights, hidden).log_softmax(-1)
            out.append(log_p.gather(2, part[:, PROMPT:, None])[..., 0].mean(1))
    return torch.cat(out).double().cpu().numpy()


def decoding(part: str, decoder: Decoder, weights: dict, folder: Path, o: dict[str, str]) -> None:
    new, draws = int(o["new"]), part == "draws"
    dtype = torch.float32 if part == "beams32" else torch.bfloat16
    device = torch.device(o["device"])
    how = Sampling(max_new=new, min_new=new) if draws else BeamSearch(5, new, new)
    n = int(o["draws" if draws else "prompts"])
    prompts = np.random.default_rng(1).integers(3, decoder.vocabulary, (n, PROMPT))
    own = {name: w.to(dtype) for name, w in weights.items()}
    writer = Writer(decoder, lambda c: own, how, dtype, device)
    theirs = generators(folder, how, dtype, prompts, new, device)

    def ours() -> np.ndarray:
        return writer.continue_(prompts[None], np.random.default_rng(1))[0]

    first, taken, texts = in_turns(theirs, ours, int(o["rounds"]), device)
    same = (texts[first] == texts[""]).all(axis=1)
    a, b = (scores(decoder, weights, prompts, texts[name]) for name in (first, ""))
    gap = float(b.mean() - a.mean())
    note = f"equal {same.sum()}/{n}"
    if draws:
        error = float(np.hypot(a.std(ddof=1), b.std(ddof=1)) / n**0.5)
        note = f"ln p a token {a.mean():.4f} {b.mean():.4f}, {abs(gap) / error:.1f} standard errors"
        fine = abs(gap) <= 4 * error
    else:
        note += f", score {gap:+.5f} nats a token"
        fine = bool(same.all()) if part == "beams32" else abs(gap) <= TOLERANCE
    row(part, first, taken, n * new, note + ("" if fine else "  NOT EQUAL"))


def plain_steps(folder: Path, dtype, x: torch.Tensor) -> Case:
    """Return the ways of a plain loop: one step of AdamW each call, its loss returned."""
    from transformers import AutoModelForCausalLM

    with without_bars():
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    model = model.to(x.device)
    adam = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    start = {name: w.clone() for name, w in model.state_dict().items()}
    targets = x[:, 1:].flatten()

    def own() -> torch.Tensor:
        return model(input_ids=x, labels=x).loss

    def fused() -> torch.Tensor:
        hidden = model.base_model(input_ids=x[:, :-1]).last_hidden_state
        return F.linear_cross_entropy(
            hidden.flatten(0, 1), model.lm_head.weight.to(hidden.dtype), targets
        )

    def step(loss: Callable) -> np.ndarray:
        model.load_state_dict(start)
        adam.state.clear()
        return np.array([update(loss) for _ in range(2)])

    def update(loss: Callable) -> float:
        adam.zero_grad()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
            value = loss()
        value.backward()
        adam.step()
        return float(value.detach())

    ways = {"own loss": own} | ({"fused": fused} if hasattr(F, "linear_cross_entropy") else {})
    return {name: lambda loss=loss: step(loss) for name, loss in ways.items()}


def tuning(part: str, decoder: Decoder, weights: dict, folder: Path, o: dict[str, str]) -> None:
    precision, n = ("float32", "bfloat16")[part == "tuning16"], int(o["blocks"])
    device = torch.device(o["device"])
    rows = np.random.default_rng(2).integers(3, decoder.vocabulary, (1, n, TOKENS))
    theirs = plain_steps(folder, DTYPES[precision], torch.from_numpy(rows[0]).to(device))
    training = FineTuning(9, n, RATE, DECAY, precision=precision, device=o["device"])

    # What fits the memory is found out at the first step of a fit, not of every pair of steps.
    portions = Portions("a benchmark", [*weights], decoder_total(decoder), n)

    def ours() -> np.ndarray:
        start = [w.clone() for w in weights.values()]
        loop = Loop(portions.loss, start, training, "a benchmark")
        feed = feed_of(Samples.of(rows, 0), 0, n, 0, device, DTYPES[precision])
        with torch.enable_grad():
            update = loop._stepper(feed, 0)
            return np.array([float(update(i)) for i in range(2)])

    first, taken, losses = in_turns(theirs, ours, int(o["rounds"]), device)
    gap = np.abs(losses[first] - losses[""]).max()
    fine = gap <= (1e-4 if precision == "float32" else 1e-2)
    note = f"losses {losses[''][0]:.5f} {losses[''][1]:.5f}, differ by {gap:.0e}"
    row(part, first, taken, 2 * n * TOKENS, note + ("" if fine else "  NOT EQUAL"))


def main() -> None:
    o = {"parts": ",".join(PARTS), "prompts": "16", "draws": "64", "new": "64", "blocks": "32"}
    o |= {"rounds": "2", "threads": "0", "device": "cpu", "base": ""}
    o |= dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    names = [word for word in sys.argv[1:] if "=" not in word] or [*SHAPES]
    if int(o["threads"]):
        torch.set_num_threads(int(o["threads"]))
    print(f"torch {torch.__version__}, threads: {torch.get_num_threads()}")
    for name in names:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(o["base"] or made)
            if o["base"]:
                decoder, parameters = load_checkpoint(folder)
            else:
                decoder = SHAPES[name]
                parameters = decoder.initial(np.random.default_rng(0))
                save_checkpoint(folder, decoder, parameters)
            weights = {
                key: torch.from_numpy(np.array(w)).to(o["device"]) for key, w in parameters.items()
            }
            print(f"{name}: {decoder.n_parameters / 1e6:.1f} million parameters; tokens a second")
            heads = ("part", "of theirs", "theirs", "genloss", "ratio", "cpu")
            print("{:<9} {:<15} {:>8} {:>8} {:>6} {:>6}".format(*heads))
            for part in o["parts"].split(","):
                run = tuning if part.startswith("tuning") else decoding
                run(part, decoder, weights, folder, o)


if __name__ == "__main__":
    main()
