"""What closed forms may take for granted of what trains: its law, and the number of its rows."""

from dataclasses import replace

from genloss.core.curators.chance import Thinning
from genloss.core.curators.choice import RandomK
from genloss.core.curators.detector import Detector
from genloss.core.curators.selection import Curator
from genloss.core.regimes import Mix, Replace
from genloss.study.study import Study


def enters_unchanged(study: Study) -> bool:
    """Whether what trains has the law of what models write, n rows of it.

    Thinning keeps the law; that it falls short must be out of the question (six standard errors).
    """
    curator = study.curator
    if curator is None:
        return True
    if curator.covers == "training":
        # What is refused of D_t is not replaced: other sizes, except where nothing is.
        return type(curator) is Detector and curator.tpr == curator.fpr == 0
    if type(curator) is RandomK:
        return True
    rates = _keep_rates(curator)
    n = min(study.n_real, study.n_synthetic)
    enough = (rate == 1 or _surely(rate * curator.rounds * n, n) for rate in rates)
    return bool(rates) and all(enough)


def as_it_acts(study: Study) -> Study:
    """Return the study by the name under which laws know it: a mix of no real rows replaces."""
    regime = study.regime
    if type(regime) is Mix and round(regime.real_fraction * study.n_synthetic) == 0:
        return replace(study, regime=Replace())
    return study


def _surely(accepted: float, n: int) -> bool:
    return accepted - 6 * accepted**0.5 >= n


def _keep_rates(curator: Curator) -> tuple[float, ...]:
    """Return the rates at which rows enter whatever they are; none where that depends on the row.

    What holds for one of ours need not hold for a class that is derived from it.
    """
    if type(curator) is Thinning:
        return (curator.keep,)
    if type(curator) is Detector and curator.tilt == 0:
        real = (1 - curator.fpr,) if curator.covers == "all" else ()
        return (1 - curator.tpr, *real)
    return ()
