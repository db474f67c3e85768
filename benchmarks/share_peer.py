"""The machine share beside QuaPy's point estimates, on two normal laws.

    pip install quapy==0.2.3; python benchmarks/share_peer.py [draws=40]
    python benchmarks/share_peer.py freeze=tests/audit/share/quapy.json

The same scores to both: adjusted counts (PACC), maximum likelihood (EMQ) and kernel densities
(KDEy) of a logistic classifier. `apart` is the mean distance between the two estimates. freeze:
writes the estimates of PACC and EMQ on twelve corpora, which a test holds ours to.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from genloss.audit.share.pair import shares

SIZE = 500


CASES = [(auroc, share) for auroc in (0.7, 0.9, 0.99) for share in (0.0, 0.1, 0.5, 0.9)]
"""Whose estimates are frozen."""


def scores(auroc: float, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Human, machine and corpus scores (SIZE,) of a case, in steps of a thousandth."""
    rng = np.random.default_rng([int(100 * auroc), int(10 * share)])
    d = np.sqrt(2) * ndtri(auroc)
    corpus = rng.normal(size=SIZE) + d * (rng.random(SIZE) < share)
    sets = rng.normal(size=SIZE), rng.normal(d, 1, SIZE), corpus
    return tuple(np.round(s, 3) for s in sets)


def theirs(
    method: type, classifier: object, human: np.ndarray, machine: np.ndarray, corpus: np.ndarray
) -> float:
    """The share by a method of QuaPy."""
    quantifier = method(classifier)
    labels = np.repeat([0, 1], (len(human), len(machine)))
    quantifier.fit(np.concatenate([human, machine])[:, None], labels)
    return float(quantifier.predict(corpus[:, None])[1])


def freeze(file: Path) -> None:
    """Write the estimates of PACC and EMQ for every case."""
    from quapy.method.aggregative import EMQ, PACC
    from sklearn.linear_model import LogisticRegression

    warnings.simplefilter("ignore")
    rows = []
    for auroc, share in CASES:
        sets = scores(auroc, share)
        found = {m.__name__: theirs(m, LogisticRegression(), *sets) for m in (PACC, EMQ)}
        rows.append({"auroc": auroc, "share": share, **{k: round(v, 4) for k, v in found.items()}})
    file.write_text(json.dumps({"quapy": "0.2.3", "cases": rows}, indent=1) + "\n")


def main(draws: int) -> None:
    """Print a row per method, AUROC and share."""
    try:
        from quapy.method.aggregative import EMQ, PACC, KDEyML
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        print("left out: QuaPy is not installed")
        return
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    print(f"{'method':10}{'AUROC':>6}{'share':>6}{'error':>8}{'apart':>8}")
    for auroc, share in ((0.7, 0.1), (0.7, 0.5), (0.9, 0.1), (0.9, 0.5)):
        d = np.sqrt(2) * ndtri(auroc)
        human, machine = rng.normal(size=(draws, SIZE)), rng.normal(d, 1, (draws, SIZE))
        corpus = rng.normal(size=(draws, SIZE)) + d * (rng.random((draws, SIZE)) < share)
        ours = shares(human, machine, corpus).estimate
        print(f"{'genloss':10}{auroc:6.2f}{share:6.1f}{np.abs(ours - share).mean():8.4f}")
        for method in (PACC, EMQ, KDEyML):
            sets = zip(human, machine, corpus, strict=True)
            found = [theirs(method, LogisticRegression(), *one) for one in sets]
            error, apart = np.abs(np.array(found) - share).mean(), np.abs(found - ours).mean()
            print(
                f"{method.__name__:10}{auroc:6.2f}{share:6.1f}{error:8.4f}{apart:8.4f}", flush=True
            )


if __name__ == "__main__":
    named = dict(a.split("=", 1) for a in sys.argv[1:])
    if "freeze" in named:
        freeze(Path(named["freeze"]))
    else:
        main(int(named.get("draws", 40)))
