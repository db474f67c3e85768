"""What a policy answers, by hand."""

from pathlib import Path

import pytest

from genloss.audit.selection.policy import Clause, Policy, read_policy
from genloss.audit.selection.rules import rule_from
from genloss.corpus.record.reading import read_records
from genloss.corpus.record.record import Record
from genloss.errors import SpecError

LICENCES = Policy({"licence": Clause(frozenset({"MIT", "CC0-1.0"}), frozenset({"GPL-3.0-only"}))})


@pytest.mark.parametrize(
    ("licence", "verdict"),
    [
        ("MIT", "allowed"),
        ("", "unknown"),
        ("Zlib", "unknown"),
        ("GPL-3.0-only", "refused"),
        ("MIT OR GPL-3.0-only", "allowed"),
        ("MIT AND GPL-3.0-only", "refused"),
        ("MIT AND Zlib", "unknown"),
        ("Zlib OR GPL-3.0-only", "unknown"),
        ("MIT AND (Zlib OR CC0-1.0)", "unknown"),
    ],
)
def test_licences(licence, verdict):
    assert LICENCES.answer(Record.of("x", licence=licence)).verdict == verdict


def test_a_signal_against_it_comes_before_a_licence_for_it():
    policy = Policy({**LICENCES.clauses, "consent": Clause(refused=frozenset({"noai"}))})
    answer = policy.answer(Record.of("x", licence="MIT", consent=("robots: noai",)))
    assert (answer.verdict, answer.ground) == ("refused", "consent signal robots: noai")
    assert policy.answer(Record.of("x", licence="MIT")).verdict == "allowed"


CAPTURE = """WARC/1.0\r
WARC-Type: response\r
WARC-Target-URI: https://{host}/{path}\r
WARC-Date: 2020-02-01T10:00:00Z\r
Content-Type: application/http; msgtype=response\r
WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r
Content-Length: {length}\r
\r
{payload}\r
\r
"""

PAGE = "<html><head>{tags}</head><body><p>The harbour was quiet.</p></body></html>"

TAGS = {
    "one tag": ('<meta name="robots" content="NoAI">', "robots: noai"),
    "the second of two": (
        '<meta name="robots" content="index, follow"><meta name="robots" content="noai">',
        "robots: noai",
    ),
    "a reservation": ('<meta name="tdm-reservation" content="1">', "tdm-reservation: 1"),
    "none": ('<meta name="tdm-reservation" content="0">', ""),
}

HEADERS = {
    "one header": ("X-Robots-Tag: noai\r\n", "x-robots-tag: noai"),
    "the first of two": (
        "X-Robots-Tag: noai\r\nX-Robots-Tag: noarchive\r\n",
        "x-robots-tag: noai",
    ),
    "the second of two": (
        "X-Robots-Tag: noarchive\r\nX-Robots-Tag: googlebot: noml\r\n",
        "x-robots-tag: noml",
    ),
    "a reservation": ("TDM-Reservation: 1\r\n", "tdm-reservation: 1"),
    "none": ("X-Robots-Tag: noarchive\r\n", ""),
}


@pytest.fixture(scope="module")
def of_the_docs(tmp_path_factory):
    """The policy that docs/curate.md shows, without its licences."""
    page = (Path(__file__).parents[3] / "docs" / "curate.md").read_text()
    block = page.partition("# policy.toml\n")[2].partition("```")[0]
    file = tmp_path_factory.mktemp("policy") / "policy.toml"
    file.write_text(block)
    whole = read_policy(file)
    return Policy({"consent": whole.clauses["consent"]})


def captured(path, payload, host="example.org"):
    head = CAPTURE.format(host=host, path=path, length=len(payload), payload=payload)
    return head.encode()


def verdicts(policy, file):
    answers = map(policy.answer, read_records([file]))
    return [(a.verdict, a.ground) for a in answers]


def expected(signal):
    if signal:
        return "refused", f"consent signal {signal}"
    return "allowed", "no consent signal against it"


@pytest.mark.parametrize("tags", TAGS)
def test_the_policy_of_the_docs_refuses_a_page_whose_tags_do(tmp_path, of_the_docs, tags):
    file = tmp_path / "page.html"
    file.write_text(PAGE.format(tags=TAGS[tags][0]))
    assert verdicts(of_the_docs, file) == [expected(TAGS[tags][1])]


@pytest.mark.parametrize("headers", HEADERS)
def test_the_policy_of_the_docs_refuses_a_capture_whose_headers_do(tmp_path, of_the_docs, headers):
    sent, signal = HEADERS[headers]
    payload = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{sent}\r\n" + PAGE.format(tags="")
    file = tmp_path / "a.warc"
    file.write_bytes(captured("1", payload))
    assert verdicts(of_the_docs, file) == [expected(signal)]


@pytest.mark.parametrize("name", ["robots.txt", "ai.txt"])
def test_the_policy_of_the_docs_refuses_what_a_robots_txt_keeps_collectors_from(
    tmp_path, of_the_docs, name
):
    head = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n\r\n"
    rules = head.format("text/plain") + "User-agent: GPTBot\nDisallow: /\n"
    page = head.format("text/html") + PAGE.format(tags="")
    file = tmp_path / "a.warc"
    file.write_bytes(captured(name, rules) + captured("1", page) + captured("1", page, "other.org"))
    assert verdicts(of_the_docs, file) == [expected(f"{name}: gptbot disallowed"), expected("")]


def policy_in(folder, text):
    file = folder / "policy.toml"
    file.write_text(text)
    return read_policy(file)


@pytest.mark.parametrize(
    ("clause", "fields"),
    [
        ('[licence]\nallowed = ["cc-by-4.0"]', {"licence": "CC-BY-4.0"}),
        ('[licence]\nallowed = ["CC-BY-4.0"]', {"licence": "cc-by-4.0"}),
        ('[licence]\nallowed = ["MIT OR Zlib"]', {"licence": "MIT OR Zlib"}),
        ('[licence]\nallowed = ["CC0-1.0"]', {"licence": "CC0-1.0 OR GPL-3.0-only"}),
        ('[consent]\nallowed = ["TDM-Reservation: 0"]', {"consent": ("tdm-reservation: 0",)}),
        ('[domain]\nallowed = ["www.Example.org"]', {"source": "https://www.example.org/1"}),
        ('[domain]\nallowed = ["Essays"]', {"attributes": {"domain": "Essays"}}),
        ('[grounded]\nallowed = ["true"]', {"grounded": True}),
        ("[grounded]\nallowed = [true]", {"grounded": True}),
        ("[depth]\nallowed = [0]", {"depth": 0}),
    ],
)
def test_values_of_a_policy_meet_those_of_records_in_any_spelling(tmp_path, clause, fields):
    answer = policy_in(tmp_path, clause).answer(Record.of("x", **fields))
    assert answer.verdict == "allowed"


@pytest.mark.parametrize(
    ("clause", "why"),
    [
        ('[license]\nallowed = ["MIT"]', "spell it licence"),
        ('[captured]\nallowed = ["2020"]', "year or month"),
        ('[origin]\nallowed = ["Humans"]', "expected one of human"),
    ],
)
def test_a_clause_that_no_record_could_meet_is_refused(tmp_path, clause, why):
    with pytest.raises(SpecError, match=why):
        policy_in(tmp_path, clause)


def test_a_rule_of_consent_points_to_the_policy():
    with pytest.raises(SpecError, match="--policy"):
        rule_from({"field": "consent", "none_of": ["noai"], "missing": "keep"}, "rule 1")
