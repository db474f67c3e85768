"""Advice beside a share that `genloss corpus share --out` has measured."""

import json
from dataclasses import dataclass
from pathlib import Path

from genloss.core.parsing import parsing_reason
from genloss.errors import DataError
from genloss.plan.advise.advice import Advice
from genloss.plan.advise.supplies import RealRows
from genloss.report.formatting import percent


@dataclass(frozen=True)
class RealShare:
    """The share of real rows of a corpus, with its interval: 1 minus that of machines."""

    low: float
    high: float

    def against(self, needed: float) -> str:
        """Return 'enough', 'too few' or 'cannot tell'."""
        if self.low >= needed:
            return "enough"
        return "too few" if self.high < needed else "cannot tell"


def read_real_share(file: Path) -> RealShare:
    """Return what a share file says of real rows; a lower bound of machines leaves 0 possible.

    Raises:
        DataError: no such file, or not one of `genloss corpus share --out`.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
        if found["pair"] is None:
            return RealShare(0.0, 1 - float(found["bound"]["low"]))
        share = found["pair"]["share"]
        return RealShare(1 - float(share["high"]), 1 - float(share["low"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{file}: no measured share ({parsing_reason(error)}); make one: genloss corpus share "
            "CORPUS --human TEXTS --out share.json"
        ) from error


def beside(share: RealShare, advice: Advice) -> list[str]:
    """Return a sentence per answer that asks for a share of real rows."""
    said = []
    for answer in advice.answers:
        if not isinstance(answer.dial, RealRows) or not answer.total or answer.rows is None:
            continue
        needed = answer.rows / answer.total
        said.append(
            f"Measured: {percent(share.low)} to {percent(share.high)} of the corpus is real; "
            f"needed for {answer.axis}: {percent(needed)}: {share.against(needed)}."
        )
    return said
