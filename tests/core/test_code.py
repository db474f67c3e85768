"""The digest of foreign code: 16 hex digits of SHA-256 over all that is compared, in any order."""

import hashlib

from genloss.core.code import Code, text_digest


def test_a_digest_is_the_beginning_of_sha256():
    assert text_digest("abc") == "ba7816bf8f01cfea"
    assert text_digest("\ud800") == hashlib.sha256(b"\xed\xa0\x80").hexdigest()[:16]


def test_modules_and_packages_count_and_what_has_no_digest_does_not():
    code = Code({"own": "12"}, {"theirs": "1.0"}, ("a cell",))
    assert code.checked == {"module own": "12", "package theirs": "1.0"}
    assert code.digest == text_digest("[('module own', '12'), ('package theirs', '1.0')]")
    assert Code({"b": "1", "a": "2"}).digest == Code({"a": "2", "b": "1"}).digest
    assert code.digest == Code({"own": "12"}, {"theirs": "1.0"}).digest
    assert code.digest != Code({"own": "12"}, {"theirs": "1.1"}).digest
