"""Arrays on disk as safetensors: no pickle, and the same arrays give the same bytes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genloss.core.arrays import Array
from genloss.errors import StoreError
from genloss.store.files import read_bytes, sha256


def pack_arrays(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> bytes:
    """Return arrays and a JSON header as safetensors bytes; the same input, the same bytes."""
    from safetensors.numpy import save

    ready = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    # One metadata key only: safetensors writes several in an order that varies.
    return bytes(save(ready, {"genloss": json.dumps(dict(about), sort_keys=True)}))


def unpack_arrays(content: bytes, path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays and the header of the content of path.

    Raises:
        StoreError: a truncated or foreign file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        size = int.from_bytes(content[:8], "little")
        about = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["genloss"])
    except (SafetensorError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f"{path} is not a genloss array file ({type(error).__name__}: {error}); it was "
            "truncated or is foreign; delete the run folder and run again"
        ) from error
    return arrays, about


def read_arrays(path: Path, digest: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read arrays and header of a file that a manifest vouches for.

    digest: its SHA-256; the bytes that are checked are the bytes that are parsed.

    Raises:
        StoreError: the file is missing, or any byte of it has changed.
    """
    if not path.exists():
        raise StoreError(
            f"{path} is half-deleted: its manifest names it, and it is gone; delete the run folder "
            "and run again, or put the file back"
        )
    content = read_bytes(path)
    if sha256(content) != digest:
        raise StoreError(
            f"{path} is damaged: its digest is not the one that its manifest holds; put the file "
            "back, or delete the run folder and run again"
        )
    return unpack_arrays(content, path)
