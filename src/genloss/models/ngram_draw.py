"""Compiled walks over a tree of n-grams: probabilities, entropies, draws."""

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.models.compiled import compiled
from genloss.models.ngram_tables import How, Tables

TRIES = 64
"""Draws before the whole law is written down, where one token may not come yet."""


@compiled()
def child(t: Tables, h: int, w: int) -> int:
    """Return the node of token w after context h, or -1."""
    low, high = t.first[h], t.first[h + 1]
    end = high
    while low < high:
        mid = (low + high) // 2
        if t.word[mid] < w:
            low = mid + 1
        else:
            high = mid
    return low if low < end and t.word[low] == w else -1


@compiled()
def advanced(t: Tables, h: int, w: int) -> int:
    """Return the longest suffix of (h, w) that is a context with a continuation."""
    while True:
        node = child(t, h, w)
        if node >= 0:
            while node >= t.spare.size or t.first[node] == t.first[node + 1]:
                node = t.suffix[node]
            return node
        if t.suffix[h] < 0:
            return h
        h = t.suffix[h]


@compiled()
def probability(t: Tables, h: int, w: int) -> float:
    """Return p(w | h)."""
    p, weight = 0.0, 1.0
    while h >= 0:
        node = child(t, h, w)
        if node >= 0:
            p += weight * t.share[node]
        weight *= t.spare[h]
        h = t.lower[h]
    return p + weight / t.vocabulary


@compiled()
def contexts(t: Tables, x: Ints, start: Ints, log_p: Floats, before: Ints) -> Ints:
    """Walk rows x (R, T) from contexts start (R,); returns the contexts (R,) at their ends.

    Fills ln p of each token and the context before it, both (R, T), left alone at NO_TOKEN.
    """
    last = start.copy()
    for row in range(x.shape[0]):
        h = start[row]
        for i in range(x.shape[1]):
            w = x[row, i]
            if w < 0:
                continue
            before[row, i] = h
            log_p[row, i] = np.log(probability(t, h, w))
            h = advanced(t, h, w)
        last[row] = h
    return last


@compiled()
def entropies(t: Tables) -> Floats:
    """Return the entropy of p(. | h) in nats for every context h; O(nodes order log).

    Outside the children of h, p is spare p', the lower law: their terms follow from its entropy.
    """
    out = np.empty(t.spare.size)
    for h in range(out.size):
        low, spare = t.lower[h], t.spare[h]
        # A context comes after its lower one.
        below = out[low] if low >= 0 else np.log(t.vocabulary)
        mine, taken, taken_entropy = 0.0, 0.0, 0.0
        for node in range(t.first[h], t.first[h + 1]):
            q = probability(t, low, t.word[node])
            p = t.share[node] + spare * q
            mine -= p * np.log(p) if p > 0.0 else 0.0
            taken += q
            taken_entropy -= q * np.log(q) if q > 0.0 else 0.0
        if spare > 0.0:
            rest = max(1.0 - taken, 0.0)
            mine += spare * max(below - taken_entropy, 0.0) - spare * np.log(spare) * rest
        out[h] = max(mine, 0.0)
    return out


@compiled()
def drawn(t: Tables, h: int, rng: np.random.Generator) -> int:
    """Draw a token from p(. | h): from the counts of h, or with probability spare from below."""
    while h >= 0:
        low, high = t.first[h], t.first[h + 1] - 1
        u = rng.random()
        # The last edge is 1 - spare up to rounding; without spare there is nothing below.
        if u < t.edges[high] or t.spare[h] == 0.0:
            while low < high:
                mid = (low + high) // 2
                if t.edges[mid] <= u:
                    low = mid + 1
                else:
                    high = mid
            return t.word[low]
        h = t.lower[h]
    return int(rng.random() * t.vocabulary)


@compiled()
def fill_law(t: Tables, h: int, log_base: Floats, out: Floats) -> None:
    """Set out (V,) to ln p(. | h); log_base (V,) is the lowest law, the root's where it backs off.

    The children of a context are among those of its lower one.
    """
    weight, lowest, g = 1.0, -1, h
    while g >= 0 and not (t.backs_off and t.suffix[g] < 0):
        weight *= t.spare[g]
        lowest, g = g, t.lower[g]
    shift = np.log(weight)
    for w in range(out.size):
        out[w] = shift + log_base[w]
    if lowest < 0:
        return
    mine = t.word[t.first[lowest] : t.first[lowest + 1]]
    for w in mine:
        out[w] = np.exp(out[w])
    weight, g = 1.0, h
    while g != t.lower[lowest]:
        for node in range(t.first[g], t.first[g + 1]):
            out[t.word[node]] += weight * t.share[node]
        weight *= t.spare[g]
        g = t.lower[g]
    for w in mine:
        out[w] = np.log(out[w])


