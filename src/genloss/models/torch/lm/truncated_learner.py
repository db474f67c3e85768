"""A transformer that does not learn from what it is sure of already."""

from dataclasses import dataclass
from typing import ClassVar

from genloss.core import numbers
from genloss.core.about import About
from genloss.models.torch.lm.decoder import Decoder
from genloss.models.torch.lm.objective import Total, decoder_total
from genloss.models.torch.lm.transformer_learner import TransformerLearner


@dataclass(frozen=True)
class TruncatedLearner(TransformerLearner):
    """`transformer` with truncated cross entropy: chi(p <= confidence) (-ln p), summed over tokens.

    A token that the network gives a probability above `confidence` counts nothing in that step,
    neither in the loss nor in its gradient, and is still one of the tokens that the mean is taken
    over. What a model wrote is what it was sure of, so that such tokens are the most likely to be
    generated (Shabgahi et al. 2025, whose values of the threshold are not known here). Held-out
    losses are plain.

    Raises:
        SpecError: confidence outside (0, 1), or what `transformer` refuses.
    """

    about = About(
        "truncated_transformer",
        "Transformer, truncated loss",
        "A causal language model that does not learn from tokens it is sure of.",
        ("shabgahi-2025",),
    )
    kind: ClassVar[str] = "truncated_transformer"
    confidence: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        numbers.open_fraction(self.confidence, "truncated_transformer: confidence")

    def _total(self, decoder: Decoder) -> Total:
        return decoder_total(decoder, decoder.dropout if self.dropout else 0.0, self.confidence)
