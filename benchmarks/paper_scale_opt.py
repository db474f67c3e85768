"""The OPT of Shumailov et al. 2024 at its size without a hub: its base is trained from scratch.

    python benchmarks/paper_scale_opt.py [size=tiny] [minutes=9] [root=runs/paper-scale]
        [base_text=PATH] [base_documents=whole] [tokeniser=PATH] [train=PATH] [test=PATH]
        [documents=wikitext] [epochs=4] [base_batch=256] [runs=A+B] [generations=10] [chains=1]
        [key.of.study=value ...]

size: tiny (the default, a trial on a CPU, on Python's help topics), small (what two cores do in an
hour or two) or opt-125m. runs: those of the experiment without "opt,", such as A+B+sampled,A. Three
steps, all of
them resumable: a base model is trained on base_text (root/base, an ordinary transformers folder),
then the runs of `genloss reproduce shumailov-2024-opt --scale paper` start from it in every
generation, on the text `train`, then a table is printed. When the minutes are over, the script
stops after the step or generation at hand, and the same command goes on from there.

With WikiText-2's training split, train names it; where only its validation and test splits are at
hand, train = its validation split, test = its test split, a tenth of the documents of the former
being held out. tokeniser: a folder with vocab.json and merges.txt, or tokenizer.json.
"""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genloss.core.arrays import Array
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner, pretrain
from genloss.published.experiments import Experiment, load_experiment
from genloss.realities.text_recipe import VOCABULARY
from genloss.realities.texts import Texts
from genloss.run.events import Event, Moved, Phase
from genloss.run.runner import run_studies
from genloss.store.block import FileNotebook
from genloss.store.reader import Run

OPTIONS = {
    "size": "tiny",
    "minutes": "9",
    "root": "runs/paper-scale",
    "base_text": "",
    "base_documents": "whole",
    "tokeniser": "",
    "train": "",
    "test": "",
    "documents": "wikitext",
    "epochs": "4",
    "base_batch": "",
    "runs": "A+B",
    "generations": "",
    "chains": "1",
}
SIZES = {
    "tiny": {"width": 32, "layers": 2, "heads": 2, "positions": 128},
    "small": {"width": 192, "layers": 4, "heads": 3, "positions": 128},
    "opt-125m": {"width": 768, "layers": 12, "heads": 12, "positions": 2048},
}
BASES = {
    "tiny": FineTuning(1, 32, 4e-3, 0.1, rate="cosine", warmup=20, clip=1.0, save_every=50),
    "small": FineTuning(1, 64, 1.5e-3, 0.1, rate="cosine", warmup=200, clip=1.0, save_every=100),
    "opt-125m": FineTuning(
        4, 256, 6e-4, 0.1, rate="cosine", warmup=200, clip=1.0, keep="best", save_every=400
    ),
}
TEXTS = {
    "tiny": Texts(block=64, vocabulary=512),
    "small": Texts(block=128, vocabulary=4096, validation=0.01, test=0.01),
    "opt-125m": Texts(block=256, validation=0.08, test=0.01),
}
SMALL = ("n_real=120", "held_out=20", "generations=3")
"""Changes of the study for a trial."""


class OverError(Exception):
    """The minutes are over."""


@dataclass(frozen=True)
class Clock:
    """When to stop, seconds."""

    begun: float
    minutes: float

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    def check(self) -> None:
        """Raise OverError when the minutes are over."""
        if self.seconds > 60 * self.minutes:
            raise OverError


@dataclass(frozen=True)
class Until:
    """A notebook that ends the training with its last note in time."""

    notebook: FileNotebook
    clock: Clock

    def read(self) -> dict[str, Array] | None:
        """Return the last note."""
        return self.notebook.read()

    def write(self, arrays: Mapping[str, Array]) -> None:
        """Write a note, and stop when the minutes are over."""
        self.notebook.write(arrays)
        steps, losses = int(arrays["now.step"][0]), arrays["now.batch_loss"]
        losses = losses[: steps % len(losses) or None][-100:]
        print(f"{self.clock.seconds:6.0f} s  step {steps}: {losses.mean():.3f} nats", flush=True)
        self.clock.check()


