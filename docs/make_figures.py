"""Make figures of README and docs from real runs: `.venv/bin/python docs/make_figures.py`.

A minute. Those of filters.md and how-much-real-data.md come from the commands that stand there.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

import genloss
from genloss.published.experiments import load_experiment
from genloss.report.chart_files import figure_svg
from genloss.report.figures.images import png
from genloss.report.figures.lines import metric_figure
from genloss.report.measured import measured

HERE = Path(__file__).parent / "figures"
REGIMES = {
    "replace": genloss.Replace(),
    "accumulate": genloss.Accumulate(),
    "fresh, 10 % real": genloss.Fresh(n_real=10),
}
SHOWN = (0, 1, 2, 3, 4, 5)
ZOOM = 3


def variance(root: Path) -> None:
    """Draw the variance that is left of a Gaussian under three regimes."""
    studies = [
        genloss.Study(
            reality=genloss.Gaussian(),
            learner=genloss.GaussianLearner(ddof=1),
            regime=regime,
            form=genloss.AsMoments(),
            n_real=100,
            n_synthetic=90 if isinstance(regime, genloss.Fresh) else 100,
            generations=1000,
            chains=2000,
            metrics=(genloss.TraceRatio(),),
            measure=genloss.Schedule(every=20),
            name=name.replace(" ", "-").replace(",", "").replace("%", "percent"),
        )
        for name, regime in REGIMES.items()
    ]
    runs = genloss.run_studies(studies, root)
    figure = metric_figure("trace_ratio", [measured(run) for run in runs])
    figure_svg({**figure.panels[0].spec, "width": 640}, HERE / "variance.svg")


def digits(root: Path) -> None:
    """Draw digits of a VAE at generations 0 to 5: replaced above, accumulated below."""
    studies = load_experiment("shumailov-2024-vae", "smoke").studies
    chosen = [studies["rows,replace"], studies["rows,accumulate"]]
    rows = []
    for run in genloss.run_studies(chosen, root):
        kept = [run.arrays(t, "samples")["x"][0] for t in SHOWN]
        rows.append(np.concatenate([strip(x) for x in kept], axis=1))
    gap = np.full((12, rows[0].shape[1]), 255.0)
    image = np.concatenate([rows[0], gap, rows[1]])
    grown = image.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
    (HERE / "digits.png").write_bytes(png(grown.astype(np.uint8)))


def strip(x: np.ndarray, down: int = 4, across: int = 6) -> np.ndarray:
    """Lay the first images of one generation out as a block with a margin."""
    ink = 255.0 * (1.0 - np.clip(x[: down * across], 0.0, 1.0))
    cells = np.pad(
        ink.reshape(down, across, 8, 8), ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=255.0
    )
    block = cells.transpose(0, 2, 1, 3).reshape(down * 9, across * 9)
    return np.pad(block, ((0, 0), (0, 9)), constant_values=255.0)


def verdict(root: Path) -> None:
    """Draw the figure of verdicts.md, by the commands that stand there."""
    root.mkdir(parents=True, exist_ok=True)
    examples = root / "examples"
    if not examples.exists():
        examples.symlink_to(HERE.parents[1] / "examples")
    page = (HERE.parent / "verdicts.md").read_text()
    [block] = re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL)
    for line in block.splitlines():
        subprocess.run([sys.executable, "-m", *shlex.split(line)], cwd=root, check=True)
    (root / "verdict.svg").replace(HERE / "verdict.svg")


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else "runs") / "figures"
    variance(place)
    digits(place)
    verdict(place / "verdict")
