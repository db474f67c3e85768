"""Tasks in this process, one after another."""

from genloss.run.events import Failed, Finished, Moved, Sink, Step
from genloss.run.executors.executor import Feed
from genloss.run.job import perform
from genloss.run.threads import threads_of
from genloss.study.study import Study


class Here:
    """This process."""

    side_by_side = 1

    def threads(self, study: Study) -> int:
        """Return those of torch."""
        return threads_of(study, 1)

    def run(self, feed: Feed, sink: Sink) -> None:
        """Run the tasks in the order in which they are handed out."""
        while (item := feed.take()) is not None:
            i, task = item

            def tell(step: Step, i: int = i) -> None:
                sink(Moved(i, step))

            try:
                perform(task, tell)
            except Exception as error:
                sink(Failed(i, error))
            else:
                sink(Finished(i))
