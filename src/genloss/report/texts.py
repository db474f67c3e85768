"""Kept texts: what the same prompts got through the generations."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from genloss.report.formatting import count
from genloss.report.kept_samples import heading, kept_texts
from genloss.store.reader import Run

UNFOLDED = 2
"""Prompts shown at once; the others are folded away."""

MOST_PROMPTS = 12
"""Prompts shown of one run."""

GENERATIONS = 12
"""Generations shown of one prompt."""

LONGEST = 700
"""Characters shown of one text or prompt."""

BREAK = "\n"

KEPT_CONTROLS = "\n\t"
"""The control characters that lay text out; all others are shown as symbols."""

BREAKS = re.compile(r"\s*(?:\n[^\S\n]*){4,}")
"""Line breaks that show nothing but that they are many: what collapsed models write."""

SPACES = re.compile(r"[^\S\n]{12,}$")

BESIDE = 3
"""Prompts under which the last texts of several runs stand side by side."""

Texts = Mapping[int, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Prompt:
    """A prompt and its continuations, as (heading of the generation, text)."""

    text: str
    passages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TextFigure:
    """The texts of one run: prompts to show at once, and more."""

    label: str
    reading: str
    prompts: tuple[Prompt, ...]
    more: tuple[Prompt, ...]


def text_figure(run: Run, label: str, beside: str = "") -> TextFigure | None:
    """Return the texts that the first chain of a run kept, or None where it kept none.

    beside: what its reading ends with.
    """
    kept = kept_texts(run, GENERATIONS)
    found = sorted(prompts_of(kept), key=lambda p: -_wordy(p.text))
    if not found:
        return None
    asked = any(p.text for p in found)
    what = "texts written without a prompt"
    if asked:
        what = "the same prompts through the generations, those with most words first"
    cut = any(len(text) > LONGEST for texts in kept.values() for pair in texts for text in pair)
    text = f"Chain 1 of {run.spec['chains']:,}: {what}."
    if asked and any(when == heading(0) for p in found for when, _ in p.passages):
        text += " Reality is how the real text goes on."
    if cut:
        text += f" Texts are cut after {count(LONGEST, 'character')}."
    return TextFigure(
        label, text + beside, tuple(found[:UNFOLDED]), tuple(found[UNFOLDED:MOST_PROMPTS])
    )


def beside(figures: Sequence[TextFigure]) -> list[Prompt]:
    """Return prompts that several runs share, each with the last text of every one of them.

    Each run is there once: under its first prompt that most runs share. Real text comes first.
    """
    owners: dict[str, list[tuple[str, Prompt]]] = {}
    for figure in figures:
        first = {p.text: p for p in reversed((*figure.prompts, *figure.more))}
        for text in dict.fromkeys(p.text for p in (*figure.prompts, *figure.more)):
            owners.setdefault(text, []).append((figure.label, first[text]))
    out: list[Prompt] = []
    done: set[str] = set()
    for text, some in sorted(owners.items(), key=lambda item: -len(item[1])):
        left = [(label, p) for label, p in some if label not in done]
        if len(left) > 1 and len(out) < BESIDE:
            done.update(label for label, _ in left)
            out.append(Prompt(text, tuple(_ends(left))))
    return out


def _ends(owners: Sequence[tuple[str, Prompt]]) -> Iterator[tuple[str, str]]:
    real = heading(0)
    yield from [pair for _, p in owners for pair in p.passages if pair[0] == real and p.text][:1]
    for label, p in owners:
        when, text = p.passages[-1]
        if when != real:
            yield f"{label}, {when}", text


def _wordy(text: str) -> float:
    """Return the share of letters; tables and rules of dashes have few, and say little."""
    return sum(c.isalpha() for c in text) / max(len(text), 1)


def prompts_of(kept: Texts) -> list[Prompt]:
    """Return each prompt with what the generations made of it, real text first."""
    asked = next((texts for texts in kept.values() if any(prompt for prompt, _ in texts)), None)
    most = max((len(texts) for texts in kept.values()), default=0)
    out = []
    for i in range(most if asked is None else len(asked)):
        prompt = "" if asked is None else asked[i][0]
        passages = [
            (heading(t), readable(text))
            for t, texts in kept.items()
            if i < len(texts) and (text := continued(prompt, *texts[i], real=t == 0)) is not None
        ]
        if passages:
            out.append(Prompt(readable(prompt), tuple(joined(passages))))
    return out


def joined(passages: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the texts, one that stays the same once: t = 3 to t = 9; reality stays alone."""
    for (_, text), same in groupby(passages, key=lambda pair: (pair[0] == heading(0), pair[1])):
        when = [time for time, _ in same]
        yield when[0] if len(when) == 1 else f"{when[0]} to {when[-1]}", text


def continued(prompt: str, own: str, text: str, *, real: bool = False) -> str | None:
    """Return what follows a prompt in a text whose own prompt is `own`; None where it is another's.

    Real text kept without its prompt belongs to this one only where it begins with it and goes on.
    """
    if own not in ("", prompt):
        return None
    begins = bool(prompt) and text.startswith(prompt)
    if real and prompt and not own and not (begins and len(text) > len(prompt)):
        return None
    return text[len(prompt) :] if begins else text


def readable(text: str) -> str:
    """Return text that shows what is in it: control characters as symbols, cut where it is long.

    Characters that turn the direction of what follows are written out as their numbers; many line
    breaks in a row, and many spaces at the end, are counted.
    """
    shown = text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " …"
    shown = "".join(_visible(c) for c in shown)
    shown = BREAKS.sub(lambda m: f"\n⟨{count(m[0].count(BREAK), 'line break')}⟩\n", shown)
    return SPACES.sub(lambda m: f" ⟨{count(len(m[0]), 'space')}⟩", shown).strip()


def _visible(c: str) -> str:
    if c in KEPT_CONTROLS or c.isprintable():
        return c
    code = ord(c)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    # Spaces and joiners of scripts are no printable characters, yet text needs them.
    if unicodedata.category(c) in ("Zs", "Co", "Cn") or c in "\u200c\u200d":
        return c
    return f"⟨U+{code:04X}⟩"
