"""A class around another one of its role hides none of its abilities from those who ask for them.

Wrappers and abilities are found in the source. A wrapper has every ability that the one inside may
have, or NOT_ASKED says why nobody asks the wrapper for it.
"""

import importlib
import inspect
import pkgutil
import typing
from dataclasses import dataclass, is_dataclass

import numpy as np
import pytest

import genloss
from genloss.core.abilities import scaled
from genloss.core.curators.selection import Curator
from genloss.core.features import Features
from genloss.core.roles import Learner, Model, Reality, Regime, Sampler
from genloss.core.samples import Samples
from genloss.core.view import Metric
from genloss.models.mixture.mixture import MixtureLearner
from genloss.models.torch.fits import Noted
from genloss.run.events import Phase, Step
from genloss.run.watch import Watch, WatchedLearner

ROLES = (Model, Learner, Sampler, Regime, Reality, Curator, Features, Metric)

OF_ROLE = {
    "PlugInLearner": Learner,
    "MomentRegime": Regime,
    "DescribesTraining": Regime,
    "Decoding": Sampler,
    "TokenChoice": Sampler,
    "TorchModel": Model,
    "DescribesData": Reality,
}
"""Abilities of a role that do not inherit from it."""

STUDY = "asked of the study's own part, before a block wraps it"
WRITER = "only continues prompts; metrics and regimes see the language model inside"
ROWS = "rows after prompts are drawn and nothing else; they have no law of their own"
NOT_ASKED = {
    "WatchedLearner": {
        STUDY: "Based BasedLearner EpochLearner PlugInLearner ResumableLearner SizedLearner "
        "StartingLearner TextLearner"
    },
    "Noted": {
        STUDY: "Based BasedLearner EpochLearner PlugInLearner SizedLearner StartingLearner "
        "TextLearner",
        "it is what a resumable learner becomes": "ResumableLearner",
    },
    "_Relative": {"it is scaled already": "ScaledLearner", STUDY: "SizedLearner"},
    "WatchedSampler": {STUDY: "Decoding TokenChoice"},
    "MakersLearner": {
        "makers have no base in common, no closed form, and keep no notes": (
            "Based BasedLearner EpochLearner PlugInLearner ResumableLearner StartingLearner"
        ),
        "what must fit in memory is a lower bound, without their models": "SizedLearner",
    },
    "ByMaker": {},
    "Switch": {"no closed form of ours crosses a change of regime": "MomentRegime"},
    "Moving": {"where reality moves the closed forms are others, in theory.moving": "MomentRegime"},
    "Continued": {
        WRITER: "ConditionalModel PromptedModel SequenceModel TrainedModel WritingModel",
        ROWS: "CategoricalLaw CheckableModel CoefficientLaw ContinuedText CountsModel "
        "DenoisingModel DensityModel EncodingModel FiniteModel LabelledModel LinearLaw Makers "
        "MixtureLaw ModalLaw MomentLaw MomentsModel OriginModel ResponseLaw ResponseModel "
        "ShrinkableModel TextInLanguages TextModel TorchModel",
    },
    "Relabelled": {
        "rows with given features are drawn and nothing else; metrics see the regression inside": (
            "CategoricalLaw CheckableModel CoefficientLaw ConditionalModel ContinuedText "
            "CountsModel DenoisingModel DensityModel EncodingModel FiniteModel LabelledModel "
            "LinearLaw Makers MixtureLaw ModalLaw MomentLaw MomentsModel OriginModel PromptedModel "
            "ResponseLaw ResponseModel SequenceModel ShrinkableModel TextInLanguages TextModel "
            "TorchModel TrainedModel WritingModel"
        )
    },
    "Continuing": {WRITER: "PromptedModel SequenceModel TrainedModel WritingModel"},
    "ReadAgain": {
        "the base is a judge that metrics score rows with; it is neither asked nor trained": (
            "PromptedModel TrainedModel WritingModel"
        )
    },
    "NGramWriter": {WRITER: "DensityModel PromptedModel SequenceModel WritingModel"},
    "MakersWriting": {WRITER: "Makers WritingModel"},
    "ModalMixture": {"a sampler is asked about p_t, never about p_0": "ShrinkableModel"},
}


def members(protocol: type) -> set[str]:
    return {
        name
        for cls in protocol.__mro__
        if getattr(cls, "_is_protocol", False)
        for name in (*vars(cls), *vars(cls).get("__annotations__", {}))
        if not name.startswith("_")
    }


