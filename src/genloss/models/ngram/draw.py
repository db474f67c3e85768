"""Compiled walks over a tree of n-grams: probabilities, entropies, draws, searches."""

import numpy as np

from genloss.compiled import compiled
from genloss.core.arrays import Floats, Ints
from genloss.models.ngram.tables import Best, How, Search, Tables

TRIES = 64
"""Draws before the whole law is written down, where one token may not come yet."""

LOST = -1e9
"""What a token of probability 0 adds to a search, so that texts with fewer of them come first."""


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
def draw_token(t: Tables, h: int, rng: np.random.Generator) -> int:
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
                w = draw_token(t, h, rng)
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


@compiled()
def offered(best: Best, n: int, value: float, beam: int, token: int) -> int:
    """Put a continuation among the n best so far, after its equals; return how many there are."""
    i, size = n, best.value.size
    while i > 0 and best.value[i - 1] < value:
        if i < size:
            best.value[i], best.beam[i] = best.value[i - 1], best.beam[i - 1]
            best.token[i] = best.token[i - 1]
        i -= 1
    if i < size:
        best.value[i], best.beam[i], best.token[i] = value, beam, token
    return min(n + 1, size)


@compiled()
def marked(known: Ints, tokens: Ints, as_what: int) -> None:
    """Mark tokens as known (1) or not (0)."""
    for w in tokens:
        if w >= 0:
            known[w] = as_what


@compiled()
def best_of_beams(
    t: Tables, log_base: Floats, at: Ints, running: Floats, prompt: Ints, texts: Ints, how: Search,
    banned: int, known: Ints, logs: Floats, best: Best,
) -> int:  # fmt: skip
    """Find the best continuations of all beams; return how many there are.

    at, running (B,): context and ln p of the beams; texts (B, i): what they wrote; known (V,): all
    0, and so again afterwards; logs (V,): room to work.
    """
    n, size = 0, best.value.size
    for beam in range(running.size):
        marked(known, prompt, 1)
        marked(known, texts[beam], 1)
        log_scores(t, at[beam], log_base, known, how.penalty, banned, logs)
        marked(known, prompt, 0)
        marked(known, texts[beam], 0)
        for w in range(logs.size):
            value = running[beam] + max(logs[w], LOST)
            if (n < size or value > best.value[n - 1]) and w != banned:
                n = offered(best, n, value, beam, w)
    return n


@compiled()
def followed(
    t: Tables, best: Best, n: int, end: int, at: Ints, running: Floats, texts: Ints, step: int
) -> int:
    """Let the best continuations that do not end be the beams; return how many there are."""
    before, wrote, beams = at.copy(), texts.copy(), 0
    for j in range(n):
        if best.token[j] == end or beams == at.size:
            continue
        beam, w = best.beam[j], best.token[j]
        running[beams], at[beams] = best.value[j], advanced(t, before[beam], w)
        texts[beams] = wrote[beam]
        texts[beams, step] = w
        beams += 1
    return beams


@compiled()
def kept_ended(scores: Floats, ended: Ints, n: int, score: float, text: Ints) -> int:
    """Put a text that ended among the n best ones, the earlier of equals first; return their n."""
    i, size = n, scores.size
    while i > 0 and scores[i - 1] < score:
        if i < size:
            scores[i], ended[i] = scores[i - 1], ended[i - 1]
        i -= 1
    if i < size:
        scores[i], ended[i] = score, text
    return min(n + 1, size)


@compiled()
def best_text(t: Tables, log_base: Floats, h: int, prompt: Ints, how: Search, out: Ints) -> None:
    """Set out (T,), full of NO_TOKEN, to the best text after a prompt that leads to context h.

    Of a step's 2 B best continuations the first B may end texts, and the best B that do not end go
    on, until the best of them, scored as if it ended now, beats none of B ended texts.
    """
    beams, most = how.beams, 2 * how.beams
    known, logs = np.zeros(t.vocabulary, dtype=np.int64), np.empty(t.vocabulary)
    best = Best(np.empty(most), np.empty(most, np.int64), np.empty(most, np.int64))
    at, running, texts = np.full(beams, h), np.zeros(beams), np.full((beams, out.size), -1)
    scores, ended, n_ended, going = np.empty(beams), texts.copy(), 0, 1
    for step in range(out.size):
        banned, last = how.end if step < how.min_new else -1, step + 1 == out.size
        state = at, running[:going], prompt, texts[:, :step]
        n = best_of_beams(t, log_base, *state, how, banned, known, logs, best)
        scale = (step + 1.0) ** how.length_penalty
        for j in range(min(n, beams)):
            if last or best.token[j] == how.end:
                text = texts[best.beam[j]].copy()
                text[step] = best.token[j]
                n_ended = kept_ended(scores, ended, n_ended, best.value[j] / scale, text)
        going = followed(t, best, n, how.end, at, running, texts, step)
        if going == 0 or (n_ended == beams and running[0] / scale <= scores[beams - 1]):
            break
    if n_ended:
        out[:] = ended[0]


@compiled()
def searched(t: Tables, log_base: Floats, at: Ints, prompts: Ints, how: Search, out: Ints) -> None:
    """Continue prompts (R, P) that lead to contexts at (R,) to out (R, T), full of NO_TOKEN."""
    for row in range(at.size):
        best_text(t, log_base, at[row], prompts[row], how, out[row])
