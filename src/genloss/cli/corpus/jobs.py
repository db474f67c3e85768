"""Where commands on a corpus let jobs on shards run."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from genloss.audit.shards.job import Do, Job, here
from genloss.cli.clusters import executor_for
from genloss.run.executors.processes import Processes
from genloss.run.job import run_jobs


@dataclass(frozen=True)
class Where:
    """This process (1 worker), so many others (0: one per core), or a cluster by the words of --on.

    keep_work: what shards gave stays, so that a later run reads only what is new.
    """

    workers: int = 1
    on: str = ""
    keep_work: bool = False

    @property
    def by_shards(self) -> bool:
        """Whether more than one reading in this process is asked for."""
        return bool(self.workers != 1 or self.on or self.keep_work)


@contextmanager
def doing(where: Where) -> Iterator[Do]:
    """Give the function that does the jobs of a step there."""
    with executor_for(where.on) as cluster:
        workers = where.workers or os.cpu_count() or 1
        if cluster is None and workers == 1:
            yield here
            return
        executor = cluster or Processes(workers)

        def do(step: str, jobs: Sequence[Job]) -> None:
            run_jobs(jobs, executor)

        yield do
