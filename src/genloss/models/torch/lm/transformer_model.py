"""A trained decoder: it scores rows of tokens, continues prompts and writes rows of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from genloss.core.arrays import Array, Ints
from genloss.core.decoding import Decoding
from genloss.models.torch.device import pick
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.scoring import Logits, decoder_logits
from genloss.models.torch.lm.token_model import TokenModel
from genloss.models.torch.lm.writing.writer import Writer
from genloss.models.torch.training import DTYPES


@dataclass(frozen=True, eq=False)
class TransformerModel(TokenModel):
    """The law of every chain, by the project's own decoder."""

    decoder: Decoder

    @property
    def vocabulary(self) -> int:
        """Entries of the vocabulary, V."""
        return self.decoder.vocabulary

    @property
    def positions(self) -> int:
        """The longest row of tokens."""
        return self.decoder.positions

    @property
    def end(self) -> int:
        """The token that begins and ends a document."""
        return self.decoder.end

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of every parameter, without the chain axis."""
        return self.decoder.shapes

    def logits(self) -> Logits:
        """Return the network as a function of its weights."""
        return decoder_logits(self.decoder)

    def continued(self, prompts: Array, how: Decoding, rng: np.random.Generator) -> Ints:
        """Continue every prompt (C, n, P) in one way: (C, n, max_new)."""
        device, dtype = pick(self.device), DTYPES[self.precision]

        def weights(chain: int) -> dict[str, Tensor]:
            return self.weights(chain, device, dtype)

        return Writer(self.decoder, weights, how, dtype, device).continue_(prompts, rng)
