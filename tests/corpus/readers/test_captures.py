"""WARC files and HTML: main text, dates, licences, signals of consent; damage is named."""

import gzip
import time
from datetime import date

import pytest

from genloss.corpus.readers import consent, warc_rows
from genloss.corpus.readers.html_rows import page_row
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.reading import read_records

WORDS = "The harbour was quiet that morning, and nobody spoke of the storm that had passed. " * 4

PAGE = """<html lang="en-GB"><head><title>Harbour</title><meta name="robots" content="noai, index">
<meta property="article:published_time" content="2019-05-03T08:00:00Z">
<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/"></head><body>
<nav><ul><li><a href="/a">Home</a></li><li><a href="/b">Contact</a></li></ul></nav>
<article><h1>Harbour</h1><p>WORDS</p></article>
<footer>Copyright Example Inc. <a href="/privacy">Privacy</a></footer></body></html>""".replace(
    "WORDS", WORDS
)


def capture(address, body, kind="text/html; charset=utf-8", status="200 OK", headers=""):
    payload = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\n"
        "WARC-Date: 2020-02-01T10:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
        f"WARC-Record-ID: <urn:uuid:{abs(hash(address)) % 10**8:08d}-0000-0000-0000-000000000000>"
        f"\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload + b"\r\n\r\n"


CAPTURES = [
    capture("https://example.org/robots.txt", b"User-agent: GPTBot\nDisallow: /\n", "text/plain"),
    capture("https://example.org/1", PAGE.encode(), headers="TDM-Reservation: 1\r\n"),
    capture("https://example.org/gone", b"", status="404 Not Found"),
    capture("https://example.org/a.png", b"\x89PNG", "image/png"),
    capture("https://other.org/2", b"<html><p>Caf\xe9 au lait.</p></html>", "text/html"),
]


def read(file):
    aside = Aside()
    return list(read_records([file], None, aside)), aside


@pytest.mark.parametrize("packed", [False, True])
def test_a_warc_file_gives_pages_with_all_they_say(tmp_path, packed):
    file = tmp_path / ("a.warc.gz" if packed else "a.warc")
    # A member of gzip for every record, as archives write them.
    file.write_bytes(b"".join(map(gzip.compress, CAPTURES) if packed else CAPTURES))
    [first, second], aside = read(file)
    assert WORDS.strip() in " ".join(first.text.split())
    assert "Privacy" not in first.text
    assert "Contact" not in first.text
    assert first.source == "https://example.org/1"
    assert (first.claimed.first, first.claimed.grade) == (date(2019, 5, 3), "claimed")
    assert (first.captured.first, first.captured.grade) == (date(2020, 2, 1), "archive")
    assert first.licence == "CC-BY-SA-4.0"
    assert first.consent == ("robots: noai", "tdm-reservation: 1", "robots.txt: gptbot disallowed")
    assert first.attributes["html_lang"] == "en-GB"
    assert second.text == "Café au lait."
    assert second.consent == ()
    assert aside.left_out == {"no page": 1, "image, no text": 1}


