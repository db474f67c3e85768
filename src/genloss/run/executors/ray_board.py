"""Where tasks of a cluster say where they are; its process imports nothing else."""

Numbers = tuple[float, ...]


class Board:
    """Where tasks say where they are, until the driver looks."""

    def __init__(self) -> None:
        self.steps: dict[int, Numbers] = {}

    def put(self, number: int, numbers: Numbers) -> None:
        """Say where a task is."""
        self.steps[number] = numbers

    def take(self) -> dict[int, Numbers]:
        """Return what was said since the last look."""
        steps, self.steps = self.steps, {}
        return steps
