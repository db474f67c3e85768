"""How much of what language models wrote after a prompt stands in that prompt, by generation.

    python benchmarks/prompt_copies.py RUN... [k=8]

RUN: run folders of texts that were written after the blocks of S_0, with kept rows. Of each kept
row the share of its k-grams of tokens that its own prompt holds, and for comparison the prompt of
the row after it; printed by run, block and kept generation: the mean of both, and the share of rows
of which more than half is copied.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from genloss.core.decoding import Decoding
from genloss.core.streams import Streams
from genloss.judge.theory_lines import study_of
from genloss.run.setup import reserve
from genloss.store.reader import Run


def shared(prompt: np.ndarray, row: np.ndarray, k: int) -> float:
    """Return the share of the k-grams of a row that stand in a prompt."""
    prompt, row = (x[x >= 0] for x in (prompt, row))
    known = {tuple(prompt[i : i + k]) for i in range(len(prompt) - k + 1)}
    grams = [tuple(row[i : i + k]) for i in range(len(row) - k + 1)]
    return float(np.mean([gram in known for gram in grams])) if grams else 0.0


def copies(run: Run, k: int) -> Iterator[tuple[int, int, list[float], list[float]]]:
    """Yield block, generation, and of every kept row the shares of its own prompt and the next."""
    study = study_of(run)
    if study is None or not isinstance(study.sampler, Decoding):
        raise SystemExit(f"{run.path}: expected a run of text whose study can be built here")
    for block in run.blocks:
        streams = Streams(study.seed, block.number)
        chains = study.block_chains(block.number)
        p_0 = study.reality.realise(chains, streams.rng(0, "realise"))
        real = reserve(study, p_0, streams)[0].rows(0, study.n_real)
        for t in filter(None, block.kept()):
            x = block.arrays(t, "samples")["x"]
            prompts = study.sampler.prompts.of(real, -1, chains, x.shape[1])
            rows = [*np.ndindex(x.shape[:2])]
            own = [shared(prompts[i], x[i], k) for i in rows]
            of_next = [shared(prompts[c, (i + 1) % x.shape[1]], x[c, i], k) for c, i in rows]
            yield block.number, t, own, of_next


def main(words: list[str]) -> None:
    """Print a line for each block and generation of each run."""
    k = next((int(w.removeprefix("k=")) for w in words if w.startswith("k=")), 8)
    for path in (w for w in words if not w.startswith("k=")):
        for block, t, own, of_next in copies(Run(Path(path)), k):
            over = np.mean(np.array(own) > 0.5)
            print(
                f"{Path(path).name}  block {block}  t = {t}: {np.mean(own):.3f} of the {k}-grams "
                f"stand in the row's own prompt, {np.mean(of_next):.4f} in the next one's; "
                f"{over:.0%} of {len(own)} rows are more than half of it"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
