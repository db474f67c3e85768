"""A card with the head that hubs of data sets read."""

import json

from genloss.report.corpus.cards.facts import NOT_MEASURED, Facts
from genloss.report.corpus.sentences import in_short
from genloss.report.corpus.shares import percent

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)
"""Classes of sizes, as hubs name them."""


def hub_card(facts: Facts) -> str:
    """Return README.md: a head in YAML, then what the audit found."""
    licences = list(facts.shares("licence"))
    unknown = facts.audit["counts"]["licence"]["unknown"]["count"]
    head = {
        "pretty_name": facts.name,
        "license": licences[0].lower() if len(licences) == 1 and not unknown else "other",
        "language": facts.languages(),
        "size_categories": [next((word for n, word in SIZES if facts.records < n), "n>1T")],
        "tags": [*(["synthetic"] if facts.machine() else []), "genloss"],
    }
    # JSON is YAML, and quotes what needs quotes.
    front = "\n".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in head.items())
    said = "\n".join(f"- {sentence}" for sentence in in_short(facts.audit))
    rows = [
        ("Licences", facts.listed("licence")),
        ("Sources", facts.listed("source")),
        ("Years", facts.years()),
        ("Who wrote it", facts.listed("origin")),
        ("Machines that are named", facts.listed("generator")),
        ("Share by machines, wholly or in part", percent(facts.machine())),
        ("Personal data", f"{percent(facts.audit['personal']['any']['share'])} of the texts"),
        ("Intended use, biases, contact", NOT_MEASURED),
    ]
    table = "\n".join(f"| {name} | {value.replace('|', ' ')} |" for name, value in rows)
    return (
        f"---\n{front}\n---\n\n# {facts.name}\n\n{said}\n\n| | |\n|---|---|\n{table}\n\n"
        "Measured by `genloss corpus audit`; origins, dates and licences are what files declare.\n"
    )
