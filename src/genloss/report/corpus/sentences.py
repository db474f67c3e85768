"""What the numbers of an audit say, in a few plain sentences."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from genloss.report.corpus.shares import interval, percent
from genloss.report.formatting import count

Audit = Mapping[str, Any]


def of(x: float | None) -> str:
    """Return a share as the subject of a sentence: 'None of the texts', '12 % of the texts'."""
    words = percent(x)
    return f"{words[0].upper()}{words[1:]} of the texts"


def verb(n: int, word: str) -> str:
    """Return a verb for so many things."""
    return {"do": "does"}.get(word, f"{word}s") if n == 1 else word


def in_short(audit: Audit) -> list[str]:
    """Return the answer of the page: at most eight sentences, the weightiest first."""
    return list(_sentences(audit))


def _sentences(audit: Audit) -> Iterator[str]:
    n = audit["sizes"]["records"]
    counts = audit["counts"]
    origins = {v["value"]: v["count"] / n for v in counts["origin"]["values"]}
    said = [f"{percent(origins[name])} {words}" for name, words in WHO.items() if origins.get(name)]
    nobody = counts["origin"]["unknown"]["share"]
    if said:
        rest = f"; of {percent(nobody)} nobody says" if nobody else ""
        yield f"By what the files declare, {', '.join(said)}{rest}."
    else:
        yield "No file says who wrote its texts: people or machines."
    if audit.get("detector") is not None:
        yield _detected(audit["detector"])
    yield from _dates(counts)
    yield from _rights(counts)
    yield from _repetition(audit)
    yield from _misfires(audit["rules"])
    personal = audit["personal"]["any"]
    if personal["count"]:
        yield (
            f"{of(personal['share'])} hold what looks like personal data; genloss corpus read "
            "--mask replaces it."
        )
    young = audit["younger"]["texts"]
    if young["count"]:
        yield (
            f"{count(young['count'], 'text')} of {young['of']:,} {verb(young['count'], 'hold')} "
            "words that are younger than the date they claim."
        )
    yield from _changed(audit.get("distances") or ())
    if left := sum(audit["aside"]["left_out"].values()):
        what = f"{count(left, 'item')}, which {verb(left, 'do')} not count"
        yield f"Left out, or not to be read: {what}; the last section names them."


WHO = {
    "human": "of the texts were written by people",
    "machine": "by machines",
    "edited": "by both together",
}


def _detected(detector: Mapping[str, Any]) -> str:
    """Say the share that a detector tells, or that it cannot."""
    share = detector["share"]
    if share["kind"] == "bound" and share["low"]:
        return (
            f"At least {percent(share['low'])} of the texts are not like the people's texts that a "
            "detector was held against: by machines, or by other people."
        )
    if share["kind"] == "bound":
        return "A detector finds no more that looks like machines' text than people's texts hold."
    if share["kind"] == "none":
        return "How much of it machines wrote cannot be told from the texts to compare with."
    if not share["told"]:
        return (
            "How much of it machines wrote a detector cannot tell: these texts are not like those "
            "that it was tried on."
        )
    between = interval(share)
    return (
        f"Beside texts of known origin, a detector puts machines' share at {between} of the texts "
        f"(best guess {percent(share['estimate'])}), if the machines are those that are known."
    )


def _dates(counts: Mapping[str, Any]) -> Iterator[str]:
    claimed, captured = (counts[f"{name} year"]["unknown"]["share"] for name in DATES)
    if claimed == captured == 1:
        yield "No text has a date, so that none is known to be older than the machines."
    elif min(claimed, captured):
        best = min((claimed, "claimed date"), (captured, "date of capture"))
        yield f"{of(best[0])} have no {best[1]}."


ASPECTS = {
    "source": "sources",
    "domain": "domains",
    "length": "lengths in words",
    "language": "languages",
    "year": "years of their dates",
}
"""What two snapshots are compared in, as readers see it."""


def _changed(distances: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = list(distances)
    far = [row for row in rows if row["distance"] > row["floor"]]
    named = ", ".join(f"{ASPECTS[row['what']]} ({percent(row['distance'])})" for row in far)
    if far:
        yield (
            "Since the earlier audit these changed by more than chance would do, each by so many "
            f"of the texts: {named}."
        )
    elif rows:
        yield (
            "Since the earlier audit no sources, lengths, languages or years changed by more than "
            "chance would do."
        )


DATES = ("claimed", "captured")


def _rights(counts: Mapping[str, Any]) -> Iterator[str]:
    unknown = counts["licence"]["unknown"]["share"]
    if unknown == 1:
        yield "No text has a known licence: whether it may be used has to be asked elsewhere."
    elif unknown:
        yield (
            f"{of(unknown)} have no known licence: whether they may be used has to be asked "
            "elsewhere."
        )
    refusals = sum(v["count"] for v in counts["consent"]["values"] if v["value"] != "none found")
    if refusals:
        yield f"{count(refusals, 'signal')} against training, or about it, came with the texts."


def _misfires(rules: Mapping[str, Any]) -> Iterator[str]:
    """Name the rule that would cost people most, where it surely costs one text in twenty."""
    worst = max(
        (
            (m["low"], m["share"], r["meaning"], g)
            for r in rules["rules"]
            for g, m in r["misfires"].items()
        ),
        default=(0.0, 0.0, "", ""),
    )
    if worst[0] > 0.05:
        yield (
            f"A common rule against spam ({worst[2]}) would refuse {percent(worst[1])} of what "
            f"people wrote in {worst[3]}: do not filter such texts by it."
        )


def _repetition(audit: Audit) -> Iterator[str]:
    exact, near = audit["duplicates"]["exact"], audit["duplicates"]["near"]
    if exact["count"] or near["count"]:
        about = "About " if "low" in exact else ""
        yield (
            f"{about}{count(exact['count'], 'text')} {verb(exact['count'], 'repeat')} an earlier "
            f"one word for word, and {near['count']:,} nearly; genloss corpus dedup keeps one of "
            "each."
        )
    else:
        yield "No text repeats another one."
    for entry in (audit["overlap"] or {"sets": []})["sets"]:
        held = entry["held"]
        if held["count"]:
            yield (
                f"{held['count']:,} of the {held['of']:,} items of {entry['set']} are in the "
                "corpus nearly whole: a score on them would be flattered."
            )
