"""Check the reference chains, or another implementation against them, with numpy alone.

    python check.py                 the chains beside this file against the definitions below
    python check.py MINE.json ...   {"system": name,
                                     "generations": [{"t": 1, "p": {...}, "metrics": {...}}, ...]}

Fit each D_t of a chain and write p_t and the metrics as the chain writes its own. Exit code 1 where
something differs by more than the chain's tolerance, absolute below 1 and relative above.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SYSTEMS = sorted(path.stem for path in HERE.glob("*.json"))
ERRORS = 6.0
"""Standard errors by which a statistic of S_t may differ from that of p_t."""

Array = Any
Law = Mapping[str, Array]
Chain = dict[str, Any]


# Learners: from the rows D (C, n, d), or what else they learn from, to p_t.


def fit_gaussian(train: Array, options: Mapping[str, Any]) -> Law:
    """Mean, and scatter over n - ddof."""
    mean = train.mean(axis=1)
    centred = train - mean[:, None]
    cov = np.einsum("cni,cnj->cij", centred, centred) / (train.shape[1] - options["ddof"])
    return {"mean": mean, "cov": cov}


def fit_categorical(counts: Array, options: Mapping[str, Any]) -> Law:
    """Relative frequencies of counts (C, k)."""
    return {"p": counts / counts.sum(axis=1, keepdims=True)}


def fit_kde(train: Array, options: Mapping[str, Any]) -> Law:
    """One kernel N(row, h^2 I) for each row; h is given."""
    return {"bandwidth": np.full(len(train), options["bandwidth"])}


def fit_mixture(train: Array, options: Mapping[str, Any]) -> Law:
    """EM in one dimension to its fixed point, begun from the halves of the ordered rows."""
    x = np.sort(train[:, :, 0], axis=1)[:, :, None]
    share = np.zeros((*x.shape[:2], 2))
    share[:, : x.shape[1] // 2, 0] = share[:, x.shape[1] // 2 :, 1] = 1.0
    before, log_p = -np.inf, np.zeros(1)
    for _ in range(20_000):
        total = share.sum(axis=1)
        means = (share * x).sum(axis=1) / total
        variances = (share * (x - means[:, None]) ** 2).sum(axis=1) / total + options["reg_covar"]
        law = {
            "weights": total / x.shape[1],
            "means": means[:, :, None],
            "covs": variances[:, :, None, None],
        }
        parts = log_parts(law, x)
        log_p = log_sum(parts)
        share = np.exp(parts - log_p[:, :, None])
        if abs(log_p.mean() - before) < 1e-15:
            break
        before = log_p.mean()
    return ordered(law)


def fit_bigram(train: Array, options: Mapping[str, Any]) -> Law:
    """(count of h w + k) / (count of h w' over all w' + k V)."""
    v, k = options["vocabulary"], options["k"]
    counts = pairs(train, v)
    return {"next": (counts + k) / (counts.sum(axis=2, keepdims=True) + k * v)}


def pairs(rows: Array, v: int) -> Array:
    """How often one token follows another inside the rows (C, n, T): (C, V, V)."""
    counts = np.zeros((len(rows), v, v))
    for chain, x in enumerate(rows):
        np.add.at(counts[chain], (x[:, :-1], x[:, 1:]), 1.0)
    return counts


LEARNERS: Mapping[str, Callable[[Array, Mapping[str, Any]], Law]] = {
    "gaussian": fit_gaussian,
    "categorical": fit_categorical,
    "kde": fit_kde,
    "mixture": fit_mixture,
    "ngram": fit_bigram,
}


# Metrics: of p_t, p_0, D_t and held-out rows.


def moments(p: Law, train: Array) -> tuple[Array, Array]:
    """Mean (C, d) and covariance (C, d, d) of a Gaussian, a KDE or a mixture."""
    if "mean" in p:
        return p["mean"], p["cov"]
    if "bandwidth" in p:
        law = fit_gaussian(train, {"ddof": 0})
        return law["mean"], law["cov"] + p["bandwidth"][:, None, None] ** 2 * np.eye(train.shape[2])
    mean = np.einsum("ck,ckd->cd", p["weights"], p["means"])
    apart = p["means"] - mean[:, None]
    spread = p["covs"] + apart[..., :, None] * apart[..., None, :]
    return mean, np.einsum("ck,ckde->cde", p["weights"], spread)


def root(matrix: Array) -> Array:
    """The symmetric square root of positive semidefinite matrices."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0.0))[:, None]) @ vectors.transpose(0, 2, 1)


def trace(matrix: Array) -> Array:
    """The sums of the diagonals."""
    return np.trace(matrix, axis1=1, axis2=2)


