"""Public summaries of training content: the AI Act of the EU, AB 2013 of California.

The headings follow the template of the AI Office (July 2025) and section 3111 of the Civil Code.
"""

from collections.abc import Sequence

from genloss.report.corpus.cards.facts import NOT_MEASURED, Facts
from genloss.report.corpus.shares import percent

Rows = Sequence[tuple[str, str]]


def eu_summary(facts: Facts) -> str:
    """Return the public summary of Article 53(1)(d), filled with what was measured."""
    sizes = facts.audit["sizes"]
    general: Rows = (
        ("Provider and its representative", NOT_MEASURED),
        ("Model, its versions, date of placing on the market", NOT_MEASURED),
        ("Modality", "text"),
        ("Size", f"{sizes['words']:,} words, {sizes['characters']:,} characters"),
        ("Languages", ", ".join(facts.languages()) or NOT_MEASURED),
        ("Years of the content", facts.years()),
    )
    sources: Rows = (
        ("2.1 Publicly available datasets", facts.of_the_hub() or NOT_MEASURED),
        ("2.2 Private datasets, licensed or not", NOT_MEASURED),
        ("2.3 Crawled and scraped: sources of texts with a day of capture", _crawled(facts)),
        ("2.4 User data: whose messages", facts.listed("party")),
        ("2.5 Synthetic data: share declared", percent(facts.machine())),
        ("2.5 Synthetic data: models that are named", facts.listed("generator")),
        ("2.6 Other sources: of texts without a day of capture", facts.listed("other source")),
        ("2.6 Other sources: which of them belong to 2.1, 2.2 or 2.3", NOT_MEASURED),
    )
    processing: Rows = (
        ("3.1 Rights reserved: signals that were found", facts.listed("consent")),
        ("3.1 Rights reserved: measures to respect them", NOT_MEASURED),
        ("3.1 Licences", facts.listed("licence")),
        ("3.2 Removal of unlawful content", NOT_MEASURED),
        ("3.3 Duplicates that are left", _repeated(facts)),
    )
    parts = (
        ("1. General information", general),
        ("2. Data sources", sources),
        ("3. Data processing", processing),
    )
    title = f"# Public summary of training content: {facts.name}"
    return _page(f"{title}\n\nRegulation (EU) 2024/1689, Article 53(1)(d).", parts, facts)


def california_summary(facts: Facts) -> str:
    """Return the documentation of AB 2013, section 3111(a), (1) to (12)."""
    words, personal = facts.audit["sizes"]["words"], facts.audit["personal"]["any"]["share"]
    machine = percent(facts.machine())
    rows: Rows = (
        ("(1) Sources or owners", facts.listed("source")),
        ("(2) How the data further the purpose of the system", NOT_MEASURED),
        ("(3) Number of data points", f"{facts.records:,} texts, {words:,} words"),
        ("(4) Types of data points", f"text; domains: {facts.listed('domain')}"),
        ("(5) Copyright, trademark, patent, or public domain", facts.listed("licence")),
        ("(6) Purchased or licensed", NOT_MEASURED),
        ("(7) Personal information", f"found by patterns in {percent(personal)} of the texts"),
        ("(8) Aggregate consumer information", NOT_MEASURED),
        ("(9) Cleaning, processing, modification", f"duplicates left in: {_repeated(facts)}"),
        ("(10) Period of collection, by year of capture", facts.listed("captured year")),
        ("(11) When the data were first used", NOT_MEASURED),
        ("(12) Synthetic data", f"{machine} declared; models: {facts.listed('generator')}"),
    )
    title = f"# Training data of {facts.name}"
    law = "California Civil Code, section 3111 (AB 2013)."
    return _page(f"{title}\n\n{law}", (("Documentation", rows),), facts)


def _crawled(facts: Facts) -> str:
    if "other source" in facts.audit["counts"] and not facts.shares("crawled source"):
        return "none: no text has a day of capture"
    return facts.listed("crawled source")


def _repeated(facts: Facts) -> str:
    d = facts.audit["duplicates"]
    return f"exact {percent(d['exact']['share'])}, near {percent(d['near']['share'])}"


def _page(title: str, parts: Sequence[tuple[str, Rows]], facts: Facts) -> str:
    sections = [
        f"## {heading}\n\n| | |\n|---|---|\n"
        + "\n".join(f"| {name} | {value.replace('|', ' ')} |" for name, value in rows)
        for heading, rows in parts
    ]
    values = [value for _, rows in parts for _, value in rows]
    empty = sum(NOT_MEASURED in value for value in values)
    note = (
        f"Filled by genloss {facts.audit['genloss']} from its audit; {empty} of {len(values)} "
        "fields hold something that was not measured. Origins, dates and licences are what files "
        "declare. No legal advice."
    )
    return "\n\n".join([title, *sections, note]) + "\n"
