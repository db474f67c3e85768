"""The page on a corpus: the numbers of an audit in, one self-contained HTML file out."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from genloss.errors import DataError
from genloss.report import theme
from genloss.report.corpus.sentences import ASPECTS, in_short
from genloss.report.corpus.shares import interval, percent, periods, points

FORMAT = 1
"""Of audit.json, as this page reads it."""

ARMS = {
    "two texts of five edited to the middle": "Two texts of five are by both, and look like "
    "something between people's and machines'",
    "all scores moved by half a deviation": "All texts look more like machines' than those they "
    "are held against, by half of what people's texts differ among each other",
    "two texts of five of an unknown sort, as far from human texts as machine texts are": "Two "
    "texts of five are of a sort that was not compared with, as unlike people's as machines' are",
}
"""What an alarm is tried on, as readers see it."""

GRADES = {
    "archive": "an archive",
    "crawl": "a crawler's clock",
    "claimed": "the text's own word",
    "guessed": "a guess",
}
"""What vouches for a date, as readers see it."""


def corpus_page(audit: Mapping[str, Any]) -> str:
    """Return the page on an audit as HTML that needs nothing but itself; no text is quoted.

    Raises:
        DataError: an audit of another format.
    """
    if audit.get("format") != FORMAT:
        raise DataError(
            f"an audit of format {audit.get('format')!r}; this version shows {FORMAT}; audit again"
        )
    page: str = (
        _environment()
        .get_template("corpus.html.j2")
        .render(
            a=audit,
            n=audit["sizes"]["records"],
            sentences=in_short(audit),
            aspects=ASPECTS,
            arms=ARMS,
            grades_said=GRADES,
            theme=theme,
            css=(resources.files("genloss.report") / "page.css").read_text(encoding="utf-8"),
            own=_file("corpus.css"),
        )
    )
    return page


def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_file),
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "points": points,
        "periods": periods,
        "comma": lambda n: f"{n:,}",
    }
    return environment


def _file(name: str) -> str:
    return (resources.files("genloss.report.corpus") / name).read_text(encoding="utf-8")
