"""The n-gram learner and the text metrics: count, score, write, measure, beside dictionaries.

    python benchmarks/ngram.py [ROWS]

ROWS (2,000) blocks of 64 tokens over 4,096, written by a Zipf chain; trigrams. Times are the best
of three after compilation. The dictionaries are the usual Python ones, a tenth of the rows each.
"""

import sys
import time
from collections import Counter, defaultdict

import numpy as np

from genloss.core.decoding import Sampling
from genloss.core.samples import Samples
from genloss.metrics.arrays import text_bleu, text_likelihood, text_mauve, text_ngrams, text_rows
from genloss.models.ngram.ngram import NGramLearner

V, T = 4096, 64


def text(n: int, key: int) -> np.ndarray:
    """Return blocks (1, n, T) whose next token depends on the last."""
    rng = np.random.default_rng(key)
    p = 1.0 / (np.arange(1, V + 1) + 2.7)
    x = rng.choice(V, size=(1, n, T), p=p / p.sum())
    kept = rng.random(x.shape) < 0.4
    kept[:, :, 0] = False
    for i in range(1, T):
        x[:, :, i] = np.where(kept[:, :, i], (x[:, :, i - 1] * 7 + 1) % V, x[:, :, i])
    return x


def best(task, times: int = 3) -> float:
    task()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def counted_plainly(rows: list[list[int]]) -> list[Counter]:
    return [
        Counter(tuple(r[i : i + n]) for r in rows for i in range(len(r) - n + 1)) for n in (1, 2, 3)
    ]


def written_plainly(rows: list[list[int]], n: int, rng: np.random.Generator) -> list[list[int]]:
    after = defaultdict(list)
    for r in rows:
        for a, b, c in zip(r, r[1:], r[2:], strict=False):
            after[a, b].append(c)
    out = []
    for _ in range(n):
        r = list(rows[int(rng.integers(len(rows)))][:2])
        while len(r) < T:
            given = after.get((r[-2], r[-1])) or rows[0]
            r.append(given[int(rng.integers(len(given)))])
        out.append(r)
    return out


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    x, rng = text(n, 0), np.random.default_rng(1)
    learner = NGramLearner(V, 3)

    def fit():
        model = learner.fit(Samples.of(x, 0), rng)
        return model, model._tables

    model, _ = fit()
    few = x[0, : n // 10].tolist()
    tenth, tokens = best(lambda: counted_plainly(few), 1) * 10, n * T
    draws = best(lambda: written_plainly(few, n // 10, rng), 1) * 10
    prompts = x[:, : n // 10, :8]
    how = Sampling(temperature=0.8, top_k=50, top_p=0.95)
    print(f"{'':<34}{'ms':>8} {'tokens/s':>12} {'ratio':>7}")
    for name, seconds, size, plain in [
        ("count", best(fit), tokens, tenth),
        ("score", best(lambda: model.token_log_probs(x)), tokens, None),
        ("entropies, count included", best(lambda: fit()[0].token_entropies(x)), tokens, None),
        ("write", best(lambda: model.sample(n, rng)), tokens, draws),
        ("write, top-k and top-p", best(lambda: model.decoding(how).continue_(prompts, rng)),
         tokens // 10, None),
    ]:  # fmt: skip
        ratio = f"{plain / seconds:7.1f}" if plain else ""
        print(f"{name:<34}{1e3 * seconds:8.1f} {size / seconds:12.0f} {ratio}")
    measure(model.sample(n, rng), x, text(n, 2), model)


def measure(y: np.ndarray, real: np.ndarray, held_out: np.ndarray, model) -> None:
    lp = model.token_log_probs(y)
    scored = np.ones(lp.shape, dtype=bool)
    tasks = {
        "distinct_n, n = 1 .. 3": lambda: [text_ngrams.distinct_n(y, k) for k in (1, 2, 3)],
        "text_diversity": lambda: text_ngrams.diversity(y),
        "surviving_ngrams, n = 1 .. 3": lambda: [
            text_ngrams.surviving_share(y, real, k) for k in (1, 2, 3)
        ],
        "missing mass, rare share": lambda: (
            text_ngrams.missing_mass(y), text_ngrams.rare_share(y, real)),
        "rarefied_types": lambda: text_ngrams.rarefied_types(y, 1000),
        "duplicates, lengths": lambda: (text_rows.duplicate_share(y), text_rows.mean_length(y)),
        "row perplexities, quantiles": lambda: text_likelihood.quantiles(
            text_likelihood.sequence_perplexities(lp, scored), 0.5),
        "self_bleu, 200 rows": lambda: text_bleu.self_bleu(y[:, :200]),
        "self_bleu, all rows": lambda: text_bleu.self_bleu(y),
        "mauve, 1,000 rows": lambda: text_mauve.mauve(
            *text_mauve.bag_features(y[:, :1000], held_out[:, :1000]), np.random.default_rng(0)),
    }  # fmt: skip
    for name, task in tasks.items():
        print(f"{name:<34}{1e3 * best(task):8.1f}")


if __name__ == "__main__":
    main()
