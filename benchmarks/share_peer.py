"""The machine share beside QuaPy's point estimates, on two normal laws.

    pip install quapy==0.2.3; python benchmarks/share_peer.py [draws=40]

The same scores to both: adjusted counts (PACC), maximum likelihood (EMQ) and kernel densities
(KDEy) of a logistic classifier. `apart` is the mean distance between the two estimates.
"""

import sys
import warnings

import numpy as np
from scipy.special import ndtri

from genloss.audit.share.pair import shares

SIZE = 500


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
            found = []
            for h, m, c in zip(human, machine, corpus, strict=True):
                quantifier = method(LogisticRegression())
                quantifier.fit(np.concatenate([h, m])[:, None], np.repeat([0, 1], SIZE))
                found.append(float(quantifier.predict(c[:, None])[1]))
            error, apart = np.abs(np.array(found) - share).mean(), np.abs(found - ours).mean()
            print(
                f"{method.__name__:10}{auroc:6.2f}{share:6.1f}{error:8.4f}{apart:8.4f}", flush=True
            )


if __name__ == "__main__":
    named = dict(a.split("=", 1) for a in sys.argv[1:])
    main(int(named.get("draws", 40)))
