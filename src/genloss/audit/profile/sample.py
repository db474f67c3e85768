"""A sample of the records of a corpus, in bounded memory, that depends on nothing but their ids."""

from dataclasses import replace
from heapq import heappush, heappushpop

from genloss.corpus.record.record import Record

LONGEST = 50_000
"""Characters of a text that are looked at in a sample; the rest of it is cut off."""


class Sample:
    """The n records whose ids are smallest.

    Ids are hashes, so this is a simple random sample of the distinct texts, the same in every
    order of the files and on every machine. Memory: n texts of at most 50,000 characters.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, int, Record]] = []
        self._ids: set[str] = set()
        self.seen = 0

    def add(self, record: Record) -> None:
        """Take one record, unless its id is among those taken."""
        self.seen += 1
        if record.id in self._ids or record.text is None:
            return
        if len(record.text) > LONGEST:
            record = replace(record, text=record.text[:LONGEST])
        key = -int(record.id[-16:], 16)
        if len(self._heap) < self._size:
            heappush(self._heap, (key, -self.seen, record))
            self._ids.add(record.id)
        elif key > self._heap[0][0]:
            out = heappushpop(self._heap, (key, -self.seen, record))
            self._ids.add(record.id)
            self._ids.discard(out[2].id)

    def records(self) -> list[Record]:
        """Return the sample in the order of the ids."""
        return [record for _, _, record in sorted(self._heap, key=lambda entry: -entry[0])]
