"""Fingerprints: the identity of a run, from its description alone."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from genloss.errors import StoreError

EXACT = 2**53
"""Whole floats below it are exact integers."""


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces; equal descriptions give equal text.

    Whole numbers are written alike whether int or float.

    Raises:
        StoreError: a value without a stable form (objects, callables, NaN, infinity).
    """
    return json.dumps(_plain(value, "spec"), sort_keys=True, separators=(",", ":"))


def fingerprint(identity: Mapping[str, Any]) -> str:
    """Return the first 16 hex digits of SHA-256 over the canonical JSON of a description."""
    return hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:16]


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreError(f"{where} is {value}; a fingerprint needs finite numbers")
        # 1 and 1.0 are the same option.
        return int(value) if value.is_integer() and abs(value) < EXACT else value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise StoreError(
        f"{where} is a {type(value).__name__}; expected numbers, text, lists or tables; "
        "give the object fields that can be written down"
    )
