"""How a run came to be: its spec, its provenance, and what to cite of it."""

from dataclasses import dataclass

from genloss.report.citation import signature
from genloss.report.run_rows import generations_done
from genloss.spec.toml import toml_text
from genloss.store.reader import Run


@dataclass(frozen=True)
class Origin:
    """How one run came to be."""

    name: str
    signature: str
    fingerprint: str
    status: str
    spec: str
    facts: tuple[tuple[str, str], ...]


def origin(run: Run) -> Origin:
    """Return spec, fingerprint and provenance of a run."""
    sessions = [line for line in run.provenance() if line.get("event") == "start"]
    ends = [line["time"] for line in run.provenance() if line.get("event") == "done"]
    facts = [("seed", str(run.spec["seed"]))]
    if sessions:
        last = sessions[-1]
        versions = ", ".join(f"{k} {v}" for k, v in last.get("versions", {}).items())
        facts += [("versions", versions), ("commit", str(last.get("commit") or "not known"))]
        facts += [("processor", f"{last.get('cores')} cores")]
        facts += [("system", str(last.get("platform"))), ("started", str(sessions[0]["time"]))]
    if ends:
        facts.append(("finished", str(ends[-1])))
    if len(sessions) > 1:
        facts.append(("sessions", str(len(sessions))))
    return Origin(
        name=run.header.name,
        signature=signature(run),
        fingerprint=run.header.fingerprint,
        status=_status(run),
        spec=toml_text(run.spec),
        facts=tuple(facts),
    )


def _status(run: Run) -> str:
    if run.is_complete:
        return "complete"
    text = f"unfinished: generation {generations_done(run):,} of {run.spec['generations']:,}"
    if run.unvouched is not None:
        text += "; later ones are not yet checkpointed"
    if run.blocks and run.missing:
        text += f"; {len(run.missing)} of {run.header.n_blocks} blocks have not begun or are gone"
    return text