def base_of(options: dict[str, str], clock: Clock) -> Path:
    """Return the folder of the base model, trained first where there is none."""
    size, folder = options["size"], Path(options["root"]) / "base"
    if (folder / "config.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    training = replace(BASES[size], epochs=int(options["epochs"]), precision="bfloat16")
    if options["base_batch"]:
        training = replace(training, batch=int(options["base_batch"]))
    text = replace(TEXTS[size], path=options["base_text"], documents=options["base_documents"])
    if options["tokeniser"]:
        text = replace(text, vocabulary=VOCABULARY, tokeniser=options["tokeniser"])
    part = text.realise(1, np.random.default_rng(0)).summary.train
    print(f"{clock.seconds:6.0f} s  base: {part.tokens} tokens, {part.blocks} blocks", flush=True)
    learner = TransformerLearner(start="scratch", **SIZES[size], training=training)
    note = Until(FileNotebook(folder / "note"), clock)
    begun = clock.seconds
    model = pretrain(learner, text, folder, np.random.default_rng(0), note)
    note.notebook.path.unlink(missing_ok=True)
    seconds, tokens = clock.seconds - begun, part.blocks * text.block * training.epochs
    flops = 6 * model.decoder.n_parameters * tokens / seconds
    print(
        f"{clock.seconds:6.0f} s  base: {tokens / seconds:.0f} tokens/s, {flops / 1e12:.1f} TFLOP/s"
        f" if not resumed, losses {model.train_loss[0]}, held out {model.held_out_loss[0]}"
    )
    return folder


def experiment_of(options: dict[str, str], base: Path, extra: list[str]) -> Experiment:
    """Return the experiment at paper scale, on the text and the base at hand."""
    text = {"kind": "text", "tokeniser": str(base)}
    if options["train"]:
        text |= {"path": options["train"], "documents": options["documents"]}
    if options["test"]:
        text |= {"test_path": options["test"]}
    fields = {k: v for k, v in text.items() if k != "kind"}
    part = Texts(**fields).realise(1, np.random.default_rng(0)).summary
    changes = [
        "reality={" + ", ".join(f"{key} = {json.dumps(text[key])}" for key in text) + "}",
        f"learner.base={json.dumps(str(base))}",
        f"n_real={part.train.blocks}",
        f"held_out={part.validation.blocks}",
        f"chains={options['chains']}",
        "keep={at = [1, 2, 5, 10], rows = 100}",
    ]
    changes += SMALL if options["size"] == "tiny" else ()
    changes += [f"generations={options['generations']}"] if options["generations"] else []
    found = load_experiment("shumailov-2024-opt", "paper", [*changes, *extra])
    wanted = [f"opt,{name}" for name in options["runs"].split("+")]
    return replace(found, studies={name: found.studies[name] for name in wanted})


def continued(experiment: Experiment, root: Path, clock: Clock) -> None:
    """Run the studies until they are done or the minutes are over."""
    before = [clock.seconds]

    def progress(event: Event) -> None:
        if not isinstance(event, Moved) or event.step.phase != Phase.DONE:
            return
        now, step = clock.seconds, event.step
        print(f"{now:6.0f} s  t = {step.t} of {event.task}, {now - before[0]:.1f} s", flush=True)
        before[0] = now
        clock.check()

    run_studies(list(experiment.studies.values()), root, workers=1, progress=progress)


def table(root: Path) -> None:
    """Print every metric of every run over generations: means over chains, deviations."""
    found = {run.header.name: run.series for run in map(Run, sorted(root.glob("opt*")))}
    for name in dict.fromkeys(key for series in found.values() for key in series):
        rows = {title: series[name] for title, series in found.items() if name in series}
        times = range(1 + max(int(each.t[-1]) for each in rows.values()))
        print(f"\n| {name} | " + " | ".join(map(str, times)) + " |")
        print("|---|" + "--:|" * len(times))
        for title, each in rows.items():
            values = dict(zip(each.t.tolist(), each.values, strict=True))
            cells = [shown(values[t]) if t in values else "" for t in times]
            print(f"| {title} | " + " | ".join(cells) + " |")


def shown(values: Array) -> str:
    """Return the mean of chains, and their deviation where there are several."""
    values = values[~np.isnan(values)]
    if not len(values):
        return ""
    return f"{values.mean():.4g}" + (f" ± {values.std(ddof=1):.2g}" if len(values) > 1 else "")


def main() -> None:
    options = dict(OPTIONS)
    extra = [word for word in sys.argv[1:] if word.partition("=")[0] not in options]
    options |= dict(word.split("=", 1) for word in sys.argv[1:] if word not in extra)
    clock, root = Clock(time.monotonic(), float(options["minutes"])), Path(options["root"])
    try:
        continued(experiment_of(options, base_of(options, clock), extra), root, clock)
    except OverError:
        print("the minutes are over; the same command goes on from here")
    table(root)


if __name__ == "__main__":
    main()
