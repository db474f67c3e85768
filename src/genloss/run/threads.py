"""The threads that a block's networks compute on: the last bits depend on their number."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from genloss.core.abilities import UsesThreads
from genloss.study.study import Study

NETWORKS = "genloss.models.torch"


def threads_of(study: Study, blocks: int) -> int:
    """Return the threads for each of so many blocks side by side: those of torch, shared out.

    1 for a study without networks, of which no number depends on threads.
    """
    if not has_networks(study):
        return 1
    from genloss.models.torch.device import threads_here

    return max(1, threads_here() // blocks)


def has_networks(part: Any) -> bool:
    """Return whether anything that a study is made of computes with torch."""
    if isinstance(part, tuple | list):
        return any(has_networks(each) for each in part)
    if isinstance(part, str | int | float | None):
        # Most of a study; asking for a protocol takes fifty times as long.
        return False
    if isinstance(part, UsesThreads) and part.uses_threads:
        return True
    if not is_dataclass(part):
        return False
    module = type(part).__module__
    if module.startswith(NETWORKS) or getattr(sys.modules.get(module), "torch", None):
        return True
    return any(has_networks(getattr(part, f.name)) for f in fields(part))


@contextmanager
def computing_on(threads: int, study: Study) -> Iterator[None]:
    """Let a study's networks compute on so many threads, and linear algebra always on one.

    More might change the last bits of a sum, and on small matrices they mostly wait for another.
    """
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(1, user_api="blas"))
        # Its number is set although the first fit may be what imports it.
        if sys.modules.get("torch") or has_networks(study):
            from genloss.models.torch.device import on_threads

            stack.enter_context(on_threads(threads))
        yield
