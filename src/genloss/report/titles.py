"""The words for metrics and other parts of runs, as about.json has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from genloss.core.about import Entries, Entry, words_of
from genloss.store.reader import Run


@dataclass(frozen=True)
class Wording:
    """What the runs of a page say of their parts; changed: parts that they word differently."""

    entries: Entries
    changed: tuple[str, ...]


def wording(runs: Iterable[Run]) -> Wording:
    """Return the words of the newest run that has each part."""
    merged: dict[str, dict[str, Entry]] = {}
    changed: dict[str, None] = {}
    for run in sorted(runs, key=_begun):
        for role, named in run.about.items():
            for key, entry in named.items():
                before = merged.setdefault(role, {}).get(key, entry)
                if (before.title, before.meaning) != (entry.title, entry.meaning):
                    changed[f"{role} {words_of(key)}"] = None
                merged[role][key] = entry
    return Wording(merged, tuple(sorted(changed)))


def base_name(metric: str) -> str:
    """Return a metric's name without options and label: 'tail_mass(q=0.01)' is tail_mass."""
    return split_address(metric)[0].partition("(")[0]


def options_of(metric: str) -> dict[str, str]:
    """Return a metric's options as they stand: 'tail_mass(q=0.01)' has {'q': '0.01'}."""
    inside = split_address(metric)[0].partition("(")[2].removesuffix(")")
    parts, depth = [""], 0
    for c in inside:
        # A comma inside brackets belongs to the value of an option.
        depth += (c in "([{") - (c in ")]}")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    pairs = (part.strip().partition("=") for part in parts if part.strip())
    return {name: value for name, _, value in pairs}


def split_address(address: str) -> tuple[str, str]:
    """Return metric and label of 'm[label]'; the label is empty for a metric of one number."""
    metric, bracket, label = address.rpartition("[")
    return (metric, label.removesuffix("]")) if bracket and address[-1] == "]" else (address, "")


def entry_of(address: str, about: Entries) -> Entry:
    """Return what is said of a metric, with other options if need be, or its name in words.

    Of a component its own title and meaning, or the metric's title with the label.
    """
    metric, label = split_address(address)
    entry = _metric_entry(metric, about)
    if not label:
        return entry
    own = next((c for c in entry.components if c.label == label), None)
    if own is None:
        return replace(entry, title=f"{entry.title}, {label}", headline=False)
    return replace(entry, title=own.title, meaning=own.meaning, headline=own.headline)


def _metric_entry(metric: str, about: Entries) -> Entry:
    metrics = about.get("metric", {})
    alike = (e for name, e in metrics.items() if base_name(name) == base_name(metric))
    plain = Entry("", words_of(base_name(metric)).capitalize())
    return metrics.get(metric) or next(alike, plain)


def title_of(metric: str, about: Entries) -> str:
    """Return a metric's heading, with its options as they stand."""
    plain = entry_of(metric, about).title
    _, bracket, options = split_address(metric)[0].partition("(")
    options = options.replace("under=base", "under the base")
    return f"{plain} ({options}" if bracket else plain


def meaning_of(metric: str, about: Entries) -> str:
    """Return one line on what a metric measures, or nothing where none is known."""
    return entry_of(metric, about).meaning


def plain_title(metric: str, about: Entries) -> str:
    """Return the title of a metric, without options, in the middle of a sentence."""
    title = entry_of(metric, about).title
    words = split_address(metric)[1] or words_of(base_name(metric))
    return words if title == words.capitalize() else title


def _begun(run: Run) -> tuple[str, str]:
    times: Sequence[str] = [line["time"] for line in run.provenance() if "time" in line]
    return min(times, default=""), run.header.fingerprint
