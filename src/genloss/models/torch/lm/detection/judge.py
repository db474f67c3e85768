"""A causal model with its tokeniser, read once for all texts of a process."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from genloss.core.arrays import Ints
from genloss.errors import DataError
from genloss.models.torch.device import Device, pick
from genloss.models.torch.lm.base import config_of, module_of, place
from genloss.models.torch.lm.hub import below, folder_of
from genloss.models.torch.lm.modules import positions_of, transformers


@dataclass(frozen=True, eq=False)
class Judge:
    """A module of transformers, float32, on its device, and the tokeniser of its folder."""

    base: str
    module: Any
    tokeniser: Any

    @property
    def positions(self) -> int:
        """The most tokens that it reads at a time."""
        return positions_of(self.module.config)

    def tokens(self, texts: Sequence[str], most: int) -> list[Ints]:
        """Return the first tokens of each text, without special ones."""
        return tokens_of(self.tokeniser, texts, min(most, self.positions))


@lru_cache(maxsize=2)
def judge(base: str, revision: str, device: Device) -> Judge:
    """Return a base as a judge; the last two stay in memory.

    Raises:
        DataError: a base that cannot be read, or that has no tokeniser.
        MissingExtra: transformers is not installed.
    """
    config = config_of(base, revision, {}, False)
    module = module_of(base, revision, config, False)
    return Judge(base, module.to(pick(device)).eval(), tokeniser_of(base, revision))


@lru_cache(maxsize=4)
def tokeniser_of(base: str, revision: str) -> Any:
    """Return the tokeniser of a base, as transformers loads it.

    Raises:
        DataError: there is none.
    """
    where, version = place(base), revision or "main"
    if of := below(folder_of(base, revision)):
        where, version = place(of[0]), of[1] or "main"
    try:
        return transformers().AutoTokenizer.from_pretrained(where, revision=version)
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:160]
        raise DataError(
            f"{base} has no tokeniser that transformers loads ({reason}); save it beside the model"
        ) from error


def tokens_of(tokeniser: Any, texts: Sequence[str], most: int) -> list[Ints]:
    """Return the first tokens (at most `most`) of each text, without special ones."""
    if not texts:
        return []
    given = [text.encode("utf-8", "replace").decode() for text in texts]
    found = tokeniser(given, add_special_tokens=False, truncation=True, max_length=most)
    return [np.array(ids, dtype=np.int64) for ids in found["input_ids"]]
