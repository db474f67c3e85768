"""How long the published experiments take, one after another in one process, controls included.

    python benchmarks/experiments.py [scale=laptop] [networks=0] [root=FOLDER] [NAME ...]

Of each experiment: seconds that passed, those of processors (with its children), and targets met.
Without names all of them are run, with networks=0 those alone that train none. Wanted at laptop
scale: ten minutes each, two hours on two cores for all. In an empty folder unless root says where;
there, what is complete is read and costs nothing. A line is printed as soon as it is known.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from genloss.published.experiments import Experiment, load_experiment, published_names
from genloss.published.reproduce import reproduce
from genloss.spec.parts import parts


def main(words: list[str]) -> None:
    """Print a line for every experiment."""
    options = dict(word.split("=", 1) for word in words if "=" in word)
    unknown = set(options) - {"scale", "networks", "root"}
    if unknown:
        raise SystemExit(f"unknown {', '.join(sorted(unknown))}; expected scale, networks, root")
    names = [word for word in words if "=" not in word] or published_names()
    scale = options.get("scale", "laptop")
    with tempfile.TemporaryDirectory() as empty:
        root = Path(options.get("root", empty))
        print("| experiment | passed, s | of processors, s | targets met |")
        print("|---|--:|--:|--:|")
        for name in names:
            experiment = load_experiment(name, scale)
            if options.get("networks") != "0" or not _trains_a_network(experiment):
                print(_line(experiment, root), flush=True)


def _line(experiment: Experiment, root: Path) -> str:
    begun, before = time.perf_counter(), _processors()
    verdicts = reproduce(experiment, root, workers=1, controls=True)[1]
    passed, used = time.perf_counter() - begun, _processors() - before
    met = sum(v.passed for v in verdicts)
    return f"| {experiment.name} | {passed:.0f} | {used:.0f} | {met} of {len(verdicts)} |"


def _trains_a_network(experiment: Experiment) -> bool:
    return any(
        type(part).__module__.startswith("genloss.models.torch")
        for study in experiment.studies.values()
        for _, part in parts(study)
    )


def _processors() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    both = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in both)


if __name__ == "__main__":
    main(sys.argv[1:])
