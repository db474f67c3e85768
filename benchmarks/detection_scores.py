"""Scores of the labelled texts under SmolLM2-135M, one line of JSON for each, as they come.

Ten texts of every group first, then the next ten, so that it can be stopped at any time and goes on
where it was. Of every text the first 300 tokens; scores of the whole, and of what stands after the
words that a continuation shares with the human text it was prompted with (the model still reads
them). One thread.

    nice python benchmarks/detection_scores.py DATA OUT.jsonl [MOST] [PART] [flat]

DATA: the folder with bao-2024.jsonl.xz and liang-2023.jsonl. MOST: texts of a group, at most.
PART: of their ids, such as squad-human; all. flat: with line breaks made spaces, of which the
human texts of Bao et al. have none and the continuations most.
"""

import json
import lzma
import sys
import time
from collections import defaultdict
from itertools import takewhile
from pathlib import Path
from typing import Any

TOKENS = 300
BATCH = 8

SHORT = (25, 50, 100, 150)
"""Tokens after the shared words at which scores are noted as well."""

STEP = 10

Text = dict[str, Any]


def texts(data: Path) -> list[Text]:
    """Return all texts with `group`, `unit` and `shared`, the words to leave out at its start."""
    with lzma.open(data / "bao-2024.jsonl.xz", "rt", encoding="utf-8") as lines:
        bao = [json.loads(line) for line in lines]
    with open(data / "liang-2023.jsonl", encoding="utf-8") as lines:
        liang = [json.loads(line) for line in lines]
    by_prompt: dict[tuple[str, str], list[Text]] = defaultdict(list)
    for text in bao:
        text["unit"] = text["domain"] + text["id"].rpartition("-")[2]
        by_prompt[text["domain"], text["unit"]].append(text)
    for group in by_prompt.values():
        human = next(t for t in group if t["origin"] == "human")["text"].split()
        shared = {t["id"]: common(human, t["text"].split()) for t in group}
        most = max(n for t in group if (n := shared[t["id"]]) < len(human))
        for text in group:
            text["shared"] = most if text["origin"] == "human" else shared[text["id"]]
    for text in liang:
        text |= {"unit": text["id"], "shared": 0}
    for text in (*bao, *liang):
        text["group"] = (text["domain"], text["origin"], text["generator"] or "")
    return [*bao, *liang]


def common(a: list[str], b: list[str]) -> int:
    """Return how many first words are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def in_turn(every: list[Text], most: int) -> list[Text]:
    """Return the texts, some of each group at a time."""
    groups: dict[tuple[str, ...], list[Text]] = defaultdict(list)
    for text in every:
        groups[text["group"]].append(text)
    rounds = range(0, most, STEP)
    return [t for i in rounds for own in groups.values() for t in own[i : min(i + STEP, most)]]


def main(data: Path, out: Path, most: str = "1000", part: str = "all", flat: str = "") -> None:
    """Score what is not scored yet."""
    import torch

    from genloss.models.torch.lm.detection.judge import judge

    torch.set_num_threads(1)
    done = {json.loads(line)["id"] for line in out.open()} if out.exists() else set()
    turn = in_turn(texts(data), int(most))
    todo = [t for t in turn if t["id"] not in done and (part == "all" or part in t["id"])]
    if flat:
        todo = [t | {"text": " ".join(t["text"].split())} for t in todo]
    own = judge("smollm2-135m", "", "cpu")
    with out.open("a", encoding="utf-8") as file:
        for start in range(0, len(todo), BATCH):
            for line in scored(own, todo[start : start + BATCH]):
                file.write(json.dumps(line) + "\n")
            file.flush()


def scored(judge: Any, batch: list[Text]) -> list[Text]:
    """Return a line for each text."""
    from genloss.models.torch.lm.detection.single import curvature, log_likelihood, log_rank
    from genloss.models.torch.lm.detection.token_laws import TokenLaws, token_laws

    began = time.process_time()
    laws = token_laws(judge, [t["text"] for t in batch], TOKENS)
    seconds = (time.process_time() - began) / sum(len(own.log_p) + 1 for own in laws)
    lines = []
    for text, own in zip(batch, laws, strict=True):
        known = " ".join(text["text"].split(" ")[: text["shared"]])
        skip = len(judge.tokens([known], TOKENS)[0]) if text["shared"] else 0
        rest = TokenLaws(*(values[max(0, skip - 1) :] for values in vars(own).values()))
        line = {k: text[k] for k in ("id", "domain", "origin", "generator", "unit", "shared")}
        line |= {"tokens": len(own.log_p) + 1, "rest": len(rest.log_p), "seconds": seconds}
        for name, score in (
            ("perplexity", log_likelihood),
            ("log_rank", log_rank),
            ("curvature", curvature),
        ):
            line[name], line[f"{name}_rest"] = score(own), score(rest)
            for n in SHORT:
                if len(rest.log_p) >= n:
                    first = TokenLaws(*(values[:n] for values in vars(rest).values()))
                    line[f"{name}_{n}"] = score(first)
        lines.append(line)
    return lines


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6])
    else:
        print(__doc__)
