"""Signals of consent to training, or of its refusal: meta tags, headers, robots.txt, ai.txt."""

import re
from collections.abc import Iterable

REFUSALS = ("noai", "noimageai", "noml", "none")
"""Words of robots tags that refuse training; 'none' also refuses everything else."""

CRAWLERS = (
    *("ai2bot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot", "claudebot"),
    *("cohere-ai", "diffbot", "google-extended", "gptbot", "meta-externalagent", "omgilibot"),
)
"""Agents that collect text for training, as robots.txt names them."""

BOTS = re.compile(r"robots|.*bot|" + "|".join(map(re.escape, CRAWLERS)), re.IGNORECASE)


def in_tags(tags: Iterable[tuple[str, str]]) -> list[str]:
    """Return the signals in (name, content) of meta tags, or of headers of a response.

    A name may come several times, and all of them count.
    """
    found = []
    for name, content in tags:
        key = name.strip().lower()
        words = [word.strip().lower() for word in re.split(r"[,;\s]+", content)]
        if key == "x-robots-tag" or BOTS.fullmatch(key):
            found += [f"{key}: {word}" for word in words if word in REFUSALS]
        elif key in ("tdm-reservation", "tdm-policy"):
            found.append(f"{key}: {content.strip()[:100]}")
    return list(dict.fromkeys(found))


def in_robots(text: str, name: str = "robots.txt") -> list[str]:
    """Return which collectors a robots.txt, or an ai.txt of the same form, keeps from all pages."""
    found: list[str] = []
    agents: list[str] = []
    rules = False
    for line in text.splitlines()[:5000]:
        key, _, value = (part.strip().lower() for part in line.partition("#")[0].partition(":"))
        if key == "user-agent":
            agents = [value] if rules else [*agents, value]
            rules = False
        elif key in ("disallow", "allow"):
            rules = True
            if key == "disallow" and value == "/":
                known = (*CRAWLERS, "*")
                found += [f"{name}: {agent} disallowed" for agent in agents if agent in known]
    return list(dict.fromkeys(found))
