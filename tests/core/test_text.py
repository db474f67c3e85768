"""Rows of tokens, and the tokeniser of a model."""

from dataclasses import dataclass

import numpy as np
import pytest

from genloss.core.samples import NO_TOKEN
from genloss.core.text import check_tokeniser, checked_tokens
from genloss.errors import DataError, SpecError


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)])
def test_no_rows_and_rows_of_no_width_are_refused(shape):
    with pytest.raises(DataError, match=r"prompts have shape .*; expected a row at least"):
        checked_tokens(np.empty(shape, dtype=np.int64), 9, "prompts")


def test_tokens_pass_as_they_are():
    x = np.array([[[1, 8, NO_TOKEN], [0, 0, 3]]], dtype=np.int32)
    found = checked_tokens(x, 9)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, x)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        ([[[0, 9]]], r"tokens 0 to 9; expected 0 to 8"),
        ([[[-2, 3]]], r"tokens -2 to 3"),
        ([[[-1, -1]]], "an empty row or a gap"),
        ([[[1, -1, 2]]], "an empty row or a gap"),
        ([[0.5]], "integers"),
        ([[1, 2]], r"expected tokens \(C, n, T\)"),
    ],
)
def test_what_is_no_row_of_tokens(x, says):
    with pytest.raises(DataError, match=says):
        checked_tokens(np.array(x), 9)


@dataclass(frozen=True)
class Words:
    """The sizes of a tokeniser, which is all that is looked at."""

    size: int
    end: int


def test_a_tokeniser_fits_a_model_that_has_its_entries_and_its_end():
    for entries, ends in ((50265, [2]), (50272, [2]), (None, []), (50272, [5, 2])):
        check_tokeniser(Words(50265, 2), "facebook/opt-125m", entries, ends)
    says = "50265 entries and facebook/opt-125m has 50264; .*reality.tokeniser"
    with pytest.raises(SpecError, match=says):
        check_tokeniser(Words(50265, 2), "facebook/opt-125m", 50264, [2])
    with pytest.raises(SpecError, match=r"token 0 and mine by 2 or 5; .*reality\.end"):
        check_tokeniser(Words(300, 0), "mine", 50272, [2, 5])
