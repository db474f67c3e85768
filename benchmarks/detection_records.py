"""The labelled texts as records, for a look at `genloss corpus calibrate` and `detect`.

    python benchmarks/detection_records.py DATA FOLDER

Writes teach.jsonl (a fifth of the prompts and authors, to learn from), human.jsonl and
machine.jsonl (two fifths, to calibrate on) and corpus.jsonl (the rest); no prompt or author is in
two of them. Line breaks are spaces: nearly all continuations of Bao et al. have some, and none of
their human texts.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from detection_scores import texts
from genloss.corpus.record.record import Evidence, Generator, Record
from genloss.corpus.record.writing import write_records

ORIGINS = {"human": "human", "model": "machine", "mixed": "edited"}


def main(data: Path, folder: Path) -> None:
    """Write the four files."""
    every = texts(data)
    units = np.random.default_rng(0).permutation(sorted({t["unit"] for t in every}))
    fifth = len(units) // 5
    teach, known = set(units[:fifth]), set(units[fifth : 3 * fifth])
    files = defaultdict(list)
    for text in every:
        origin = ORIGINS[text["origin"]]
        where = "teach" if text["unit"] in teach else "corpus"
        if text["unit"] in known:
            where = "human" if origin == "human" else "machine"
        made_by = Generator(text["generator"]) if text["generator"] else None
        files[where].append(
            Record.of(
                " ".join(text["text"].split()),
                source=text["unit"],
                origin=origin,
                evidence=(Evidence("declared", origin, text["source"]),),
                generator=made_by,
                attributes={"domain": text["domain"], "language": "en"},
            )
        )
    for name, records in files.items():
        print(f"{folder / name}.jsonl: {write_records(records, folder / f'{name}.jsonl')} records")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        print(__doc__)