@compiled()
def threshold(scores: Floats, of_mass: bool, target: float) -> tuple[float, float]:
    """Return the largest s with measure {scores >= s} >= target, and the measure of {scores > s}.

    The measure of a token is its score, or 1. Quickselect, O(V) on average.
    """
    left, above = scores.copy(), 0.0
    low, high = 0, left.size
    while True:
        pivot = left[(low + high) // 2]
        more, equal = low, low
        mass_more, mass_equal = 0.0, 0.0
        for i in range(low, high):
            s = left[i]
            if s > pivot:
                left[i] = left[equal]
                left[equal] = left[more]
                left[more] = s
                more += 1
                equal += 1
                mass_more += s if of_mass else 1.0
            elif s == pivot:
                left[i] = left[equal]
                left[equal] = s
                equal += 1
                mass_equal += s if of_mass else 1.0
        if above + mass_more >= target and more > low:
            high = more
        elif above + mass_more + mass_equal >= target or equal == high:
            return pivot, above + mass_more
        else:
            above += mass_more + mass_equal
            low = equal


@compiled()
def keep_top_k(logs: Floats, top_k: int) -> None:
    """Set all but the top_k to -inf (0: keep all); ties at the edge stay."""
    if 0 < top_k < logs.size:
        edge, _ = threshold(logs, False, float(top_k))
        for w in range(logs.size):
            if logs[w] < edge:
                logs[w] = -np.inf


@compiled()
def exponentiate(logs: Floats, temperature: float) -> None:
    """Turn logs into scores exp(log / temperature), 1 at the largest; all 1 where all are -inf."""
    top = logs.max()
    for w in range(logs.size):
        if logs[w] > -np.inf:
            logs[w] = np.exp((logs[w] - top) / temperature)
        else:
            logs[w] = 0.0 if top > -np.inf else 1.0


@compiled()
def keep_nucleus(scores: Floats, top_p: float) -> None:
    """Set all but the fewest that hold top_p of the sum to 0; of ties, the smaller tokens stay."""
    if top_p < 1.0:
        target = top_p * scores.sum()
        edge, held = threshold(scores, True, target)
        for w in range(scores.size):
            if scores[w] < edge or (scores[w] == edge and held >= target):
                scores[w] = 0.0
            elif scores[w] == edge:
                held += edge


@compiled()
def log_scores(
    t: Tables, h: int, log_base: Floats, seen: Ints, penalty: float, banned: int, out: Floats
) -> None:
    """Set out (V,) to ln p(. | h), times the penalty for tokens seen, -inf for the banned one."""
    fill_law(t, h, log_base, out)
    if penalty != 1.0:
        for w in range(out.size):
            if seen[w]:
                out[w] *= penalty
    if banned >= 0:
        out[banned] = -np.inf


@compiled()
def continued(
    t: Tables,
    log_base: Floats,
    start: int,
    prompts: Ints,
    end: int,
    how: How,
    rng: np.random.Generator,
    out: Ints,
) -> None:
    """Continue prompts (R, P) from context start to out (R, T), which comes full of NO_TOKEN.

    Where nothing is left to draw (an end token of probability 1 that may not come yet), any other
    token is.
    """
    scores, seen = np.empty(t.vocabulary), np.zeros(t.vocabulary, dtype=np.int64)
    for row in range(prompts.shape[0]):
        h = start
        seen[:] = 0
        for w in prompts[row]:
            if w >= 0:
                h = advanced(t, h, w)
                seen[w] = 1
        for i in range(out.shape[1]):
            banned = end if i < how.min_new else -1
            w = banned
            # Drawing again until another token comes has the law without the banned one.
            for _ in range(TRIES if how.plain else 0):
                w = drawn(t, h, rng)
                if w != banned:
                    break
            if w == banned or not how.plain:
                log_scores(t, h, log_base, seen, how.penalty, banned, scores)
                keep_top_k(scores, how.top_k)
                exponentiate(scores, how.temperature)
                if banned >= 0:
                    scores[banned] = 0.0
                keep_nucleus(scores, how.top_p)
                w = picked(scores, rng.random() * scores.sum())
            out[row, i] = w
            if w == end and how.stops:
                break
            h = advanced(t, h, w)
            seen[w] = 1


@compiled()
def picked(scores: Floats, u: float) -> int:
    """Return the token in whose part of the running sum u lies, never one of score 0."""
    last = 0
    for w in range(scores.size):
        if scores[w] > 0.0:
            last = w
            if u < scores[w]:
                return w
            u -= scores[w]
    return last
