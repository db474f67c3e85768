"""Any causal language model of transformers as a learner."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
from torch import Tensor

from genloss.core.about import About
from genloss.core.arrays import Array, checked_count
from genloss.core.consent import ask
from genloss.core.samples import NO_TOKEN
from genloss.core.text import Tokeniser, check_tokeniser
from genloss.errors import SpecError
from genloss.models.torch.device import pick, stream
from genloss.models.torch.feeds import START, on
from genloss.models.torch.lm.adapters import first_adapters, with_lora
from genloss.models.torch.lm.base import (
    config_of,
    fit_to,
    fresh_module,
    module_of,
    n_parameters,
    stored,
)
from genloss.models.torch.lm.causal import CausalLearner
from genloss.models.torch.lm.hugging_face_model import HuggingFaceModel
from genloss.models.torch.lm.modules import end_of, ends_of, module_total, positions_of
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.start_token import Beginning
from genloss.models.torch.lm.token_model import TokenModel
from genloss.models.torch.lm.tuning.fitting import (
    Lesson,
    Network,
    Start,
    check_options,
    fit_chains,
)
from genloss.models.torch.lm.tuning.memory_needed import check_room


@dataclass(frozen=True)
class HuggingFaceLearner(CausalLearner[HuggingFaceModel]):
    """Any AutoModelForCausalLM of transformers, trained by the loop of all learners here.

    base, revision, start, dropout, precision, training, begin: as of `TransformerLearner`, which is
    faster for the families that it knows. config: without a base, a model_type and its sizes, for
    start = 'scratch'; a vocab_size that it leaves out is that of the study's text. end: the token
    that ends a document (-1: the config's). remote_code: run code that a model on the hub brings
    along; only if you trust it. adapters 'lora' freezes the base and trains matrices of `rank`
    beside it, times alpha / rank (Hu et al. 2021). rows: prompts that `generate` continues at a
    time, 0: as many as suit the memory; halved where it runs out, to the same tokens.

    Raises:
        SpecError: options that do not go together, a config that transformers does not know.
        DataError: a base that cannot be read or has no safetensors, tokens of another vocabulary.
        MissingExtra: transformers or peft is not installed.
        FitError: rows without a second token, a loss that is not finite, too little memory.
    """

    about = About(
        "hugging_face",
        "Hugging Face model",
        "Any causal language model that transformers can load.",
        ("wolf-2020",),
    )
    kind: ClassVar[str] = "hugging_face"
    learns: ClassVar[type[TokenModel]] = HuggingFaceModel
    base: str = field(default="", metadata={"identity": False})
    revision: str = field(default="", metadata={"identity": False})
    start: Start = "base"
    config: dict[str, Any] = field(default_factory=dict)
    end: int = -1
    remote_code: bool = False
    adapters: Literal["none", "lora"] = "none"
    rank: int = 8
    alpha: int = 16
    dropout: bool = False
    precision: Literal["float32", "bfloat16"] = "float32"
    rows: int = field(default=0, metadata={"identity": False})
    training: FineTuning = field(default_factory=FineTuning)
    begin: int = field(default=NO_TOKEN, metadata={"identity": False})

    def __post_init__(self) -> None:
        check_options("hugging_face", self.base, self.start, self.precision)
        checked_count(self.rank, "hugging_face: rank")
        checked_count(self.rows, "hugging_face: rows", 0)
        if self.adapters not in ("none", "lora"):
            raise SpecError(
                f"hugging_face: adapters is {self.adapters!r}; expected 'none' or 'lora'"
            )
        if self.adapters == "lora" and (not self.base or self.start == "scratch"):
            raise SpecError(
                "hugging_face: adapters = 'lora' learns a little beside a base; give a base, and "
                "start = 'base' or 'last'"
            )
        if bool(self.base) == bool(self.config):
            raise SpecError(
                "hugging_face: give either a base (a folder or a hub name) or a config such as "
                '{ model_type = "opt", hidden_size = 128, ... }'
            )
        if self.remote_code:
            ask(f"remote_code of {self.base or 'a config'}")

    def of_text(self, tokeniser: Tokeniser) -> "HuggingFaceLearner":
        """Return the learner whose config has the tokeniser's vocabulary and end, if none yet.

        Where a base's config calls several tokens ends, or none, the tokeniser's is the end. What
        the tokeniser puts before a text stands before all rows and prompts.

        Raises:
            SpecError: the tokeniser of another model than the base.
        """
        begun = replace(self, begin=tokeniser.begin)
        if self.base:
            config = config_of(self.base, self.revision, {}, self.remote_code)
            ends = [self.end] if self.end >= 0 else ends_of(config)
            check_tokeniser(tokeniser, self.base, getattr(config, "vocab_size", None), ends)
            return begun if len(ends) == 1 else replace(begun, end=tokeniser.end)
        if "vocab_size" in self.config:
            return begun
        end, begin = tokeniser.end, tokeniser.begin
        first = end if begin == NO_TOKEN else begin
        own = {"vocab_size": tokeniser.size, "bos_token_id": first, "eos_token_id": end}
        # Models that know a token that pads do not learn it, and no token of a text pads.
        return replace(begun, config=own | {"pad_token_id": None} | self.config)

    def restore(self, state: Mapping[str, Array]) -> HuggingFaceModel:
        """Rebuild a model from its state; adapters need the base at hand.

        Raises:
            DataError: the state of another network.
        """
        module = self._module(pretrained=self.adapters == "lora")
        fit_to(module, state)
        return self._model(module, state)

    def sizes(self) -> tuple[int, int]:
        """Return the entries of the base's vocabulary and its longest row."""
        config = config_of(self.base, self.revision, self.config, self.remote_code)
        return config.vocab_size, positions_of(config)

    def read_base(self) -> HuggingFaceModel:
        """Return the base, built once; beside a frozen one, new adapters, which change nothing."""
        module = self._module(pretrained=True)
        held = stored(module).items()
        weights = {name: value.detach().cpu().numpy() for name, value in held}
        return self._model(module, self.untrained(weights))

    def trained(self, lesson: Lesson) -> HuggingFaceModel:
        """Train every chain in this process, alone or with others of a team."""
        before = lesson.before
        self._check_room()
        fresh = before is None and (not self.base or self.start == "scratch")
        if isinstance(before, HuggingFaceModel):
            module = before.module
        else:
            module = self._module(pretrained=not fresh)
        trained = {k: p for k, p in stored(module).items() if p.requires_grad}
        device = pick(self.training.device)

        def start(chain: int, seed: int) -> dict[str, Tensor]:
            if isinstance(before, HuggingFaceModel):
                weights = before.weights(chain)
                return {name: weights[name] for name in trained}
            if self.adapters == "lora":
                initial = first_adapters(module, stream(seed, START))
                return {name: on(device, value) for name, value in initial.items()}
            if fresh:
                drawn_weights = stored(self._fresh(int(stream(seed, START).integers(2**63))))
                return {name: drawn_weights[name].detach().to(device) for name in trained}
            return {name: p.detach().clone() for name, p in trained.items()}

        trainee = module
        if self.adapters == "lora" and self.training.precision == "bfloat16":
            trainee = copy.deepcopy(module).bfloat16()
        total = module_total(trainee, self.dropout)
        sizes = (module.config.vocab_size, positions_of(module.config))
        first = Beginning(self.begin, self._last(module))
        network = Network("hugging_face", *sizes, total, start, first)
        state = fit_chains(network, self.training, lesson)
        shared = {
            k: v.detach().cpu().numpy() for k, v in stored(module).items() if k not in trained
        }
        c = len(lesson.seeds)
        state |= {name: np.repeat(value[None], c, axis=0) for name, value in shared.items()}
        return self._model(module, state)

    def _module(self, pretrained: bool) -> Any:
        """Return the module on its device, without dropout, its base frozen beside adapters."""
        if pretrained:
            config = config_of(self.base, self.revision, self.config, self.remote_code)
            module = module_of(self.base, self.revision, config, self.remote_code)
        else:
            module = self._fresh(0)
        if self.adapters == "lora":
            module = with_lora(module, self.rank, self.alpha)
        return module.to(pick(self.training.device)).eval()

    def _fresh(self, seed: int) -> Any:
        config = config_of(self.base, self.revision, self.config, self.remote_code)
        return fresh_module(config, seed, self.remote_code)

    def _check_room(self) -> None:
        config = config_of(self.base, self.revision, self.config, self.remote_code)
        n = n_parameters(config, self.remote_code)
        frozen = self.adapters == "lora"
        check_room("hugging_face", 0 if frozen else n, self.training, n if frozen else 0)

    def _model(self, module: Any, state: Mapping[str, Array]) -> HuggingFaceModel:
        return HuggingFaceModel(*self.common(state), module, self._last(module), self.rows)

    def _last(self, module: Any) -> int:
        return self.end if self.end >= 0 else end_of(module.config)
