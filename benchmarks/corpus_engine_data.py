"""A corpus of distinct documents with planted duplicates, and what a deduplication left of it.

Half of the documents are sentences of novels in random order, half are drawn from the bigrams of
the novels; 80 to 400 words each. One in twenty is an exact copy, one in twenty a copy with words
replaced at even distances, so that its Jaccard similarity (rows of 5 words) is near .9, .8 or .7;
the true one is kept. Sixteen files of JSON lines, rows in random order.
"""

import json
import lzma
import re
from pathlib import Path

import numpy as np

FILES = 16
COPIES = 20
TARGETS = (0.9, 0.8, 0.7)


def sentences_of(novels: Path, most: int = 30_000_000) -> list[str]:
    text = []
    size = 0
    for file in sorted(novels.glob("*.jsonl.xz")):
        with lzma.open(file, "rt", encoding="utf-8") as stream:
            for line in stream:
                text.append(json.loads(line)["text"])
                size += len(text[-1])
                if size > most:
                    break
        if size > most:
            break
    found = re.split(r"(?<=[.!?])\s+", " ".join(" ".join(text).split()))
    return [s for s in dict.fromkeys(found) if 5 <= s.count(" ") <= 60]


class Bigrams:
    """The chain of bigrams of some sentences, which texts are drawn from."""

    def __init__(self, sentences: list[str]) -> None:
        words = " ".join(sentences[:60_000]).split()
        names = {word: i for i, word in enumerate(sorted(set(words)))}
        ids = np.array([names[word] for word in words])
        self.names = np.array(list(names), dtype=object)
        self.following = ids[1:][np.argsort(ids[:-1], kind="stable")]
        self.ends = np.cumsum(np.bincount(ids[:-1], minlength=len(names)))
        self.starts = np.append(0, self.ends[:-1])

    def draw(self, rng: np.random.Generator, lengths: np.ndarray) -> list[list[str]]:
        """Return a text of so many words for each length."""
        state = rng.integers(self.names.size, size=lengths.size)
        steps = []
        for _ in range(int(lengths.max())):
            width = self.ends[state] - self.starts[state]
            jump = rng.integers(self.names.size, size=lengths.size)
            at = self.starts[state] + (rng.random(lengths.size) * width).astype(np.int64)
            follows = self.following[np.minimum(at, self.following.size - 1)]
            state = np.where(width > 0, follows, jump)
            steps.append(state)
        rows = np.array(steps).T
        return [list(self.names[row[:n]]) for row, n in zip(rows, lengths, strict=True)]


def similarity(one: list[str], other: list[str]) -> float:
    """Return the Jaccard similarity of rows of 5 words, without case and punctuation."""
    a, b = (set(shingles(" ".join(words))) for words in (one, other))
    return len(a & b) / len(a | b)


def shingles(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return [tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))]


def make(folder: Path, size: int, novels: Path, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    sentences = sentences_of(novels)
    chain = Bigrams(sentences)
    folder.mkdir(parents=True)
    files = [(folder / f"{i:02d}.jsonl").open("w", encoding="utf-8") for i in range(FILES)]
    truth = []
    number = written = 0

    def put(text: str) -> int:
        nonlocal number, written
        line = json.dumps({"text": text, "n": number}, ensure_ascii=False) + "\n"
        files[int(rng.integers(FILES))].write(line)
        number, written = number + 1, written + len(line)
        return number - 1

    while written < size:
        made = chain.draw(rng, rng.integers(80, 241, size=1000))
        for n in rng.integers(6, 20, size=1000):
            drawn = rng.integers(len(sentences), size=n)
            made.append(" ".join([sentences[i] for i in drawn]).split())
        waiting = []
        for i in rng.permutation(len(made)):
            waiting.append((made[i], put(" ".join(made[i])), i % COPIES))
        for words, original, kind in waiting:
            if kind == 0:
                truth.append([put(" ".join(words)), original, 1.0])
            elif kind == 1:
                near, true = changed(words, TARGETS[original % 3], rng)
                truth.append([put(" ".join(near)), original, round(true, 4)])
    for file in files:
        file.close()
    about = {"documents": number, "bytes": written, "copies": truth}
    folder.with_suffix(".truth.json").write_text(json.dumps(about))


def changed(words: list[str], target: float, rng: np.random.Generator) -> tuple[list[str], float]:
    n = len(words)
    count = max(1, round(n * (1 - target) / (5 * (1 + target))))
    near = list(words)
    for i in np.linspace(2, n - 3, count).astype(int):
        near[i] = f"x{rng.integers(10**6)}"
    return near, similarity(words, near)


def score(truth: dict, kept: set[int]) -> dict:
    """Return recall by similarity, and documents without any copy that were removed."""
    planted = {n for pair in truth["copies"] for n in pair[:2]}
    alone = truth["documents"] - len(planted)
    lost = alone - sum(n not in planted for n in kept)
    found: dict[str, list[bool]] = {}
    for copy, original, true in truth["copies"]:
        band = "exact" if true == 1.0 else f"{np.floor(true * 20) / 20:.2f}"
        found.setdefault(band, []).append(not (copy in kept and original in kept))
    return {
        "recall": {
            b: [sum(v), len(v), round(sum(v) / len(v), 4)] for b, v in sorted(found.items())
        },
        "all": round(sum(map(sum, found.values())) / sum(map(len, found.values())), 4),
        "false merges": lost,
        "of": alone,
    }
