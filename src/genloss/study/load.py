"""A study from a spec file, from a run folder, or from your own text."""

from collections.abc import Sequence
from pathlib import Path

from genloss.core.places import Place
from genloss.errors import SpecError
from genloss.models.makers import MakersLearner
from genloss.spec.consent import consent
from genloss.spec.toml import overridden, read_spec
from genloss.store.header import read_header
from genloss.store.machine_file import local_spec
from genloss.study.own_text import is_text, name_of, own_text_spec
from genloss.study.study import Study, study_from

LONGER = ("generations", "chains")
"""What a run folder may be continued with; see `genloss.run.continuing`."""


def load_study(
    path: Place, overrides: Sequence[str] = (), model: str = "", *, trust: bool = False
) -> Study:
    """Return the study of a TOML spec, of a run folder, or of a text; the name defaults to path's.

    model: the language model that a text is fine-tuned on; see `own_text_spec`.
    trust: whether a run folder may name classes of its own, whose code then runs.

    Raises:
        SpecError: a spec that cannot be read, an unknown key, overrides of a run folder that are
            not of LONGER, a model beside anything but text, a run folder with own classes, a maker
            that never enters.
    """
    path = Path(path)
    if not path.exists():
        raise SpecError(f"{path}: no such spec, run folder or text; check the path")
    if is_text(path):
        spec = overridden(own_text_spec(path, model, overrides), overrides)
        return _all_enter(study_from({"name": name_of(path), **spec}))
    if model:
        raise SpecError(f"a model was given, but {path} is not text; name the model in the spec")
    if path.is_dir():
        if odd := [text for text in overrides if text.partition("=")[0] not in LONGER]:
            raise SpecError(
                f"{path} is a run folder, which has one config; got overrides {odd}; only "
                f"{' and '.join(LONGER)} may be raised; pass the spec file to start another run"
            )
        described = overridden(local_spec(path, read_header(path).spec), overrides)
        with consent(path, described, trust=trust):
            return study_from(described)
    spec = overridden(read_spec(path), overrides)
    return _all_enter(study_from({"name": path.stem, **spec}))


def _all_enter(study: Study) -> Study:
    """Return a study; raises SpecError where one of several makers never enters."""
    enters = study.learner.enters if isinstance(study.learner, MakersLearner) else ()
    for number, t in enumerate(enters, start=1):
        if t > study.generations:
            raise SpecError(
                f"makers: maker {number} enters at generation {t:,}, and the run ends at "
                f"{study.generations:,}: it never enters; lower enters, or raise generations"
            )
    return study
