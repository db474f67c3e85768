"""How many prompts make a batch on a CPU."""

import pytest

from genloss.models.torch.lm.writing.batches import BEAM_ROWS, batch_on_cpu

OPT = 125_239_296


@pytest.mark.parametrize(
    ("n", "beams", "batch"),
    [
        (1, 5, 3),
        (8, 5, 4),
        (32, 5, 8),
        (128, 5, 13),
        (37_000, 5, 15),
        (8, 1, 19),
        (100, 1, 50),
        (5000, 1, 79),
    ],
)
def test_a_step_of_a_real_model_is_worth_its_while_and_leaves_work_for_others(n, beams, batch):
    """2.5e9 / 125e6 = 19 rows at least, 79 at most, in two, four, six batches of equal size."""
    assert batch_on_cpu(n, beams, OPT) == batch


@pytest.mark.parametrize("n", [1, 3, 640, 10_000])
@pytest.mark.parametrize("beams", [1, 5, 700])
def test_small_models_have_as_many_rows_as_the_caches_hold(n, beams):
    assert batch_on_cpu(n, beams, 10_000) == max(1, BEAM_ROWS // beams)


def test_a_model_of_any_size_writes_one_prompt_at_least():
    assert batch_on_cpu(7, 5, 70_000_000_000) == 1
