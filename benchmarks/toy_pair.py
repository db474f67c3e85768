"""Binoculars on a toy pair: SmolLM2-135M, and itself after a few steps on novels.

    python benchmarks/toy_pair.py tune NOVELS PAIR [STEPS]
    python benchmarks/toy_pair.py score DATA PAIR OUT.jsonl [SECONDS]
    python benchmarks/toy_pair.py table OUT.jsonl

NOVELS: the folder with novels-*.jsonl.xz. PAIR: the folder of the tuned model (the performer),
which `genloss corpus calibrate --scorer binoculars --with performer=PAIR` takes as well. Tuned on
blocks of 128 tokens, 8 a step (4 steps), of as many novels as there are blocks. DATA: the folder
with bao-2024.jsonl.xz and liang-2023.jsonl. Of every text, with its line breaks made spaces, the
first 150 tokens behind the words that a continuation shares with the human text (the models read
those, too); some of every group at a time, until SECONDS (600) of processor time are over. One
thread. The pair is small and barely tuned: what it tells apart says nothing of pairs of large
models.
"""

import json
import lzma
import shutil
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from detection import told
from detection_scores import in_turn, texts

BASE = "smollm2-135m"
BLOCK, BATCH = 128, 8
READ, SCORED = 300, 150
MADE = {"model": "machine", "mixed": "edited", "human": "human"}
SCORES = {
    "binoculars": "Binoculars",
    "observer": "log-perplexity, SmolLM2",
    "performer": "log-perplexity, tuned",
}


def tune(novels: Path, pair: Path, steps: str = "4") -> None:
    """Tune the base and save it with its tokeniser."""
    import torch

    from genloss.core.samples import Samples
    from genloss.models.torch.lm.checkpoint import TOKENISER, TOKENISER_CONFIG, save_checkpoint
    from genloss.models.torch.lm.detection.judge import tokeniser_of, tokens_of
    from genloss.models.torch.lm.hub import folder_of
    from genloss.models.torch.lm.objective import FineTuning
    from genloss.models.torch.lm.transformer_learner import TransformerLearner

    torch.set_num_threads(1)
    number = BATCH * int(steps)
    passages = []
    for file in sorted(novels.glob("novels-*.jsonl.xz")):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line)["text"]
                passages.append(" ".join(text[len(text) // 2 :][:4000].split()))
    drawn = np.random.default_rng(0).permutation(len(passages))[:number]
    rows = tokens_of(tokeniser_of(BASE, ""), [passages[i] for i in drawn], BLOCK)
    training = FineTuning(epochs=1, batch=BATCH, learning_rate=2e-4)
    began = time.process_time()
    learner = TransformerLearner(base=BASE, training=training)
    x = np.stack([row for row in rows if row.size == BLOCK])[None]
    model = learner.fit(Samples.of(x, 0), np.random.default_rng(1))
    pair.mkdir(parents=True, exist_ok=True)
    save_checkpoint(pair, model.decoder, {k: v[0] for k, v in model.parameters.items()})
    for name in (TOKENISER, TOKENISER_CONFIG):
        shutil.copy(folder_of(BASE, "") / name, pair / name)
    print(f"{x.shape[1]} blocks, {time.process_time() - began:.0f} s of a processor: {pair}")


def score(data: Path, pair: Path, out: Path, seconds: str = "600") -> None:
    """Score what is not scored yet, a line for each text."""
    import torch

    from genloss.models.torch.lm.detection.binoculars import laws_of_two, ratio
    from genloss.models.torch.lm.detection.judge import judge
    from genloss.models.torch.lm.detection.token_laws import logits_of, positions

    torch.set_num_threads(1)
    models = [judge(base, "", "cpu") for base in (BASE, str(pair))]

    def both(x):
        return torch.cat([logits_of(m.module, x) for m in models], dim=2)

    def laws(logits, target):
        own = logits.chunk(2, dim=1)[0].log_softmax(1).gather(1, target[:, None])
        return torch.cat([laws_of_two(logits, target), own], 1)

    done = {json.loads(line)["id"] for line in out.open()} if out.exists() else set()
    todo = [t for t in in_turn(texts(data), 1000) if t["id"] not in done]
    with out.open("a", encoding="utf-8") as file:
        for start in range(0, len(todo), BATCH):
            if time.process_time() > float(seconds):
                break
            batch = todo[start : start + BATCH]
            known = [" ".join(t["text"].split()[: t["shared"]]) for t in batch]
            skip = [len(own) for own in models[0].tokens(known, READ)]
            flat = models[0].tokens([" ".join(t["text"].split()) for t in batch], READ)
            rows = [row[: max(1, n) + SCORED] for row, n in zip(flat, skip, strict=True)]
            found = positions(rows, models[0].module.device, both, laws, 3)
            for text, n, own in zip(batch, skip, found, strict=True):
                rest = own[max(0, n - 1) :]
                if len(rest) < 50:
                    continue
                line = {k: text[k] for k in ("id", "domain", "generator")}
                line |= {"origin": MADE[text["origin"]], "tokens": len(rest)}
                line |= {"binoculars": ratio(rest[:, :2])}
                line |= {"performer": rest[:, 0].mean(), "observer": rest[:, 2].mean()}
                file.write(json.dumps(line) + "\n")
            file.flush()


def table(out: Path) -> None:
    """Print AUROC with 95 % intervals (DeLong), machines of a domain together."""
    by = defaultdict(list)
    with out.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            by[line["domain"], line["origin"]].append(line)
    columns = " | ".join(SCORES.values())
    print(f"| domain | origin | texts | {columns} |\n|---|---|--:|" + "--:|" * len(SCORES))
    for (domain, origin), made in by.items():
        people = by.get((domain, "human"), [])
        if origin == "human" or not people:
            continue
        values = [
            told(*(np.array([line[name] for line in group]) for group in (people, made)))
            for name in SCORES
        ]
        print(f"| {domain} | {origin} | {len(people)} + {len(made)} | {' | '.join(values)} |")
    print(f"{sum(map(len, by.values()))} texts")


if __name__ == "__main__":
    commands = {"tune": tune, "score": score, "table": table}
    if len(sys.argv) > 2:
        given = [Path(a) if i < 3 and not a.isdigit() else a for i, a in enumerate(sys.argv[2:])]
        commands[sys.argv[1]](*given)
    else:
        print(__doc__)
