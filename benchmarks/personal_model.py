"""A personal model: a year of one's own mail, its own drafts flowing back at growing shares.

    python benchmarks/personal_model.py NOVELS_FOLDER [author=Dickens]

Mail is one novel of an author, cut into letters; twelve months, a model of each month's mail, of
which ever more was drafted by the last month's model. "Kept apart" knows the drafts and leaves them
out. The voice is judged by what never saw the personal model: perplexity on the author's other
novels, and a word classifier of this author against others, taught on those other novels.
"""

import json
import lzma
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from genloss.audit.share.words import log_ratios, occurrences, vocabulary
from genloss.run.runner import run_study
from genloss.study.study import study_from

MONTHS, ROWS, CHAINS, WORDS = 12, 100, 4, 120
METRICS = ("perplexity", "surviving_vocabulary")
ARMS: dict[str, dict[str, Any]] = {
    "own mail alone": {"regime": {"kind": "rising", "rate": 0.0}},
    "drafts, 10 % more a month": {"regime": {"kind": "rising", "rate": 0.1}},
    "drafts, 30 % more a month": {"regime": {"kind": "rising", "rate": 0.3}},
    "the same 30 %, kept apart": {
        "regime": {"kind": "rising", "rate": 0.3},
        "curator": {"kind": "oracle"},
    },
}


def novels(folder: Path) -> list[dict[str, Any]]:
    """All novels of the folder's two files."""
    found = []
    for file in sorted(folder.glob("*.jsonl.xz")):
        with lzma.open(file, "rt") as lines:
            found += [json.loads(line) for line in lines]
    return found


def letters(text: str) -> list[str]:
    """Pieces of 120 words."""
    words = text.split()
    return [" ".join(words[i : i + WORDS]) for i in range(0, len(words) - WORDS, WORDS)]


def written(file: Path, texts: list[str]) -> Path:
    """A file of rows."""
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return file


def main(folder: Path, author: str) -> None:
    """Print a table: an arm and month a row."""
    books = novels(folder)
    own = [b for b in books if author in b["author"]]
    others = [b for b in books if author not in b["author"]][:20]
    held = [piece for b in own[1:] for piece in letters(b["text"])]
    foreign = [piece for b in others for piece in letters(b["text"])[:100]]
    rng = np.random.default_rng(0)
    held = [held[i] for i in rng.permutation(len(held))[:2000]]
    known = vocabulary(foreign, held, most=600)
    laws = occurrences(foreign, known), occurrences(held, known)
    ones = np.ones((1, len(foreign))), np.ones((1, len(held)))

    def voice(texts: list[str]) -> np.ndarray:
        return log_ratios(laws[0], laws[1], occurrences(texts, known), *ones)[0]

    mail = letters(own[0]["text"])
    print(f"{len(mail):,} letters of {own[0]['title']} ({author}); voice on {len(held):,} others")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        texts = written(root / "mail.jsonl", mail), written(root / "others.jsonl", held[:400])
        judge(root, texts, voice)


def judge(root: Path, texts: tuple[Path, Path], voice: Any) -> None:
    """Run the arms, and judge their drafts."""
    base: dict[str, Any] = {
        "name": "personal",
        "reality": {
            "kind": "text",
            "path": str(texts[0]),
            "validation_path": str(texts[1]),
            "test": 0.01,
            "vocabulary": 1024,
        },
        "learner": {"kind": "ngram", "order": 3},
        "sampler": {"kind": "sampling", "max_new": 64, "min_new": 64, "prompts": {"kind": "none"}},
        "n_real": ROWS,
        "held_out": 200,
        "generations": MONTHS,
        "chains": CHAINS,
        "metrics": list(METRICS),
        "measure": {"at": [1, 4, 8, 12]},
        "keep": {"at": [1, 4, 8, 12], "chains": CHAINS},
        "controls": False,
    }
    print(f"{'arm':28}{'month':>6}{'perplexity':>11}{'words left':>11}{'own voice':>10}")
    bar = None
    for name, changed in ARMS.items():
        study = study_from({**base, **changed})
        run = run_study(study, root / "runs", workers=1)
        decode = study.reality.realise(1, np.random.default_rng(0)).tokeniser.decode
        for i, month in enumerate((1, 4, 8, 12)):
            rows = run.arrays(month, "samples")["x"]
            scores = voice([decode(row) for chain in rows for row in chain])
            bar = np.median(scores) if bar is None else bar
            at = [float(run.series[m].values[i].mean()) for m in METRICS]
            own = f"{(scores > bar).mean():.1%}"
            print(f"{name:28}{month:6}{at[0]:11.1f}{at[1]:11.3f}{own:>10}", flush=True)


if __name__ == "__main__":
    named = dict(a.split("=", 1) for a in sys.argv[2:])
    if len(sys.argv) < 2:
        sys.exit("left out: needs a folder of novels (*.jsonl.xz with author, title, text)")
    main(Path(sys.argv[1]), named.get("author", "Dickens"))
