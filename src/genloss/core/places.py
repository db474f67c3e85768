"""Where this machine keeps what can be made or fetched again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the cache: $GENLOSS_CACHE, else genloss in $XDG_CACHE_HOME, else in ~/.cache.

    Nothing is created; whatever lies there may be deleted at any time.
    """
    if own := os.environ.get("GENLOSS_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genloss"
