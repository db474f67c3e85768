"""Kept texts: what the same prompts got through the generations."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genloss.report.kept import heading, kept_texts
from genloss.report.words import count
from genloss.store.reader import Run

AT_ONCE = 3
"""Prompts shown at once; the others are folded away."""

MOST = 12
"""Prompts shown of one run."""

GENERATIONS = 12
"""Generations shown of one prompt."""

LONGEST = 700
"""Characters shown of one text or prompt."""

KEPT_CONTROLS = "\n\t"
"""The control characters that lay text out; all others are shown as symbols."""

Texts = Mapping[int, Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Prompt:
    """A prompt and its continuations, as (heading of the generation, text)."""

    text: str
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TextFigure:
    """The texts of one run: prompts to show at once, and more."""

    label: str
    reading: str
    prompts: tuple[Prompt, ...]
    more: tuple[Prompt, ...]


def text_figure(run: Run, label: str) -> TextFigure | None:
    """Return the texts that the first chain of a run kept, or None where it kept none."""
    kept = kept_texts(run, GENERATIONS)
    found = prompts_of(kept)
    if not found:
        return None
    asked = any(p.text for p in found)
    what = "the same prompts through the generations" if asked else "texts written without a prompt"
    cut = any(len(text) > LONGEST for texts in kept.values() for pair in texts for text in pair)
    text = f"Chain 1 of {run.spec['chains']:,}: {what}."
    if cut:
        text += f" Texts are cut after {count(LONGEST, 'character')}."
    return TextFigure(label, text, tuple(found[:AT_ONCE]), tuple(found[AT_ONCE:MOST]))


def prompts_of(kept: Texts) -> list[Prompt]:
    """Return each prompt with what the generations made of it, real text first."""
    asked = next((texts for texts in kept.values() if any(prompt for prompt, _ in texts)), None)
    most = max((len(texts) for texts in kept.values()), default=0)
    out = []
    for i in range(most if asked is None else len(asked)):
        prompt = "" if asked is None else asked[i][0]
        told = [
            (heading(t), readable(text))
            for t, texts in kept.items()
            if i < len(texts) and (text := continued(prompt, *texts[i], real=t == 0)) is not None
        ]
        if told:
            out.append(Prompt(readable(prompt), tuple(told)))
    return out


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

    Characters that turn the direction of what follows are written out as their numbers.
    """
    shown = text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " …"
    return "".join(_shown(c) for c in shown.strip())


def _shown(c: str) -> str:
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
