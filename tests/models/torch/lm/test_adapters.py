"""Low-rank adapters: what they add to the weights of the base."""

import numpy as np
import pytest

from genloss.core.samples import Samples
from genloss.models.torch.lm.checkpoint import load_checkpoint, save_checkpoint
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.objective import FineTuning
from genloss.models.torch.lm.transformer_learner import TransformerLearner

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("rank", "alpha"), [(2, 16), (4, 6)])
@pytest.mark.parametrize(("family", "across"), [("opt", False), ("llama", False), ("gpt2", True)])
def test_adapters_add_alpha_over_rank_times_b_a(pair, tmp_path, family, across, rank, alpha):
    """W + (alpha / rank) B A in a checkpoint of its own scores rows as the adapted model does."""
    folder = pair(family).folder
    training = FineTuning(3, 8, 0.05, device="cpu")
    rows = np.random.default_rng(1).integers(3, 97, (1, 16, 10))
    learner = HuggingFaceLearner(
        str(folder), adapters="lora", rank=rank, alpha=alpha, training=training
    )
    model = learner.fit(Samples.of(rows, 0), np.random.default_rng(0))
    decoder, merged = load_checkpoint(folder)
    adapted = {name.partition(".lora_")[0] for name in model.parameters}
    for name in adapted:
        a, b = (model.parameters[f"{name}.lora_{part}.default.weight"][0] for part in "AB")
        added = alpha / rank * (b @ a)
        target = name.removeprefix("base_model.model.") + ".weight"
        assert np.abs(added).max() > 1e-3  # else nothing was learned
        merged[target] = merged[target] + (added.T if across else added)
    save_checkpoint(tmp_path, decoder, merged)
    found = TransformerLearner(str(tmp_path)).base_model().token_log_probs(rows)
    plain = TransformerLearner(str(folder)).base_model().token_log_probs(rows)
    np.testing.assert_allclose(model.token_log_probs(rows), found, atol=1e-4)
    assert np.abs(found - plain).max() > 0.05