@pytest.mark.parametrize("packed", [False, True])
def test_damage_is_named_and_what_stands_before_it_is_read(tmp_path, packed):
    pages = [capture(f"https://example.org/{i}", PAGE.encode()) for i in range(4)]
    parts = list(map(gzip.compress, pages)) if packed else pages
    file = tmp_path / ("a.warc.gz" if packed else "a.warc")
    damaged = [parts[0], parts[1], b"nonsense" + parts[2][8:], parts[3]]
    file.write_bytes(b"".join(damaged))
    records, aside = read(file)
    assert len(records) == 2
    assert aside.left_out.total() == 1
    cut = b"".join(parts)[: -len(parts[3]) // 2]
    file.write_bytes(cut)
    records, aside = read(file)
    assert len(records) == 3
    assert aside.left_out.total() == 1


def test_bodies_are_unpacked_as_their_headers_say(tmp_path):
    """Crawlers keep what came over the wire: packed, in chunks, with a charset of the server's."""
    body = PAGE.encode()
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    made = [
        capture("https://example.org/1", gzip.compress(body), headers="Content-Encoding: gzip\r\n"),
        capture("https://example.org/2", chunks, headers="Transfer-Encoding: chunked\r\n"),
        capture("https://example.org/3", body, "text/html; charset=no-such"),
        capture("https://example.org/4", body[:99], headers="Content-Encoding: br\r\n"),
        capture("https://example.org/5", body),
    ]
    file = tmp_path / "a.warc"
    file.write_bytes(b"".join(made))
    records, aside = read(file)
    assert [r.source[-1] for r in records] == ["1", "2", "3", "5"]
    assert len({r.text for r in records}) == 1
    assert aside.left_out == {"damaged WARC": 1}
    assert "https://example.org/4" in aside.first[0].reason


def test_a_body_that_unpacks_to_too_much_costs_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(warc_rows, "LONGEST", 1 << 16)
    bomb = gzip.compress(b"<p>" + b"z" * (1 << 20))
    packed = "Content-Encoding: gzip\r\n"
    made = [capture("https://example.org/1", bomb, headers=packed), CAPTURES[1]]
    file = tmp_path / "a.warc"
    file.write_bytes(b"".join(made))
    [record], aside = read(file)
    assert record.source == "https://example.org/1"
    assert aside.left_out == {"too long": 1}


def test_what_is_no_warc_file_is_named(tmp_path):
    file = tmp_path / "a.warc"
    file.write_bytes(b"hello\n" * 100)
    records, aside = read(file)
    assert (records, aside.left_out.total()) == ([], 1)


def test_a_page_by_itself(tmp_path):
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    [record], _ = read(file)
    assert record.licence == "CC-BY-SA-4.0"
    assert record.attributes["title"] == "Harbour"


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        ("User-agent: *\nDisallow: /\n", ["robots.txt: * disallowed"]),
        ("User-agent: *\nDisallow: /private\n", []),
        (
            "User-agent: GPTBot\nUser-agent: CCBot # both\nDisallow: /\n\nUser-agent: x\nDisallow:",
            ["robots.txt: gptbot disallowed", "robots.txt: ccbot disallowed"],
        ),
        ("User-agent: GPTBot\nAllow: /\nUser-agent: x\nDisallow: /", []),
        ("nonsense", []),
    ],
)
def test_robots_files_say_who_is_kept_out(text, signals):
    assert consent.in_robots(text) == signals


def test_tags_say_what_is_refused():
    tags = [("robots", "noai, noimageai"), ("GoogleBot", "noindex"), ("author", "noai")]
    assert consent.in_tags(tags) == ["robots: noai", "robots: noimageai"]
    headers = [("X-Robots-Tag", "noai"), ("X-Robots-Tag", "noarchive")]
    assert consent.in_tags(headers) == ["x-robots-tag: noai"]


def test_a_page_of_thousands_of_tags_costs_no_more_than_its_length():
    """An index into what a selector finds searches anew: 40 s of a processor once, .03 now."""
    tags = "".join(f'<meta name="a{i}" content="b{i}">' for i in range(3000))
    page = f"<html><head>{tags}<meta name=robots content=noai></head><p>{WORDS}</p></html>"
    begun = time.process_time()
    assert page_row(page.encode())["consent"] == ["robots: noai"]
    assert time.process_time() - begun < 5


@pytest.mark.slow
def test_a_page_of_tags_in_tags_costs_no_square_of_them_and_goes_aside(tmp_path):
    """200,000 of them would take a quarter of an hour."""
    deep = b"<div>" * 200_000 + b"hello"
    (tmp_path / "deep.html").write_bytes(deep)
    (tmp_path / "flat.html").write_bytes(b"<p>One <b>more</b>.</p>" * 3000)
    captures = [capture("https://example.org/deep", deep), CAPTURES[1]]
    (tmp_path / "a.warc").write_bytes(b"".join(captures))
    mail = b"From: ada@example.org\nContent-Type: text/html\n\n" + deep
    (tmp_path / "a.eml").write_bytes(mail)
    began = time.process_time()
    records, aside = read(tmp_path)
    assert time.process_time() - began < 30
    assert [r.source for r in records] == ["https://example.org/1", "flat.html"]
    assert aside.left_out == {
        "page cannot be read": 1,
        "mail cannot be read": 1,
        "file cannot be read": 1,
    }
    assert all("more than 2,000 deep" in entry.reason for entry in aside.first)
