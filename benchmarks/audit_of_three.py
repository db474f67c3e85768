"""A corpus to audit: labelled texts, pages of novels, and what genloss' own n-grams wrote.

    python benchmarks/audit_of_three.py DATA FOLDER

DATA: the folder that holds human-machine and english-novels. Writes into FOLDER what
detection_records.py does (teach.jsonl to learn from, human.jsonl and machine.jsonl to calibrate
on), and into FOLDER/corpus its texts to ask about and three pages of each of 100 novels, with the
year that the book claims; other pages of the same novels as pages.txt, and ngrams.toml, the study
of them. Then, in FOLDER:

    genloss run ngrams.toml --root runs
    genloss corpus read runs/ngrams-* --out corpus/generated.jsonl
    genloss corpus calibrate human.jsonl --machine machine.jsonl --scorer linear_features \
        --with texts=teach.jsonl --by language
    genloss corpus audit corpus --calibration calibration.json --human human.jsonl \
        --machine machine.jsonl --reference human.jsonl --out audit.html
"""

import json
import lzma
import sys
from pathlib import Path

import numpy as np

import detection_records
from genloss.corpus.record.dated import dated
from genloss.corpus.record.record import Evidence, Record
from genloss.corpus.record.writing import write_records

NOVELS, PAGES, WORDS = 100, 3, 250


def pages(data: Path) -> tuple[list[Record], list[str]]:
    """Return three pages of each of 100 novels as records, and the text of other pages."""
    novels = []
    for file in sorted((data / "english-novels").glob("novels-*.jsonl.xz")):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            novels += [json.loads(line) for line in lines]
    rng = np.random.default_rng(0)
    records, others = [], []
    for i in sorted(rng.permutation(len(novels))[:NOVELS]):
        novel = novels[i]
        words = novel["text"].split()
        cuts = rng.permutation(np.arange(1, len(words) // WORDS - 1))[: 2 * PAGES]
        own = [" ".join(words[k * WORDS : (k + 1) * WORDS]) for k in cuts]
        others += own[PAGES:]
        records += [
            Record.of(
                page,
                source=f"{novel['author']}, {novel['title']}",
                claimed=dated(novel["year"]),
                origin="human",
                evidence=(Evidence("declared", "human", "a printed novel"),),
                depth=0,
                attributes={"domain": "novels", "language": "en"},
            )
            for page in own[:PAGES]
        ]
    return records, others


NGRAMS = """
name = "ngrams"
reality = { kind = "text", path = "pages.txt", documents = "pieces", block = 200 }
learner = { kind = "ngram", order = 4 }
sampler = { kind = "sampling", max_new = 200, min_new = 200, prompts = { kind = "none" } }
regime = "replace"
n_real = 300
generations = 3
chains = 1
metrics = ["perplexity"]
keep = { every = 1, rows = 60 }
"""


def main(data: Path, folder: Path) -> None:
    """Write the files."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    detection_records.main(data / "human-machine", folder)
    for ending in ("", ".sums"):
        (folder / f"corpus.jsonl{ending}").replace(corpus / f"labelled.jsonl{ending}")
    records, others = pages(data)
    print(f"{corpus / 'novels.jsonl'}: {write_records(records, corpus / 'novels.jsonl')} records")
    (folder / "pages.txt").write_text("\n\n".join(others), encoding="utf-8")
    (folder / "ngrams.toml").write_text(NGRAMS, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        print(__doc__)
