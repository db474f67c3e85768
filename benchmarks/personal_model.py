"""A personal model: a year of one's own mail, its own drafts flowing back at growing shares.

    python benchmarks/personal_model.py NOVELS_FOLDER [author=Dickens]

Mail is the earliest novel of an author, cut into letters; twelve months, a model of each month's
mail, of which ever more was drafted by the last month's model. The voice is judged by what never
saw the personal model: perplexity on the author's other novels, and a word classifier of this
author against others, taught on those other novels.

At equal rows, 100 a month: own mail alone; drafts among it, unknown; drafts known and kept apart,
their place taken by own mail of earlier months. At equal few rows, as many as are one's own in that
month: drafts left out and nothing instead; drafts and own mail, thinned by chance.

Claims, written down before the first run of the arms at equal rows (month 12, by author):
1. kept apart and filled up, perplexity is within 5 % of that of own mail alone;
2. drafts among it cost at equal rows: higher perplexity than kept apart and filled up;
3. and a smaller share of drafts beyond the author's own bar;
4. at equal few rows, own mail alone is better than the thinned mixture.
"""

import json
import lzma
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genloss.audit.share.words import log_ratios, occurrences, vocabulary
from genloss.core.roles import Data, History, Sizes
from genloss.core.samples import REAL
from genloss.core.shares import RisingContamination
from genloss.run.runner import run_study
from genloss.study.study import study_from

MONTHS, ROWS, CHAINS, WORDS = 12, 100, 4, 120
METRICS = ("perplexity", "surviving_vocabulary")
RATE = 0.3
ARMS: dict[str, dict[str, Any]] = {
    "own mail alone": {"regime": {"kind": "rising", "rate": 0.0}},
    "drafts, 10 % more a month": {"regime": {"kind": "rising", "rate": 0.1}},
    "drafts, 30 % more a month": {"regime": {"kind": "rising", "rate": RATE}},
    "30 %, kept apart, filled up": {"regime": {"kind": "personal_model:KeptApart", "rate": RATE}},
    "few: 30 %, left out": {
        "regime": {"kind": "rising", "rate": RATE},
        "curator": {"kind": "oracle"},
    },
    "few: 30 %, thinned": {"regime": {"kind": "personal_model:Thinned", "rate": RATE}},
}
OWN, MIXED, APART, LEFT_OUT, THINNED = (list(ARMS)[i] for i in (0, 2, 3, 4, 5))


@dataclass(frozen=True)
class KeptApart:
    """D_t = this month's own mail, and the newest of earlier months in the place of drafts."""

    rate: float

    def trains_on(self) -> str:
        """Return what D_t is, in words."""
        return "own mail alone, of earlier months where this month has too little"

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return n rows, of which this month's are new."""
        fresh = round(n * (1 - self.rate) ** (t - 1))
        return Sizes(n_real, n) if t == 1 else Sizes(n, n, fresh=fresh, keeps=True)

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return the newest own rows."""
        own = [history.real, *history.synthetic, *(() if fresh is None else (fresh,))]
        rows = type(history.real).concat(own)
        n, m = history.real.n_rows, rows.n_rows
        return rows.take(np.tile(np.arange(m - n, m), (rows.n_chains, 1)))

    def remember(self, history: History) -> History:
        """Keep own mail alone."""
        kept = history.synthetic
        return history.keeping_last(0) if not kept else _without_drafts(history)


def _without_drafts(history: History) -> History:
    own = [part for part in history.synthetic if np.all(np.asarray(part.origin) == REAL)]
    return replace(history, synthetic=tuple(own))


@dataclass(frozen=True)
class Thinned(RisingContamination):
    """D_t of a rising contamination, thinned by chance to as many rows as are one's own."""

    def sizes(self, t: int, n_real: int, n: int) -> Sizes:
        """Return as many rows as are new; S_t serves the whole mixture."""
        whole = super().sizes(t, n_real, n)
        return whole if t == 1 else replace(whole, train=max(1, whole.fresh))

    def compose(self, history: History, fresh: Data | None, rng: np.random.Generator) -> Data:
        """Return so many rows of the mixture."""
        mixed = super().compose(history, fresh, rng)
        return mixed.subsample(max(1, 0 if fresh is None else fresh.n_rows), rng)


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
    own = sorted((b for b in books if author in b["author"]), key=lambda b: b["year"])
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
    # Pieces as long as drafts, of texts that taught it nothing.
    new = [" ".join(m.split()[:45]) for m in mail]
    apart = [" ".join(p.split()[:45]) for b in others for p in letters(b["text"])[100:200]]
    places = np.searchsorted(np.sort(voice(apart)), voice(new))
    print(f"voice tells own from other letters of 45 words: AUROC {places.mean() / len(apart):.3f}")
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
    print(f"{'arm':28}{'month':>6}{'perplexity':>12}{'se':>6}{'words left':>11}{'own voice':>10}")
    bar, last = None, {}
    for name, changed in ARMS.items():
        study = study_from({**base, **changed})
        run = run_study(study, root / "runs", workers=1)
        decode = study.reality.realise(1, np.random.default_rng(0)).tokeniser.decode
        for i, month in enumerate((1, 4, 8, 12)):
            rows = run.arrays(month, "samples")["x"]
            scores = voice([decode(row) for chain in rows for row in chain])
            bar = np.median(scores) if bar is None else bar
            at = [float(run.series[m].values[i].mean()) for m in METRICS]
            own = float((scores > bar).mean())
            spread = run.series["perplexity"].values[i].std(ddof=1) / np.sqrt(CHAINS)
            print(
                f"{name:28}{month:6}{at[0]:12.1f}{spread:6.1f}{at[1]:11.3f}{own:10.1%}", flush=True
            )
            last[name] = at[0], own
    judged = (
        abs(last[APART][0] / last[OWN][0] - 1) <= 0.05,
        last[MIXED][0] > last[APART][0],
        last[MIXED][1] < last[APART][1],
        last[LEFT_OUT][0] < last[THINNED][0],
    )
    print("claims 1 to 4: " + ", ".join("held" if held else "missed" for held in judged))


if __name__ == "__main__":
    named = dict(a.split("=", 1) for a in sys.argv[2:])
    if len(sys.argv) < 2:
        sys.exit("left out: needs a folder of novels (*.jsonl.xz with author, title, text)")
    main(Path(sys.argv[1]), named.get("author", "Dickens"))