def log_parts(law: Law, x: Array) -> Array:
    """Log of weight times density of every component in one dimension: (C, n, k)."""
    variances = law["covs"][:, None, :, 0, 0]
    square = (x - law["means"][:, None, :, 0]) ** 2 / variances
    return np.log(law["weights"])[:, None] - 0.5 * (square + np.log(2 * np.pi * variances))


def log_sum(parts: Array) -> Array:
    """Log of the sum of exp over the last axis."""
    top = parts.max(axis=-1)
    return top + np.log(np.exp(parts - top[..., None]).sum(axis=-1))


def log_density(p: Law, train: Array, x: Array) -> Array:
    """Log p(x) of a KDE or a one-dimensional mixture: (C, n)."""
    if "weights" in p:
        return log_sum(log_parts(p, x))
    h2 = p["bandwidth"][:, None, None] ** 2
    square = ((x[:, :, None] - train[:, None]) ** 2).sum(axis=3) / h2
    constant = 0.5 * x.shape[2] * np.log(2 * np.pi * h2) + np.log(train.shape[1])
    return log_sum(-0.5 * square - constant)


def overlap(one: Law, other: Law) -> Array:
    """The integral of the product of two one-dimensional mixtures."""
    apart = one["means"][:, :, None, 0] - other["means"][:, None, :, 0]
    width = one["covs"][:, :, None, 0, 0] + other["covs"][:, None, :, 0, 0]
    value = np.exp(-0.5 * apart**2 / width) / np.sqrt(2 * np.pi * width)
    return np.einsum("cj,ck,cjk->c", one["weights"], other["weights"], value)


def entropy(p: Array) -> Array:
    """- sum p ln p, nats."""
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=1)


def metric(name: str, p: Law, p_0: Law, train: Array, held_out: Array) -> Array:
    """One number per chain (C,)."""
    if name in ("entropy", "diversity", "surviving_symbols"):
        q = p["p"]
        sums = {"entropy": entropy(q), "diversity": 1 - (q**2).sum(axis=1)}
        return sums.get(name, (q > 0).sum(axis=1))
    if name == "perplexity":
        log_p = np.log([q[x[:, :-1], x[:, 1:]] for q, x in zip(p["next"], held_out, strict=True)])
        return np.exp(-log_p.mean(axis=(1, 2)))
    if name == "held_out_nll":
        return -log_density(p, train, held_out).mean(axis=1)
    if name == "squared_l2":
        return overlap(p, p) - 2 * overlap(p, p_0) + overlap(p_0, p_0)
    (mean, cov), (mean_0, cov_0) = moments(p, train), moments(p_0, train)
    apart, half = ((mean - mean_0) ** 2).sum(axis=1), root(cov_0)
    return {
        "trace_ratio": lambda: trace(cov) / trace(cov_0),
        "determinant_ratio": lambda: np.linalg.det(cov) / np.linalg.det(cov_0),
        "squared_mean_error": lambda: apart,
        "sigma": lambda: np.sqrt(cov[:, 0, 0]),
        "w2_squared": lambda: apart + trace(cov + cov_0 - 2 * root(half @ cov @ half)),
    }[name]()


# A chain against these definitions.


def problems(chain: Chain) -> Iterator[str]:
    """Yield what is wrong with a chain: composition, fits, metrics or samples."""
    fit, options = LEARNERS[chain["learner"]["kind"]], chain["learner"]
    p_0, held_out = arrays(chain["p_0"]), np.asarray(chain["held_out"])
    past: list[Array] = []
    law, train = p_0, np.asarray(chain["generations"][0]["S"])
    for t, g in enumerate(chain["generations"]):
        if t:
            train, law = np.asarray(g["D"]), arrays(g["p"])
            right = composed(chain["regime"]["kind"], past)
            if train.shape != right.shape or (train != right).any():
                yield f"t = {t}: D_t is not {chain['regime']['kind']} of S_0 .. S_{t - 1}"
            yield from different(chain, t, "p", arrays(fit(train, options)), law)
            found = {m: metric(m, law, p_0, train, held_out) for m in g["metrics"]}
            yield from different(chain, t, "metrics", found, arrays(g["metrics"]))
        past.append(np.asarray(g["S"]))
        if why := implausible(law, train, past[-1]):
            yield f"t = {t}: {why}"


def composed(regime: str, past: list[Array]) -> Array:
    """D_t of S_0 .. S_{t-1}; counts would add up."""
    parts = {
        "replace": past[-1:],
        "accumulate": past,
        "augment": [past[0], past[-1]] if len(past) > 1 else past,
    }[regime]
    return np.concatenate(parts, axis=1)


