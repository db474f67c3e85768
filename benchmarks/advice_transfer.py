"""Does advice for an n-gram model hold for a small transformer? On folders of real text.

For each of three corpora (novels, WikiText-2, human texts of human-machine) a file of whole
documents of about `characters` is written below root, `genloss advise` is asked for a share of real
rows on it, for an n-gram model and for the transformer of `--against transformer`, and a table
comes out: both shares with their intervals, their ratio with its, and whether it is transferable. A
call goes on where the last one was ended. Hours at full size: run it in a quiet one.

    python benchmarks/advice_transfer.py [data=../shared/data] [only=wikitext] [root=runs/transfer]
        [characters=400000] [minutes=60] [chains=0] [generation=3] [within=30] [KEY=VALUE ...]

KEY=VALUE are overrides of both studies, such as n_real=200.
"""

import json
import lzma
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from genloss.cli.advice import transfer_words
from genloss.cli.asked import asked_of
from genloss.plan.advise.advice import Answer, Effort

PASSAGE = 8_000
"""Characters of a novel that are taken: so many novels, not so many pages of one."""

OPTIONS = {
    "data": "../shared/data",
    "only": "",
    "root": "runs/transfer",
    "characters": "400000",
    "minutes": "60",
    "chains": "0",
    "generation": "3",
    "within": "30",
}


def lines(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of JSON lines, compressed or not."""
    raw = path.read_bytes()
    text = (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode()
    yield from (json.loads(line) for line in text.splitlines() if line)


def novels(data: Path) -> Iterator[str]:
    """Yield the beginning of each novel, from the end of its first thousand characters."""
    for path in sorted((data / "english-novels").glob("*.jsonl.xz")):
        for row in lines(path):
            yield row["text"][1_000 : 1_000 + PASSAGE]


def wikitext(data: Path) -> Iterator[str]:
    """Yield the articles of WikiText-2."""
    for path in sorted((data / "wikitext-2-sample").glob("*.raw")):
        articles = re.split(r"(?m)^ = [^=].* = $", path.read_text())
        yield from (text.strip() for text in articles[1:])


def human(data: Path) -> Iterator[str]:
    """Yield the texts of people in the corpora of detection."""
    for path in sorted((data / "human-machine").glob("*.jsonl*")):
        yield from (row["text"] for row in lines(path) if row["origin"] == "human")


CORPORA: dict[str, Callable[[Path], Iterator[str]]] = {
    "novels": novels,
    "wikitext": wikitext,
    "human": human,
}


def written(texts: Iterable[str], characters: int, path: Path) -> Path:
    """Write whole texts until there are so many characters, as JSON lines; once."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    size, rows = 0, []
    for text in texts:
        if size >= characters:
            break
        rows.append(json.dumps({"text": text}) + "\n")
        size += len(text)
    part = path.with_suffix(".part")
    part.write_text("".join(rows))
    part.rename(path)
    return path


def needed(answer: Answer) -> str:
    """Return the share that an answer advises, with its interval, or that there is none."""
    if answer.rows is None:
        return f"none (best {answer.best:.4g})"
    low, mid, high = (100 * x / answer.total for x in (answer.low, answer.rows, answer.high))
    return f"{mid:.0f} % ({low:.0f} to {high:.0f})"


def main(words: list[str]) -> None:
    """Print the table of the corpora that are there."""
    given = dict(word.partition("=")[::2] for word in words)
    options = OPTIONS | {k: v for k, v in given.items() if k in OPTIONS}
    overrides = [f"{k}={v}" for k, v in given.items() if k not in OPTIONS]
    data, root, size = Path(options["data"]), Path(options["root"]), int(options["characters"])
    names = [n for n in options["only"].split(",") if n] or list(CORPORA)
    target = f"perplexity within {options['within']} % of control at {options['generation']}"
    effort = Effort(root, int(options["chains"]), 60 * float(options["minutes"]), workers=1)
    print(f"target: {target}; real rows kept, a share; {size:,} characters", *overrides)
    print("| corpus | n-gram | transformer | ratio, 95 % | |\n|---|--:|--:|--:|---|", flush=True)
    for name in names:
        texts = CORPORA[name](data)
        path = root / "texts" / f"{name}-{size}.jsonl"
        if not path.exists() and not data.exists():
            print(f"| {name} | no {data} here |||||", flush=True)
            continue
        told = asked_of(
            written(texts, size, path), overrides, target, supply="", count_as="share", vary="",
            estimand="chain", level=0.95, prices="", against=["transformer"], weighted=False,
        ).advised(effort, theory=True)  # fmt: skip
        [one], [other] = told.advice.answers, told.other.answers if told.other else ()
        [each] = told.transfers
        ratio = (
            "-" if each.ratio is None else f"{each.ratio:.2f} ({each.low:.2f} to {each.high:.2f})"
        )
        print(f"| {name} | {needed(one)} | {needed(other)} | {ratio} | {transfer_words(each)} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
