"""Tasks in this process, one after another."""

from collections.abc import Sequence

from genloss.run.block import run_block
from genloss.run.events import Failed, Moved, Sink, Step
from genloss.run.task import Task


class Here:
    """This process."""

    def run(self, tasks: Sequence[Task], sink: Sink) -> None:
        """Run the tasks in their order."""
        for i, task in enumerate(tasks):

            def tell(step: Step, i: int = i) -> None:
                sink(Moved(i, step))

            try:
                run_block(task, tell)
            except Exception as error:
                sink(Failed(i, error))
