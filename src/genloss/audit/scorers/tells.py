"""What machines leave behind: phrases of assistants, and marks that nobody can see.

A channel of its own, beside any score: few texts have one, and those that do say it in their own
words. It is evidence that a machine's answer was pasted, never that a text without one is human.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PHRASES: Mapping[str, str] = {
    "speaks as a model": r"\bas an? (?:ai|artificial intelligence)(?: language)? "
    r"(?:model|assistant)\b|\bas a large language model\b"
    r"|\bi(?:'m| am) (?:just )?an ai (?:language model|assistant)\b",
    "refuses": r"\bi(?:'m| am) sorry,? but i (?:can(?:no|')t|am unable to) "
    r"(?:assist|help|fulfil|comply|provide|generate|complete|continue)"
    r"|\bi can(?:no|')t fulfil+ (?:this|that|your) request\b",
    "names a cutoff": r"\bas of my (?:last|latest|most recent) "
    r"(?:knowledge |training )?(?:update|cutoff)|\bmy knowledge cut-?off\b",
    "answers a prompt": r"^(?:certainly|sure|of course)[!,.] here(?:'s| is| are) "
    r"(?:a|an|the|your|some)\b"
    r"|\bhere(?:'s| is) (?:a|the|your) (?:revised|rewritten|polished|improved) version\b",
    "button of a chat": r"\bregenerate response\b|\bregenerate draft\b",
    "marks of a tool": r"contentreference\[oaicite|\boaicite:|\bturn\d+(?:search|view|news)\d+\b"
    r"|[?&]utm_source=chatgpt\.com|<\|(?:im_start|im_end|endoftext|assistant|user)\|>",
    "open slot": r"\[(?:insert|your) [a-z' ]{2,30}\]",
}
"""Name of a sort of phrases, and what is looked for, in lower case."""

MARKS: Mapping[str, str] = {
    "zero-width": "[\u200b\u2060\u2061-\u2064]|(?<=[a-z])[\u200c\u200d](?=[a-z])|(?<=.)\ufeff",
    "tag characters": "[\U000e0020-\U000e007f]{2,}",
    "narrow no-break space": "(?<=[a-z])\u202f(?=[a-z])",
}
"""Characters without a shape, where no script, emoji or file needs them. They come from copying
pages and from typesetting as well, so that they weigh less than a phrase."""

FLAGS = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""Emoji of flags, which are spelled in tag characters."""

_SOUGHT = {
    **{("phrase", name): re.compile(x, re.MULTILINE) for name, x in PHRASES.items()},
    **{("mark", name): re.compile(x) for name, x in MARKS.items()},
}


@dataclass(frozen=True)
class Tell:
    """One sort of phrase or mark, how often, and the first characters of the first one."""

    sort: Literal["phrase", "mark"]
    name: str
    times: int
    first: str


def tells(text: str) -> tuple[Tell, ...]:
    """Return what betrays a machine in a text, mostly nothing. O(length)."""
    lower, out = FLAGS.sub("", text.lower().replace("’", "'")), []
    for (sort, name), sought in _SOUGHT.items():
        found = [match.group()[:60] for match in sought.finditer(lower)]
        if found:
            out.append(Tell("phrase" if sort == "phrase" else "mark", name, len(found), found[0]))
    return tuple(out)
