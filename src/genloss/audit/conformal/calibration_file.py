"""calibration.json: format 1, written whole or not at all, vouched for by its own digest."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from genloss.audit.conformal.calibration import Calibration, Group, Trial
from genloss.audit.conformal.lengths import Power, Shortest
from genloss.audit.conformal.thresholds import Threshold
from genloss.core.parsing import parsing_reason
from genloss.core.places import regular_file
from genloss.errors import DataError
from genloss.store.files import write_bytes

FORMAT = 1


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write a calibration; an older file there is replaced.

    Raises:
        StoreError: the file cannot be written.
    """
    content = as_json(calibration)
    whole = {"digest": _digest(content), **content}
    write_bytes(path, json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n")


def read_calibration(path: Path) -> Calibration:
    """Return the calibration in a file.

    Raises:
        DataError: no such file, another format, or content that its digest does not vouch for.
    """
    try:
        whole = json.loads(regular_file(path).read_text("utf-8"))
        digest, number = whole.pop("digest"), whole["format"]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path}: no calibration ({parsing_reason(error)}); make one: genloss corpus calibrate"
        ) from error
    if number != FORMAT:
        raise DataError(f"{path}: format {number!r}; this version reads {FORMAT}; calibrate again")
    if digest != _digest(whole):
        raise DataError(
            f"{path}: its content is not what its digest vouches for; it was edited or damaged; "
            "calibrate again"
        )
    return _calibration(whole)


def as_json(calibration: Calibration) -> dict[str, Any]:
    """Return the content of the file, without the digest."""
    c = calibration
    return {
        "format": FORMAT,
        "made_on": c.made_on,
        "made_by": dict(c.made_by),
        "scorer": dict(c.scorer),
        "identity": c.identity,
        "by": list(c.by),
        "unit": c.unit,
        "levels": list(c.levels),
        "confidence": c.confidence,
        "seed": c.seed,
        "shortest": asdict(c.shortest),
        "tested": [asdict(t) for t in c.tested],
        "groups": [_group(c, group) for _, group in sorted(c.groups.items())],
        "texts": sorted(c.texts),
    }


def _group(calibration: Calibration, group: Group) -> dict[str, Any]:
    kept = {k: v for k, v in vars(group).items() if k not in ("name", "scores")}
    promises = [
        _threshold(group.threshold(level, guarantee, calibration.confidence))
        for level in calibration.levels
        for guarantee in ("marginal", "confident")
    ]
    scores = [float(score) for score in group.scores]
    return {"name": list(group.name), **kept, "thresholds": promises, "scores": scores}


def _threshold(threshold: Threshold) -> dict[str, Any]:
    """Return a threshold as JSON; a refused one has no value."""
    value = None if isnan(threshold.value) else threshold.value
    return {**asdict(threshold), "value": value, "refused": threshold.is_refused}


def _calibration(whole: Mapping[str, Any]) -> Calibration:
    shortest = whole["shortest"]
    table = tuple(Power(**row) for row in shortest["table"])
    groups = [_read_group(group) for group in whole["groups"]]
    return Calibration(
        scorer=whole["scorer"],
        identity=whole["identity"],
        by=tuple(whole["by"]),
        unit=whole["unit"],
        levels=tuple(whole["levels"]),
        confidence=whole["confidence"],
        seed=whole["seed"],
        shortest=Shortest(shortest["words"], shortest["ground"], table),
        groups={group.name: group for group in groups},
        texts=frozenset(whole["texts"]),
        tested=tuple(Trial(**t) for t in whole["tested"]),
        made_by=whole["made_by"],
        made_on=whole["made_on"],
    )


def _read_group(group: Mapping[str, Any]) -> Group:
    kept = {k: v for k, v in group.items() if k not in ("name", "scores", "thresholds")}
    return Group(name=tuple(group["name"]), scores=np.array(group["scores"], dtype=float), **kept)


def _digest(content: Mapping[str, Any]) -> str:
    exact = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(exact.encode("utf-8", "surrogatepass")).hexdigest()
