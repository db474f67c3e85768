"""The theory lines of a stored run: computed when somebody first asks, and kept beside it."""

from contextlib import suppress

from genloss.errors import GenlossError, StoreError
from genloss.judge.predictions import theory_lines
from genloss.spec.consent import foreign_classes
from genloss.store.reader import Run
from genloss.store.theory_file import Lines, read_theory, write_theory
from genloss.study.study import study_from


def theory_of(run: Run) -> Lines:
    """Return the line of every metric of a run with a closed form.

    Computed from the spec where theory.json is missing or of another run or version, and written
    there if the folder can be written. None for a spec that names classes of its own, whose code
    must not run because somebody reads a report, and none where the study cannot be built here,
    such as without its data.
    """
    if (lines := read_theory(run.path, run.header)) is not None:
        return lines
    if foreign_classes(run.spec):
        return {}
    try:
        lines = theory_lines(study_from(run.local_spec))
    except (GenlossError, ImportError, OSError):
        return {}
    with suppress(StoreError):
        write_theory(run.path, run.header, lines)
    return lines
