"""The numbers of the tiny studies, frozen.

    python -m tests.golden.tiny [STUDY...]

writes into numbers.json what is new or has another revision, or these studies; refuses what moved
without a revision.

Numbers of a kind that move must not be taken for those of before: give its class
`numbers_revision = 2` (one more than it had), which becomes part of every identity.
"""

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genloss.errors import StoreError
from genloss.run.runner import run_study
from genloss.spec.build import describe, find_class
from genloss.spec.parts import parts
from genloss.study.study import Study, study_from

from .studies import STUDIES, Spec, has_network, whole

FILE = Path(__file__).with_name("numbers.json")
Entry = dict[str, Any]


def names_in(study: Study) -> list[tuple[str, str, Any]]:
    """Return role, kind and part of everything in a study."""
    return [(role, describe(part)["kind"], part) for role, part in parts(study)]


def numbers(study: Study, folder: Path) -> dict[str, list[float]]:
    """Run one study and return {role/kind: what is measured of it}."""
    run = run_study(study, folder, workers=1)
    # Forms without rows keep models alone.
    try:
        x = run.arrays(2, "samples")["x"]
    except StoreError:
        x = np.concatenate([a.ravel() for _, a in sorted(run.arrays(2, "state").items())])
    flat = np.asarray(x, dtype=np.float64).reshape(-1)
    shape = [float(flat.mean()), float(flat.std()), *map(float, flat[:6])]
    out = {}
    for role, kind, part in names_in(study):
        series = run.series.get(part.name) if role == "metric" else None
        values = [] if series is None else np.ravel(series.values).tolist()
        out[f"{role}/{kind}"] = values if role == "metric" else shape
    return out


def measured(name: str, spec: Spec) -> Iterator[tuple[str, Entry]]:
    """Yield "study: role/kind" with the revision of the class and its values."""
    with tempfile.TemporaryDirectory() as folder:
        values = numbers(study_from(whole(spec, Path(folder))), Path(folder))
    for key, value in values.items():
        role, _, kind = key.partition("/")
        yield f"{name}: {key}", {"revision": revision(role, kind), "values": value}


def revision(role: str, kind: str) -> int:
    return int(getattr(find_class(role, kind, role), "numbers_revision", 1))


def same(a: list[float], b: list[float], networks: bool) -> bool:
    """Whether values agree as far as processors do: float64 sums, or float32 networks."""
    rtol, atol = (2e-2, 1e-3) if networks else (1e-6, 1e-9)
    return len(a) == len(b) and bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def is_stale(name: str, spec: Spec, before: dict[str, Entry]) -> bool:
    """Whether the table lacks a kind of a study, or has another revision of it."""
    with tempfile.TemporaryDirectory() as folder:
        known = names_in(study_from(whole(spec, Path(folder))))
    return any(
        before.get(f"{name}: {role}/{kind}", {}).get("revision") != revision(role, kind)
        for role, kind, _ in known
    )


def anew(names: Iterable[str], before: dict[str, Entry]) -> dict[str, Entry]:
    """Return the table with these studies measured anew, without those that are no more."""
    after = {k: v for k, v in before.items() if k.partition(":")[0] in STUDIES.keys() - names}
    for name in names:
        for key, entry in measured(name, STUDIES[name]):
            old = before.get(key)
            after[key] = entry
            if old and old["revision"] == entry["revision"]:
                if not same(old["values"], entry["values"], has_network(STUDIES[name])):
                    sys.exit(f"{key} moved; give its class a higher numbers_revision first")
                after[key] = old
    return after


def main(*names: str) -> None:
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    stale = set(names) or {k for k, spec in STUDIES.items() if is_stale(k, spec, before)}
    after = anew(stale, before)
    lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(after.items()))
    FILE.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
