"""Two ways from WARC to text, on pages written here: speed, and words kept and wrongly kept.

    pip install warcio trafilatura lxml_html_clean
    python benchmarks/html_extractors.py

Pages: 400 in four layouts (article, divisions, table, with comments) around eight paragraphs each.
"""

import io
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

NAVIGATION = "".join(f"<li><a href='/c{j}'>Category {j}</a></li>" for j in range(25))
FOOTER = "<footer><p>Copyright Example Inc. <a href='/privacy'>Privacy</a></p></footer>"
SIDE = "".join(f"<p><a href='/r{j}'>Read more: story {j}</a></p>" for j in range(10))


def page(i: int, paragraphs: list[str]) -> str:
    """Return a page in layout i % 4."""
    main = "".join(f"<p>{p}</p>" for p in paragraphs)
    nav = f"<nav><ul>{NAVIGATION}</ul></nav>"
    comment = f"<div class='comments'><div class=comment><p>Great post, says {i}.</p></div></div>"
    bodies = (
        f"{nav}<article><h1>Head</h1>{main}</article><aside class='sidebar'>{SIDE}</aside>{FOOTER}",
        f"<div id=menu>{nav}</div><div class='content'>{main}</div>{FOOTER}",
        f"<table><tr><td>{nav}</td><td>{'<br><br>'.join(paragraphs)}</td></tr></table>{FOOTER}",
        f"{nav}<main><h1>Head</h1>{main}{comment}</main>{FOOTER}<script>var x={{}};</script>",
    )
    return f"<html lang=en><head><title>T{i}</title></head><body>{bodies[i % 4]}</body></html>"


def written(file: Path, pages: list[str]) -> None:
    """Write pages as a WARC file."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with file.open("wb") as out:
        writer = WARCWriter(out, gzip=True)
        for i, html in enumerate(pages):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.0")
            writer.write_record(
                writer.create_warc_record(
                    f"http://example.org/{i}",
                    "response",
                    payload=io.BytesIO(html.encode()),
                    http_headers=head,
                )
            )


def by_resiliparse(file: Path) -> list[str]:
    """Read with fastwarc, extract with resiliparse."""
    from genloss.corpus.readers.warc_rows import captures

    return [row["text"] for _, row in captures(file)]


def by_trafilatura(file: Path) -> list[str]:
    """Read with warcio, extract with trafilatura."""
    import trafilatura
    from warcio.archiveiterator import ArchiveIterator

    with file.open("rb") as stream:
        contents = [
            record.content_stream().read().decode()
            for record in ArchiveIterator(stream)
            if record.rec_type == "response"
        ]
    return [trafilatura.extract(html, include_comments=False) or "" for html in contents]


def main() -> None:
    """Print a line of JSON for each way and layout."""
    rng = np.random.default_rng(0)
    pool = [
        p for t in topics.values() for p in t.split("\n\n") if 200 < len(p) < 1500 and "<" not in p
    ]
    bodies = [[pool[k] for k in rng.choice(len(pool), 8, replace=False)] for _ in range(400)]
    file = Path(tempfile.mkdtemp()) / "pages.warc.gz"
    written(file, [page(i, body) for i, body in enumerate(bodies)])
    for way in (by_resiliparse, by_trafilatura):
        way(file)
        started = time.perf_counter()
        texts = way(file)
        rate = len(texts) / (time.perf_counter() - started)
        scores = np.zeros((4, 2))
        for i, (text, body) in enumerate(zip(texts, bodies, strict=True)):
            got, true = Counter(text.split()), Counter(" ".join(body).split())
            common = sum((got & true).values())
            scores[i % 4] += (common / max(1, sum(got.values())), common / sum(true.values()))
        told = {"way": way.__name__, "pages_per_second": round(rate)}
        print(json.dumps({**told, "precision_recall": (scores / 100).round(3).tolist()}))


if __name__ == "__main__":
    main()
