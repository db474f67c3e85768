"""Advice beside a share that `genloss corpus share --out` has measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genloss.core.parsing import parsing_reason
from genloss.errors import DataError
from genloss.plan.advise.advice import Advice
from genloss.plan.advise.supplies import RealRows
from genloss.report.formatting import percent


@dataclass(frozen=True)
class RealShare:
    """The share of real rows of a corpus, with its interval; why that cannot be believed, or ''."""

    low: float
    high: float
    doubt: str = ""

    def against(self, needed: float) -> str:
        """Return 'enough', 'too few' or 'cannot tell'."""
        if self.doubt:
            return f"cannot tell, as {self.doubt}"
        if self.low >= needed:
            return "enough"
        return "too few" if self.high < needed else "cannot tell"


def read_real_share(file: Path) -> RealShare:
    """Return what a share file says of real rows.

    A lower bound of machines leaves 0 possible. Edited rows are not real: where they were told,
    the share is that of people. An alarm, or two estimators that disagree, leave all open.

    Raises:
        DataError: no such file, or not one of `genloss corpus share --out`.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
        if found["pair"] is None:
            return RealShare(0.0, 1 - float(found["bound"]["low"]))
        doubt = _doubt(found)
        if found.get("ternary") is not None:
            human = found["ternary"]["human"]
            return RealShare(float(human["low"]), float(human["high"]), doubt)
        share = found["pair"]["share"]
        return RealShare(1 - float(share["high"]), 1 - float(share["low"]), doubt)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{file}: no measured share ({parsing_reason(error)}); make one: genloss corpus share "
            "CORPUS --human TEXTS --out share.json"
        ) from error


def _doubt(found: Mapping[str, Any]) -> str:
    if raised := [alarm["about"] for alarm in found.get("alarms", ()) if alarm["raised"]]:
        return f"by {' and '.join(raised)} the corpus is no mixture of what calibrated the share"
    if (three := found.get("ternary")) is not None and not three["fits"]:
        return "no mixture of the three calibrated laws fits the corpus"
    if not found.get("alarms", True):
        unit = found["one_each"]["unit"]
        return f"too few {unit}s to tell whether the corpus is a mixture of what calibrated it"
    if found.get("in_both"):
        return f"{found['in_both']:,} of its texts calibrate the share as well"
    return "its two estimates disagree" if found.get("disagreement") else ""


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