def attributes(cls: type) -> set[str]:
    if getattr(cls, "_is_protocol", False):
        return members(cls)
    return {*dir(cls), *getattr(cls, "__dataclass_fields__", ())}


def roles_of(cls: type) -> set[type]:
    return {role for role in ROLES if members(role) <= attributes(cls)}


def all_classes() -> list[type]:
    found = []
    for info in pkgutil.walk_packages(genloss.__path__, "genloss."):
        if not info.name.startswith("genloss.testing") and not info.name.endswith("__main__"):
            module = importlib.import_module(info.name)
            found += [
                value
                for value in vars(module).values()
                if inspect.isclass(value) and value.__module__ == info.name
            ]
    return found


CLASSES = all_classes()
ABILITIES = [c for c in CLASSES if getattr(c, "_is_runtime_protocol", False) and c not in ROLES]


def types_in(hint: object) -> list[type]:
    parts = (typing.get_origin(hint), *typing.get_args(hint), hint)
    return [part for part in parts if inspect.isclass(part)]


def wrapped(cls: type) -> list[tuple[type, type]]:
    """Return (role, class inside) for each field in which a class holds one of its own role."""
    if not is_dataclass(cls) or not roles_of(cls):
        return []
    inside = [t for hint in typing.get_type_hints(cls).values() for t in types_in(hint)]
    return [(role, t) for t in inside for role in roles_of(cls) & roles_of(t)]


def may_have(role: type, inside: type) -> set[str]:
    """Return the abilities that what is inside may have: all of its role, or those of a class."""
    own = [a for a in ABILITIES if OF_ROLE.get(a.__name__) is role or role in a.__mro__]
    if not getattr(inside, "_is_protocol", False):
        own = [a for a in own if members(a) <= attributes(inside)]
    return {a.__name__ for a in own}


def hidden(cls: type) -> set[str]:
    """Return the abilities of what is inside that a wrapper does not have itself."""
    there = {name for role, inside in wrapped(cls) for name in may_have(role, inside)}
    return {
        a.__name__ for a in ABILITIES if a.__name__ in there and not members(a) <= attributes(cls)
    }


WRAPPERS = [cls for cls in CLASSES if wrapped(cls)]


def test_all_wrappers_are_known():
    assert {cls.__name__ for cls in WRAPPERS} == set(NOT_ASKED)


@pytest.mark.parametrize("cls", WRAPPERS, ids=lambda cls: cls.__name__)
def test_a_wrapper_hides_only_what_nobody_asks_it_for(cls):
    excused = {name for names in NOT_ASKED[cls.__name__].values() for name in names.split()}
    assert hidden(cls) == excused


@dataclass(frozen=True)
class Scaling:
    """A learner that notes what it was scaled to."""

    seen: object = None

    def scaled_to(self, real):
        return Scaling(real)

    def fit(self, train, rng, *, init=None, valid=None, notebook=None):
        return self.seen

    def restore(self, state):
        return self.seen


@pytest.mark.parametrize(
    "wrap",
    [
        lambda learner: WatchedLearner(learner, Watch(lambda step: None), 0),
        lambda learner: Noted(learner, None),
        lambda learner: WatchedLearner(Noted(learner, None), Watch(lambda step: None), 0),
    ],
    ids=["watched", "noted", "both"],
)
def test_what_is_inside_is_scaled_and_stays_wrapped(wrap):
    real = Samples.of(np.zeros((1, 2, 1)), 0)
    learner = scaled(wrap(Scaling()), real)
    assert type(learner) is type(wrap(Scaling()))
    assert learner.fit(real, np.random.default_rng(0)) is real


def test_a_scaled_learner_is_still_watched():
    steps = []
    rows = Samples.of(np.random.default_rng(0).standard_normal((1, 20, 1)), 0)
    learner = WatchedLearner(MixtureLearner(1), Watch(steps.append), 4)
    scaled(learner, rows).fit(rows, np.random.default_rng(1))
    assert steps == [Step(Phase.FITTING, 5)]


def test_a_wrapper_that_hides_is_found():
    @dataclass(frozen=True)
    class Blind:
        learner: Learner

        def fit(self, train, rng, *, init=None, valid=None):
            return self.learner.fit(train, rng, init=init, valid=valid)

        def restore(self, state):
            return self.learner.restore(state)

    Blind.__annotations__["learner"] = Learner
    assert "ScaledLearner" in hidden(Blind)
