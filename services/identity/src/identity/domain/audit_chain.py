"""The audit log as a chain: what each link's hash is over, and what a chain that was tampered with shows.

    hash = SHA-256(hash of the link before | position, 8 bytes, big-endian | the entry's bytes)

The first link's predecessor is 32 zero bytes. An entry's bytes are its fields in the order of `Entry`, each as one byte 0
for null, or one byte 1, the length in four bytes (big-endian) and the value in UTF-8: ids in lower case with hyphens,
numbers in decimal, times in microseconds since 1970 UTC. The database computes the same when an entry arrives (migration
0002), so that no entry can be added beside the chain.

Every hotel has a chain of its own, and the platform has one, under the nil UUID.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product
from uuid import UUID

PLATFORM = UUID(int=0)
"""The chain of what belongs to no hotel."""
FIRST = bytes(32)
"""The hash before the first link."""
EXPLAINED = 30
"""Links at fault up to which it is worked out what was moved where; of more, each is called changed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is hashed of an entry, in this order."""

    event_id: UUID
    seq: int
    hotel_id: UUID | None
    service: str
    action: str
    actor_kind: str
    actor_id: UUID | None
    acting_for_kind: str | None
    acting_for_id: UUID | None
    object_type: str
    object_id: str
    at: datetime
    trace_id: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Link:
    """One place in a chain. `entry` is None where the entry that it names is gone."""

    position: int
    event_id: UUID
    hash: bytes
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Mark:
    """That a chain had this hash at this position. `cut`: and everything up to there was removed by the retention."""

    chain: UUID
    position: int
    hash: bytes
    cut: bool = False


class FaultKind(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    ADDED = "added"
    REWRITTEN = "rewritten"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where."""

    kind: FaultKind
    position: int | None
    event_id: UUID | None
    detail: str

    def __str__(self) -> str:
        place = "" if self.position is None else f" at position {self.position}"
        entry = "" if self.event_id is None else f", entry {self.event_id}"
        return f"{self.kind}{place}{entry}: {self.detail}"


@dataclass(frozen=True, slots=True)
class _Broken:
    """A link whose hash is not over what stands there; `before` are the hashes it was tried with."""

    link: Link
    entry: Entry
    before: frozenset[bytes]


class ChainCheck:
    """Checks one chain, link by link in the order of their positions; holds no more of it than what is wrong.

    Args:
        start: where the chain begins: after the cut, or after the first link's missing predecessor.
        marks: what was signed of it, at or after `start`.
    """

    def __init__(self, start: Mark, marks: Iterable[Mark] = ()) -> None:
        self.position = start.position
        self.links = 0
        self._before: frozenset[bytes] | None = frozenset((start.hash,))
        self._hash = start.hash
        self._marks = sorted((mark for mark in marks if mark.position > start.position), key=lambda mark: mark.position)
        self._sound_until = start.position
        self._faults = [
            _rewritten(mark, start.position - 1)
            for mark in marks
            if mark.position == start.position and mark.hash != start.hash
        ]
        self._broken: list[_Broken] = []

    def see(self, link: Link) -> None:
        """The next link."""
        if link.position <= self.position:
            self._fault(FaultKind.ADDED, link.position, link.event_id, "its position is taken by another entry")
            return
        if link.position > self.position + 1:
            self._gap(self.position + 1, link.position - 1)
        self._pass_marks(link)
        self.position, self._hash = link.position, link.hash
        self.links += 1
        if link.entry is None:
            self._fault(FaultKind.MISSING, link.position, link.event_id, "its link is there, the entry is gone")
            self._before = frozenset((link.hash,))
            return
        if self._before is None:  # nothing is known of the link before, which is missing and was named
            self._before = frozenset((link.hash,))
            return
        computed = {link_hash(before, link.position, link.entry) for before in self._before}
        if link.hash not in computed or link.event_id != link.entry.event_id:
            self._broken.append(_Broken(link, link.entry, self._before))
        else:
            computed = {link.hash}
        # Where the hash itself was changed, what follows is over the one that was.
        self._before = frozenset((link.hash, *computed))

    def see_unlinked(self, event_id: UUID) -> None:
        """An entry that no link leads to."""
        self._fault(FaultKind.ADDED, None, event_id, "it stands beside the chain: no link leads to it")

    def finish(self, head: Mark | None) -> list[Fault]:
        """What is wrong, in the order of the chain; empty when nothing is.

        Args:
            head: what the chain's head says of its newest link; None where there is no head.
        """
        if head is None:
            if self.links:
                self._fault(FaultKind.MISSING, None, None, "the chain has no head")
        elif head.position > self.position:
            self._gap(self.position + 1, head.position)
        elif head.position < self.position:
            self._fault(FaultKind.ADDED, self.position, None, f"the chain's head stands at {head.position}")
        elif head.hash != self._hash:
            self._fault(FaultKind.CHANGED, head.position, None, "the chain's head has another hash")
        for mark in self._marks:
            self._fault(FaultKind.MISSING, mark.position, None, "it was signed and is not there")
        found = [*self._faults, *_explained(self._broken)]
        return sorted(found, key=lambda fault: (fault.position is None, fault.position or 0))

    def _pass_marks(self, link: Link) -> None:
        while self._marks and self._marks[0].position <= link.position:
            mark = self._marks.pop(0)
            if mark.position < link.position:
                self._fault(FaultKind.MISSING, mark.position, None, "it was signed and is not there")
            elif mark.hash == link.hash:
                self._sound_until = mark.position
            else:
                self._faults.append(_rewritten(mark, self._sound_until))

    def _gap(self, first: int, last: int) -> None:
        places = "the entry and its link are" if first == last else f"the entries and links up to {last} are"
        self._fault(FaultKind.MISSING, first, None, f"{places} gone")
        self._before = None

    def _fault(self, kind: FaultKind, position: int | None, event_id: UUID | None, detail: str) -> None:
        self._faults.append(Fault(kind, position, event_id, detail))


