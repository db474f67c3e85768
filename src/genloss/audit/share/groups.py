"""Share by source, domain or month: intervals that hold together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genloss.audit.share.pair import FEWEST, PairShare, Units, machine_share
from genloss.core.arrays import Floats


@dataclass(frozen=True)
class GroupShares:
    """Shares of the groups that are large enough, and how many texts each other one has."""

    shares: Mapping[str, PairShare]
    refused: Mapping[str, int]
    level: float


def shares_by(
    human: Floats,
    machine: Mapping[str, Floats],
    corpus: Floats,
    groups: Sequence[str],
    level: float = 0.95,
    units: Units | None = None,
) -> GroupShares:
    """Return the machine share of each group of the corpus; all intervals hold at once at `level`.

    Bonferroni: each of k groups at 1 - (1 - level) / k. A group of fewer than 50 texts is refused.
    units: the source of each text, as `machine_share` takes them.
    The same calibration is taken for all: a group whose human texts score otherwise is biased,
    which the alarm of that group may show.
    """
    scores, names = np.asarray(corpus, float), np.asarray(groups)
    known = ~np.isnan(scores)
    counts = {str(g): int((known & (names == g)).sum()) for g in np.unique(names)}
    large = [g for g, n in counts.items() if n >= FEWEST]
    each = 1 - (1 - level) / max(1, len(large))
    found = {}
    for g in large:
        own = names == g
        owners = units and (units[0], units[1], np.asarray(units[2])[own].tolist())
        found[g] = machine_share(human, machine, scores[own], each, owners)
    return GroupShares(found, {g: n for g, n in counts.items() if n < FEWEST}, level)
