"""What is expected of a stored run: computed when somebody first asks, and kept beside it."""

import sys
import warnings
from collections.abc import Mapping
from contextlib import suppress

from genloss.core.consent import CodeRefused, refusing_code
from genloss.errors import GenlossError, SpecError, StoreError
from genloss.judge.predictions import theory_lines
from genloss.judge.profile.trivial import trivial_scores
from genloss.store.reader import Run
from genloss.store.theory_file import Lines, Theory, read_theory, write_theory
from genloss.study.study import Study, study_from


def theory_of(run: Run) -> Lines:
    """Return the line of every metric of a run with a closed form.

    Computed from the spec where theory.json is missing or of another run or version, and written
    there if the folder can be written. None where the study cannot be built here, such as without
    its data, or with classes of its own; see `study_of`. A class whose own predictions fail costs
    the lines and a warning.
    """
    return _theory_of(run).lines


def trivial_of(run: Run) -> Mapping[str, float]:
    """Return what a predictor that has learnt nothing scores, by metric; as `theory_of`."""
    return _theory_of(run).trivial


def study_of(run: Run) -> Study | None:
    """Return the study of a run; None where it cannot be built here.

    None where it names code of others, which must not run because somebody reads: with a warning,
    unless this process, which may have made the run, has it loaded.
    """
    try:
        with refusing_code():
            return study_from(run.local_spec)
    except CodeRefused as refused:
        if refused.what.partition(":")[0] not in sys.modules:
            warnings.warn(
                f"{run.path.name} is shown without theory: it names {refused.what}, whose code "
                "must not run because somebody reads it",
                stacklevel=1,
            )
        return None
    except (GenlossError, ImportError, OSError):
        return None


def _theory_of(run: Run) -> Theory:
    if (known := read_theory(run.path, run.header)) is not None:
        return known
    if (study := study_of(run)) is None:
        return Theory({}, {})
    try:
        theory = Theory(theory_lines(study), trivial_scores(study))
    except SpecError as error:
        warnings.warn(f"{run.path.name} is shown without theory: {error}", stacklevel=3)
        return Theory({}, {})
    except (GenlossError, ImportError, OSError):
        return Theory({}, {})
    with suppress(StoreError):
        write_theory(run.path, run.header, *theory)
    return theory
