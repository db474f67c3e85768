"""What runs generated, as records: texts that they kept, with the ledger of the run as evidence."""

from collections.abc import Iterator
from pathlib import Path

from genloss.corpus.record.record import Evidence, Generator, Record, id_of
from genloss.store.reader import Run


def records_of_run(folder: Path) -> Iterator[Record]:
    """Yield the texts that a run kept of its generations 1 to T, first chain, as records.

    Prompts stand before what was written after them. Under the regime `replace` generation t is t
    generations from people's work, and only the first has real parents; else the depth is unknown.

    Raises:
        StoreError: a damaged run.
    """
    run = Run(folder)
    fingerprint = run.header.fingerprint
    learner, regime, decoding = (_kind(run.spec.get(r)) for r in ("learner", "regime", "decoding"))
    for t in run.kept():
        for prompt, written in (run.texts(t) or ()) if t else ():
            text = prompt + written
            yield Record(
                id=id_of(text),
                text=text,
                source=f"run {run.header.name}-{fingerprint}, generation {t}",
                origin="machine",
                evidence=(Evidence("ledger", "machine", f"run {fingerprint}, generation {t}"),),
                generator=Generator(learner, fingerprint, decoding),
                depth=t if regime == "replace" else None,
                grounded=True if t == 1 or regime == "accumulate" else None,
                attributes={"run": fingerprint, "generation": t, "prompt_characters": len(prompt)},
            )


def _kind(part: object) -> str:
    if isinstance(part, dict):
        return str(part.get("kind", ""))
    return str(part or "")
