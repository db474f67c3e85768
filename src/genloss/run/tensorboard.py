"""TensorBoard as a sink: what chains measure, by generation; needs genloss[tensorboard]."""

from types import TracebackType
from typing import Any

import numpy as np

from genloss.core.extras import optional
from genloss.core.places import Place
from genloss.judge.estimates import Interval, chain_range
from genloss.run.events import Event
from genloss.run.measured import Measured


class TensorBoard:
    """Write scalars METRIC/mean by generation, a folder for each run.

    With chains enough also METRIC/median, /low and /high: see `chain_range`. Writes to a local
    folder; no account, no network. Use as a context, and as `progress` of `run_studies`.

    Raises:
        MissingExtra: tensorboardX is not installed.
    """

    def __init__(self, folder: Place) -> None:
        self.folder = str(folder)
        self.writer = optional("tensorboardX", "writing for TensorBoard").SummaryWriter
        self.measured = Measured()
        self.writers: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        """Write what has been measured since the last look."""
        for new in self.measured.after(event):
            if new.run not in self.writers:
                self.writers[new.run] = self.writer(f"{self.folder}/{new.run}")
            writer, finite = self.writers[new.run], new.values[np.isfinite(new.values)]
            if not finite.size:
                continue
            writer.add_scalar(f"{new.metric}/mean", finite.mean(), new.t)
            spread = chain_range(new.values)
            if isinstance(spread, Interval):
                for name, value in zip(("median", "low", "high"), spread, strict=True):
                    writer.add_scalar(f"{new.metric}/{name}", float(value), new.t)

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self.writers.values():
            writer.close()
