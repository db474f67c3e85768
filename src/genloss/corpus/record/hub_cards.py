"""Cards of data sets beside their files, as evidence: who made the texts, under which licence."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from genloss.corpus.record.from_row import settled
from genloss.corpus.record.licence import spdx_of
from genloss.corpus.record.record import Evidence, Record

CARD = "README.md"

HEAD = 1 << 16
"""Bytes of a card that are looked at."""

MACHINE_TAGS = re.compile(r"synthetic(-data)?|(datadreamer|distilabel)(-.*)?")
"""Tags by which hubs, and programs that generate data, say that a machine made a data set."""

FRONT = re.compile(r"\A---\s*\n(.*?)\n---", re.DOTALL)
TAG = re.compile(r"^\s*-\s*['\"]?([\w.-]+)['\"]?\s*$", re.MULTILINE)
TAGS = re.compile(r"^tags:[ ]*(\[[^\]]*\])?((?:\n\s*-.*)*)", re.MULTILINE)
LICENCE = re.compile(r"^license:[ \t]*(?:\n\s*-\s*)?['\"]?([\w.+-]+)", re.MULTILINE)

GENERATED = re.compile(
    r"(generated|created|produced) (with|by|using) [\[`*]*(datatrove|datadreamer|distilabel)",
    re.IGNORECASE,
)
"""What such programs write into the text of their cards."""


@dataclass(frozen=True)
class HubCard:
    """What a card says: evidence for an origin, and an SPDX expression or ''."""

    evidence: tuple[Evidence, ...]
    licence: str

    def applied(self, record: Record) -> Record:
        """Return the record with the card's evidence; its own licence goes before the card's.

        A record that names another origin than the card becomes unknown, with both kept.
        """
        evidence = (*record.evidence, *self.evidence)
        return replace(
            record,
            evidence=evidence,
            origin=settled(evidence) if self.evidence else record.origin,
            licence=record.licence or self.licence,
        )


@dataclass
class Cards:
    """The card of the folder that was asked for last, looked for once for all files in it."""

    folder: tuple[Path, Path] | None = None
    card: HubCard | None = None

    def of(self, file: Path, root: Path) -> HubCard | None:
        """Return the card of a file that was found below root."""
        if (file.parent, root) != self.folder:
            found = hub_card_of(file, root) if root.is_dir() else None
            self.folder, self.card = (file.parent, root), found
        return self.card


def hub_card_of(file: Path, root: Path) -> HubCard | None:
    """Return the nearest card beside or above a file, up to root; None for none with a head."""
    folder = file.parent
    while True:
        if found := _read(folder / CARD):
            return found
        if folder in (root, folder.parent):
            return None
        folder = folder.parent


def _read(card: Path) -> HubCard | None:
    if not card.is_file():
        return None
    with card.open("rb") as stream:
        text = stream.read(HEAD).decode("utf-8", "replace").replace("\r\n", "\n")
    if not (front := FRONT.match(text)):
        return None
    tags = TAGS.search(front[1])
    inline = re.findall(r"[\w.-]+", tags[1] or "") if tags else []
    listed = TAG.findall(tags[2]) if tags else []
    said = [f"tag {tag}" for tag in (*inline, *listed) if MACHINE_TAGS.fullmatch(tag.lower())]
    if not said and (by := GENERATED.search(text)):
        said = [by[0]]
    evidence = tuple(Evidence("declared", "machine", f"{CARD}: {words}") for words in said[:1])
    licence = LICENCE.search(front[1])
    return HubCard(evidence, spdx_of(licence[1]) if licence else "")
