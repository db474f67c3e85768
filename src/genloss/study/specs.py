"""A study from a spec file or from a run folder."""

from collections.abc import Sequence
from pathlib import Path

from genloss.errors import SpecError
from genloss.store.folder import read_header
from genloss.study.build import study_from
from genloss.study.study import Study
from genloss.study.toml import overridden, read_spec


def load_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Return the study of a TOML spec (its name defaults to the file's) or of a run folder.

    Raises:
        SpecError: a spec that cannot be read, an unknown key, or overrides of a run folder.
    """
    if path.is_dir():
        if overrides:
            raise SpecError(
                f"{path} is a run folder, which has one config; got overrides {list(overrides)}; "
                "pass the spec file to start another run"
            )
        return study_from(read_header(path).spec)
    spec = overridden(read_spec(path), overrides)
    return study_from({"name": path.stem, **spec})
