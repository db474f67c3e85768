"""A base model from scratch, saved as transformers does, and what grows out of it.

    python examples/base_model.py [ROOT [TEXT]]

TEXT: a file or folder of yours; without one, Python's help topics. Killed while it trains,
the same command goes on from its last note.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import genloss
from genloss.core.decoding import BeamSearch
from genloss.metrics.text_models import Perplexity
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner, pretrain
from genloss.realities.texts import Texts
from genloss.store.block import FileNotebook

SIZES = {"width": 32, "layers": 2, "heads": 2, "positions": 64}
SCRATCH = FineTuning(1, 32, 4e-3, rate="cosine", warmup=20, clip=1.0, keep="best", save_every=100)


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    path = sys.argv[2] if len(sys.argv) > 2 else ""
    base = root / "base"
    if not (base / "config.json").exists():
        learner = TransformerLearner(start="scratch", **SIZES, training=SCRATCH)
        base.mkdir(parents=True, exist_ok=True)
        note = FileNotebook(base / "note")
        text = Texts(path, block=32, vocabulary=512)
        pretrain(learner, text, base, np.random.default_rng(0), note)
        note.path.unlink(missing_ok=True)
    tuning = replace(SCRATCH, learning_rate=1e-3, keep="last")
    study = genloss.Study(
        name="from-base",
        reality=Texts(path, block=32, tokeniser=str(base)),
        learner=TransformerLearner(base=str(base), training=tuning),
        sampler=BeamSearch(3, 32, 32),
        n_real=200,
        generations=2,
        metrics=(Perplexity(),),
    )
    run = genloss.run_study(study, root, workers=1)
    for t, value in zip(run.series["perplexity"].t, run.series["perplexity"].values, strict=True):
        print(f"generation {t}: perplexity {value[0]:.1f}")


if __name__ == "__main__":
    main()
