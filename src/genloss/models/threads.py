"""Chains side by side on the cores of one machine."""

import itertools
import threading
from collections.abc import Callable


def each_chain(task: Callable[[int], None], n_chains: int, threads: int | None = None) -> None:
    """Call task(chain) for every chain; a thread that is free takes the next chain.

    The task should spend its time in compiled code that lets go of the interpreter. Threads of
    Python, not numba's own: those compile for twice as long, and a process that has started them
    cannot fork.

    Args:
        task: writes its results where chain says, so that their order cannot matter.
        n_chains: C.
        threads: at most so many; None takes NUMBA_NUM_THREADS, which is the number of cores
            unless the environment says otherwise.

    Raises:
        BaseException: whatever a task raised first; chains not yet begun are left out.
    """
    from numba import config

    cores: int = config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    count = min(n_chains, threads or cores)
    chains = itertools.count()
    failures: list[BaseException] = []

    def work() -> None:
        while not failures and (chain := next(chains)) < n_chains:
            try:
                task(chain)
            except BaseException as failure:
                failures.append(failure)

    others = [threading.Thread(target=work) for _ in range(count - 1)]
    for other in others:
        other.start()
    work()
    for other in others:
        other.join()
    if failures:
        raise failures[0]
