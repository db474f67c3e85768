"""Pace: what the rest of a run will take, from how fast each kind of model was so far.

A row costs a network thousands of times what it costs a Gaussian, and an experiment may have both:
one speed for all would promise an hour's work within a minute.
"""

from collections.abc import Hashable, Sequence


class Pace:
    """Work and seconds of the tasks of each kind; O(1) an event."""

    def __init__(self, kinds: Sequence[Hashable], totals: Sequence[float]) -> None:
        self.kinds = kinds
        self.ahead: dict[Hashable, float] = dict.fromkeys(kinds, 0.0)
        self.gained: dict[Hashable, float] = dict.fromkeys(kinds, 0.0)
        self.busy: dict[Hashable, float] = dict.fromkeys(kinds, 0.0)
        self.since: dict[int, float] = {}
        for kind, total in zip(kinds, totals, strict=True):
            self.ahead[kind] += total

    def drop(self, task: int, amount: float) -> None:
        """Take off work that is not to do: it was there already, or its task has failed."""
        self.ahead[self.kinds[task]] -= amount

    def gain(self, task: int, amount: float, now: float) -> None:
        """Count work that a task did since it was last heard of, or since it begins here."""
        kind = self.kinds[task]
        self.ahead[kind] -= amount
        self.gained[kind] += amount
        self.busy[kind] += now - self.since.get(task, now)
        self.since[task] = now

    def rest(self, task: int, now: float) -> None:
        """Stop the clock of a task, which has ended."""
        self.busy[self.kinds[task]] += now - self.since.pop(task, now)

    @property
    def all_seen(self) -> bool:
        """Whether of every kind that is still to do something was done."""
        return all(self.gained[kind] > 0 for kind, work in self.ahead.items() if work > 0)

    def left(self, now: float, elapsed: float, tasks: int) -> float:
        """Return the seconds that the rest takes with as many at work as on average so far.

        tasks: how many there still are; more cannot be at work. A kind of which nothing was done
        yet counts as fast as all that was.
        """
        busy = dict(self.busy)
        for task, since in self.since.items():
            busy[self.kinds[task]] += now - since
        all_busy, all_gained = sum(busy.values()), sum(self.gained.values())
        seconds = 0.0
        for kind, work in self.ahead.items():
            seen = self.gained[kind] > 0
            spent, done = (busy[kind], self.gained[kind]) if seen else (all_busy, all_gained)
            seconds += max(work, 0.0) * spent / done
        return seconds / min(all_busy / elapsed, tasks) if all_busy else 0.0
