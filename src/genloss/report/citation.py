"""How to cite a report or a run: one line that says which numbers, and BibTeX."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from genloss.report.formatting import count
from genloss.store.reader import Run


@dataclass(frozen=True)
class HowToCite:
    """signature: version, specs and seeds in a line; bibtex: an entry that holds it."""

    signature: str
    bibtex: str


def signature(run: Run) -> str:
    """Return the version that made a run, the hash of its spec, and its seed."""
    return f"genloss {_version(run)}, spec {run.header.fingerprint}, seed {run.spec['seed']}"


def how_to_cite(title: str, runs: Sequence[Run]) -> HowToCite:
    """Return how to cite a report on some runs, in any order."""
    if not runs:
        line = "no run"
    elif len(runs) == 1:
        line = signature(runs[0])
    else:
        prints = sorted({run.header.fingerprint for run in runs})
        specs = hashlib.sha256("\n".join(prints).encode()).hexdigest()[:16]
        versions = " and ".join(sorted({_version(run) for run in runs}))
        seeds = sorted({int(run.spec["seed"]) for run in runs})
        few = ", ".join(map(str, seeds)) if len(seeds) <= 3 else f"{seeds[0]} to {seeds[-1]}"
        word = "seed" if len(seeds) == 1 else "seeds"
        line = f"genloss {versions}, {count(len(prints), 'spec')} {specs}, {word} {few}"
    year = max((line["time"][:4] for run in runs for line in run.provenance()), default="")
    key = f"genloss{year}{hashlib.sha256(line.encode()).hexdigest()[:6]}"
    fields = {
        "title": f"{{{_plain(title)}}}",
        "author": "{{The genloss authors}}",
        "year": f"{{{year}}}",
        "note": f"{{{line}}}",
    }
    body = "".join(f",\n  {name} = {value}" for name, value in fields.items() if value != "{}")
    return HowToCite(line, f"@misc{{{key}{body}\n}}")


def _version(run: Run) -> str:
    """Return the version of genloss that began a run, as far as it was written down."""
    begun = [line for line in run.provenance() if line.get("event") == "start"]
    return str(begun[0].get("versions", {}).get("genloss", "?")) if begun else "?"


def _plain(text: str) -> str:
    """Return a title without what BibTeX takes for its own."""
    return "".join(f"\\{c}" if c in "&%$#_" else " " if c in "{}\\~^" else c for c in text)
