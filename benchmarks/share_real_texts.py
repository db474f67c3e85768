"""The share of machines in real labelled texts, by word occurrences: what docs/share.md shows.

    python benchmarks/share_real_texts.py DATA [splits=3]

DATA: the folder with bao-2024.jsonl.xz and liang-2023.jsonl. Of Bao et al., 300 prompts calibrate
(their human text and three continuations); the corpus is the human text of the other 300, and 148
continuations of theirs. Of Liang et al., half of each sort calibrates, and the other half is the
corpus: three origins at once, and human and machine texts alone. A split is a seed.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from detection_scores import Text, texts
from genloss.audit.share.findings import Findings, findings
from genloss.audit.share.judged import Judged

MADE = 148
"""Machine texts among 448."""


def judged(some: Iterable[Text]) -> Judged:
    """Return texts without scores; line breaks are spaces: human texts of Bao et al. have none."""
    own = list(some)
    return Judged(
        tuple(" ".join(t["text"].split()) for t in own),
        np.full(len(own), np.nan),
        tuple(t["unit"] for t in own),
        tuple(t["generator"] or "" for t in own),
        unit="prompt or text",
    )


def of_bao(every: list[Text], seed: int) -> tuple[float, Findings]:
    """Return the truth and what is found, on one split by prompt."""
    rng = np.random.default_rng(seed)
    units = rng.permutation(sorted({t["unit"] for t in every}))
    known = set(units[:300])
    people, made = ([t for t in every if (t["origin"] == o)] for o in ("human", "model"))
    others = [t for t in made if t["unit"] not in known]
    chosen = [others[i] for i in rng.permutation(len(others))[:MADE]]
    corpus = [t for t in people if t["unit"] not in known] + chosen
    sets = (judged(t for t in origin if t["unit"] in known) for origin in (people, made))
    return MADE / len(corpus), findings(judged(corpus), *sets, None, "score", seed=seed)


def of_liang(every: list[Text], seed: int) -> tuple[list[float], Findings, Findings]:
    """Return the truth, what is found of three origins, and of two."""
    rng = np.random.default_rng(seed)
    known, corpus, counts = [], [], []
    for origin in ("human", "mixed", "model"):
        own = [t for t in every if t["origin"] == origin]
        order = rng.permutation(len(own))
        half = len(own) // 2
        known.append(judged(own[i] for i in order[:half]))
        corpus += [own[i] for i in order[half:]]
        counts.append(len(own) - half)
    whole = judged(corpus)
    people, edited, made = known
    three = findings(whole, people, made, edited, "score", seed=seed)
    two = findings(whole, people, made, None, "score", seed=seed)
    return [n / sum(counts) for n in counts], three, two


def shown(share: object) -> str:
    """Return an estimate with its interval."""
    return f"{share.estimate:.0%} ({share.low:.0%} to {share.high:.0%})" if share else "none"


def main(data: Path, splits: int) -> None:
    """Print both parts, split by split."""
    every = texts(data)
    bao = [t for t in every if t["source"].startswith("Bao")]
    liang = [t for t in every if t["source"].startswith("Liang")]
    for seed in range(splits):
        truth, found = of_bao(bao, seed)
        n = f"{found.pair.human} human and {found.pair.machine} machine texts calibrate"
        print(
            f"Bao, split {seed}: truth {truth:.1%}; scores {shown(found.pair.share)}; "
            f"words {shown(found.words)}; {n}; {found.disagreement or 'they agree'}",
            flush=True,
        )
    for seed in range(splits):
        truths, three, two = of_liang(liang, seed)
        print(f"Liang, split {seed}: truth {', '.join(f'{t:.1%}' for t in truths)}")
        parts = three.ternary and (three.ternary.human, three.ternary.edited, three.ternary.machine)
        print(
            f"  three origins: {', '.join(map(shown, parts or ()))}; "
            f"edited identified: {three.ternary and three.ternary.edited_identified}"
        )
        raised = ", ".join(f"{a.about} p {a.p:.4f}" for a in two.alarms)
        print(
            f"  two: scores {shown(two.pair.share)}; words {shown(two.words)}; {raised}", flush=True
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        options = dict(word.split("=") for word in sys.argv[2:])
        main(Path(sys.argv[1]), int(options.get("splits", 3)))
    else:
        print(__doc__)