def implausible(p: Law, train: Array, samples: Array) -> str:
    """Why S_t is no sample of p_t, or ""."""
    if "p" in p:
        return unlikely(samples, p["p"], "symbols")
    if "next" in p:
        return unlikely(pairs(samples, p["next"].shape[1]), p["next"], "pairs of tokens")
    mean, cov = moments(p, train)
    n, variance = samples.shape[1], np.diagonal(cov, axis1=1, axis2=2)
    if (np.abs(samples.mean(axis=1) - mean) > ERRORS * np.sqrt(variance / n)).any():
        return "the mean of S_t is not that of p_t"
    if (np.abs(samples.var(axis=1, ddof=1) / variance - 1) > ERRORS * np.sqrt(2 / (n - 1))).any():
        return "the variance of S_t is not that of p_t"
    return ""


def unlikely(counts: Array, p: Array, what: str) -> str:
    """Why counts along the last axis are not multinomial with p, or ""."""
    n = counts.sum(axis=-1, keepdims=True)
    if (np.abs(counts - n * p) > ERRORS * np.sqrt(n * p * (1 - p)) + 1e-9).any():
        return f"S_t holds {what} in other shares than p_t"
    return ""


def different(chain: Chain, t: int, part: str, found: Law, right: Law) -> Iterator[str]:
    """Yield the entries that differ by more than the tolerance, or are not there."""
    for name in sorted(found.keys() | right.keys()):
        where = f"t = {t}: {part}.{name}"
        if name not in found or name not in right:
            yield f"{where} is {'missing' if name in right else 'not known'}"
        elif found[name].shape != right[name].shape:
            yield f"{where} has shape {found[name].shape}; expected {right[name].shape}"
        else:
            gap = np.abs(found[name] - right[name]) / np.maximum(1.0, np.abs(right[name]))
            if not (gap <= chain["tolerance"]).all():
                yield f"{where} differs by {np.max(gap):.2g}; {chain['tolerance']:.0e} is allowed"


# Another implementation against a chain.


def compare(chain: Chain, answers: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return what differs in the answers, and what they leave out."""
    given = {g["t"]: g for g in answers["generations"]}
    wrong = [
        f"t = {t} is no generation of the chain"
        for t in given
        if not 0 < t < len(chain["generations"])
    ]
    left_out: list[str] = []
    for t, g in enumerate(chain["generations"][1:], 1):
        for part in ("p", "metrics"):
            right, found = arrays(g[part]), arrays(given.get(t, {}).get(part, {}))
            if "weights" in found and found.keys() == right.keys():
                found = ordered(found)
            left_out += [f"t = {t}: {part}.{name}" for name in right if name not in found]
            there = {name: right[name] for name in right if name in found}
            wrong += different(chain, t, part, found, there)
    if len(left_out) == sum(len(g["p"]) + len(g["metrics"]) for g in chain["generations"][1:]):
        wrong.append("no p and no metric of any generation is given")
    return wrong, left_out


def ordered(law: Law) -> Law:
    """The components by the first coordinate of their means."""
    order = np.argsort(law["means"][:, :, 0], axis=1)
    return {name: value[np.arange(len(order))[:, None], order] for name, value in law.items()}


def arrays(law: Mapping[str, Any]) -> dict[str, Array]:
    """The lists of a law or of metrics as arrays."""
    return {name: np.asarray(value, dtype=np.float64) for name, value in law.items()}


def read_answers(path: str) -> dict[str, Any]:
    """Return the answers of a file; exits where it holds none."""
    try:
        answers: dict[str, Any] = json.loads(Path(path).read_text())
        _ = answers["system"], [g["t"] for g in answers["generations"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"{path} holds no answers ({type(error).__name__}: {error}); see --help")
    return answers


def read(system: str) -> Chain:
    """Return the chain of a system; exits where there is none."""
    if system not in SYSTEMS:
        sys.exit(f"unknown system {system!r}; there are {', '.join(SYSTEMS)}")
    chain: Chain = json.loads((HERE / f"{system}.json").read_text())
    return chain


def main(paths: list[str]) -> int:
    """Print what is wrong, and return the exit code."""
    if "--help" in paths or "-h" in paths:
        print(__doc__)
        return 0
    failed = False
    for path in paths or SYSTEMS:
        answers = read_answers(path) if paths else {"system": path}
        chain = read(answers["system"])
        wrong, left_out = compare(chain, answers) if paths else (list(problems(chain)), [])
        failed |= bool(wrong)
        print(f"{path}: {'WRONG' if wrong else 'right'}")
        for line in wrong:
            print(f"  {line}")
        if left_out:
            print(f"  not checked: {', '.join(left_out)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
