"""Text as a part of a page: escaped, in bold where marked, and not broken where nobody would."""

import pytest

from genloss.report.markup import strong, tight


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("or 0 % real rows", "or 0\xa0% real rows"),
        ("median down to 99.5 %.", "median down to 99.5\xa0%."),
        ("held_out_nll at t = 1,200", "held_out_nll at t\xa0=\xa01,200"),
        ("at = 5 and format % 3", "at = 5 and format % 3"),
    ],
)
def test_no_line_ends_inside_a_quantity(text, whole):
    assert tight(text) == whole
    assert str(strong(text)) == whole


def test_marked_parts_are_bold_and_nothing_else_is_markup():
    assert str(strong("**a<b** > 5 %")) == "<b>a&lt;b</b> &gt; 5\xa0%"