def entry_bytes(entry: Entry) -> bytes:
    """The entry's bytes, as the module describes them."""
    return b"".join(_field(value) for value in astuple(entry))


def link_hash(before: bytes, position: int, entry: Entry) -> bytes:
    """The hash of the entry's link at that position, after a link with the hash `before`."""
    return hashlib.sha256(before + position.to_bytes(8, "big") + entry_bytes(entry)).digest()


def start_of(chain: UUID, marks: Iterable[Mark]) -> Mark:
    """Where the chain begins: at its newest cut, or before its first link."""
    cuts = [mark for mark in marks if mark.cut]
    return max(cuts, key=lambda mark: mark.position) if cuts else Mark(chain, 0, FIRST)


def verify(links: Iterable[Link], head: Mark | None, start: Mark, marks: Iterable[Mark] = ()) -> list[Fault]:
    """What is wrong with a chain, all of whose links are at hand."""
    check = ChainCheck(start, list(marks))
    for link in links:
        check.see(link)
    return check.finish(head)


def _field(value: UUID | datetime | str | int | None) -> bytes:
    if value is None:
        return b"\x00"
    if isinstance(value, datetime):
        value = (value - _EPOCH) // timedelta(microseconds=1)
    text = str(value).encode()
    return b"\x01" + len(text).to_bytes(4, "big") + text


def _rewritten(mark: Mark, sound_until: int) -> Fault:
    detail = (
        f"what was signed has another hash; something after position {max(sound_until, 0)} and up to here was rewritten"
    )
    return Fault(FaultKind.REWRITTEN, mark.position, None, detail)


def _explained(broken: list[_Broken]) -> list[Fault]:
    """Tells what was moved from what was changed, and leaves out links that only stand beside one that was moved."""
    if len(broken) > EXPLAINED:
        return [_changed(one) for one in broken]
    moved = [one.link.hash for one in broken]
    hashes = {*moved, *(before for one in broken for before in one.before)}
    places = [(one.link.position, one.link.hash) for one in broken]
    found: list[Fault] = []
    for one in broken:
        here = one.link
        if here.event_id == one.entry.event_id and any(
            link_hash(before, here.position, one.entry) == here.hash for before in moved if before not in one.before
        ):
            continue  # sound in itself: the link before it was moved away
        elsewhere = [
            position
            for before, (position, stored) in product(hashes, places)
            if position != here.position and link_hash(before, position, one.entry) in (stored, here.hash)
        ]
        if elsewhere:
            detail = f"this entry belongs at position {elsewhere[0]}"
            found.append(Fault(FaultKind.REORDERED, here.position, here.event_id, detail))
        else:
            found.append(_changed(one))
    return found


def _changed(one: _Broken) -> Fault:
    detail = "the entry, or its place in the chain, is not what was hashed"
    return Fault(FaultKind.CHANGED, one.link.position, one.link.event_id, detail)
