"""Licences: what people write becomes an SPDX expression, or unknown."""

import pytest

from genloss.corpus.record.licence import spdx_of


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("cc-by-4.0", "CC-BY-4.0"),
        ("public domain", "LicenseRef-public-domain"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        # Names of one's own, alone and among others.
        ("LicenseRef-mine", "LicenseRef-mine"),
        ("DocumentRef-a:LicenseRef-b.1", "DocumentRef-a:LicenseRef-b.1"),
        ("mit OR LicenseRef-mine", "MIT OR LicenseRef-mine"),
        ("(MIT AND LicenseRef-a) OR Zlib", "(MIT AND LicenseRef-a) OR Zlib"),
    ],
)
def test_a_licence_becomes_an_expression(written, expression):
    assert spdx_of(written) == expression


@pytest.mark.parametrize(
    "written",
    [
        "cc-by",
        "Free Stuff/3",
        "LicenseRef-",
        "LicenseRef-my own (((",
        "MIT OR",
        "MIT OR LicenseRef-",
    ],
)
def test_what_is_no_expression_is_unknown(written):
    assert spdx_of(written) == ""
