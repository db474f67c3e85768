"""Trained classifiers on disk: found again by what they were trained from, or trained again."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from genloss.core.arrays import Array
from genloss.core.places import cache_folder

FORMAT = 1
"""Counts up when the network, its training or the file changes."""


def key_of(recipe: Mapping[str, int | float], arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 of a recipe and of the data it is applied to."""
    description = json.dumps({"format": FORMAT, **recipe}, sort_keys=True, allow_nan=False)
    return _digest(description, arrays)


def path_of(key: str) -> Path:
    """Return where the classifier of this key lies."""
    return cache_folder() / "classifiers" / f"{key}.safetensors"


def stored(key: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array] | None:
    """Return the arrays of this key, or None where they are missing, damaged or foreign."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = path_of(key).read_bytes()
        arrays = load(content)
        size = int.from_bytes(content[:8], "little")
        digest = json.loads(content[8 : 8 + size])["__metadata__"]["digest"]
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    actual = {name: arrays[name].shape for name in arrays}
    if actual != dict(shapes) or digest != _digest(key, arrays):
        return None
    return {name: arrays[name] for name in shapes}


def store(key: str, arrays: Mapping[str, Array]) -> None:
    """Write the arrays of this key at once or not at all.

    Where the cache cannot be written nothing is: training is deterministic and only takes longer.
    """
    from safetensors.numpy import save

    path = path_of(key)
    content = save(dict(arrays), {"digest": _digest(key, arrays)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{key[:16]}.")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        return
    finally:
        Path(part).unlink(missing_ok=True)


def _digest(text: str, arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()
