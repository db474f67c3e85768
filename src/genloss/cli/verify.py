"""What `genloss verify` does and says."""

from collections.abc import Sequence
from pathlib import Path

from genloss.cli import console
from genloss.report.formatting import count
from genloss.run.sweep_files import verify_sweep
from genloss.store.reader import find_controls, folders, runs_below
from genloss.store.sweep import SWEEP
from genloss.store.verify import verify


def verified(paths: Sequence[Path], json: bool) -> bool:
    """Verify runs and sweeps, and show every damaged file; return whether there is none."""
    runs = runs_below(paths)
    controls = [control for path in paths for control in find_controls(path)]
    sweeps = [p for path in paths for p, names in folders(path) if SWEEP in names]
    checked = [(run.path, file) for run in (*runs, *controls) for file in verify(run)]
    checked += [(folder, file) for folder in dict.fromkeys(sweeps) for file in verify_sweep(folder)]
    bad = [(place, file) for place, file in checked if file.problem]
    if json:
        console.print_json(
            {
                "runs": len(runs),
                "controls": len(controls),
                "sweeps": len(set(sweeps)),
                "files": len(checked),
                "problems": [{"file": str(f.path), "problem": f.problem} for _, f in bad],
            }
        )
        return not bad
    for _, file in bad:
        named = str(file.path) in file.problem
        console.print_prose(file.problem if named else f"{file.path}: {file.problem}")
    result = "nothing has changed since they were written"
    if bad:
        damaged = len({place for place, _ in bad})
        result = f"{count(len(bad), 'problem')} in {count(damaged, 'folder' if sweeps else 'run')}"
    beside = f" and {count(len(controls), 'control')}" if controls else ""
    beside += f" and {count(len(set(sweeps)), 'sweep')}" if sweeps else ""
    what = f"{count(len(checked), 'file')} of {count(len(runs), 'run')}{beside}"
    console.print_prose(f"{what}: {result}")
    return not bad
