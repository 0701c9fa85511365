"""Guests on record twice who turn out to be one person, and how a guest is looked for by what somebody types. Pure.

A merge is a join: the own facts of a record are never overwritten, what it lacks comes from the oldest record that has
it, and the stronger status holds. So the outcome is the same in whichever order records are merged.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from contracts.errors import Conflict, Invalid, NotFound
from contracts.ids import GuestId
from contracts.statuses import GUEST_MOVES, GuestStatus, move

FACTS: tuple[str, ...] = ("name", "email", "phone", "language")
"""What a record may hold of a person."""

STRENGTH = (GuestStatus.NEW, GuestStatus.REGULAR, GuestStatus.VIP, GuestStatus.BLOCKED)
"""Which status holds when two records are merged: the last one here. Nobody gets in again by a second record."""

_PHONE_LIKE = re.compile(r"[0-9\s()+./\u2010-\u2015-]+")
_FEWEST_DIGITS = 3


class GuestMerged(Conflict):
    """The record was merged into another, which is the one to work with."""

    slug, title = "guest-merged", "This guest was merged into another"


class SameGuest(Invalid):
    """A guest is not a duplicate of themselves."""

    slug, title = "same-guest", "A guest cannot be merged with themselves"


@dataclass(frozen=True, slots=True)
class Record:
    """What a hotel has on record of a guest.

    Attributes:
        id: UUIDv7, so that a smaller one is older.
        status: how the hotel knows them.
        facts: the FACTS that are known.
        filled: those of them that came by merging, with the record that they came from; the others are its own.
        merged_into: the record of the same person that goes on.
        erased: the person was forgotten; the record stays so that nothing that comes late brings them back.
    """

    id: GuestId
    status: GuestStatus = GuestStatus.NEW
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    filled: Mapping[str, GuestId] = field(default_factory=lambda: MappingProxyType({}))
    merged_into: GuestId | None = None
    erased: bool = False

    @property
    def own(self) -> dict[str, str]:
        """The facts that did not come by merging."""
        return {name: value for name, value in self.facts.items() if name not in self.filled}


def check_not_erased(record: Record) -> None:
    """Raises NotFound for a record of somebody who was forgotten: there is no such guest."""
    if record.erased:
        raise NotFound("No such guest")


def check_not_merged(record: Record) -> None:
    """Raises GuestMerged, saying where to, for a record that does not go on; NotFound for one that was erased."""
    check_not_erased(record)
    if record.merged_into is not None:
        raise GuestMerged(f"{record.id} was merged into {record.merged_into}")


def edit(record: Record, changes: Mapping[str, str | None], status: GuestStatus | None = None) -> Record:
    """The record with what people entered, which is its own from now on. None forgets a fact.

    Raises:
        MoveNotAllowed: the status does not become that one.
        GuestMerged: the record does not go on.
        NotFound: it was erased.
    """
    check_not_merged(record)
    known: dict[str, str | None] = {**record.facts, **changes}
    wanted = status or record.status
    return replace(
        record,
        status=wanted if wanted == record.status else move(GUEST_MOVES, record.status, wanted),
        facts={name: value for name, value in known.items() if value is not None},
        filled={name: source for name, source in record.filled.items() if name not in changes},
    )


def merge(kept: Record, duplicate: Record, followers: Sequence[Record] = ()) -> tuple[Record, ...]:
    """All of them, in this order, after the duplicate joined the one that is kept.

    Args:
        kept: gets what it lacks.
        duplicate: goes on in `kept` from now on.
        followers: what was merged into either of them before. Those of the duplicate point at `kept` from now on, so
            that nobody who follows needs a second step.

    Raises:
        GuestMerged: one of the two does not go on.
        NotFound: one of them was erased.
    """
    check_not_merged(kept)
    check_not_merged(duplicate)
    joining = (duplicate, *(record for record in followers if record.merged_into == duplicate.id))
    facts, filled = dict(kept.facts), dict(kept.filled)
    for record in joining:
        for name, value in record.own.items():
            if name not in facts or (name in filled and record.id < filled[name]):
                facts[name], filled[name] = value, record.id
    status = max(kept.status, duplicate.status, key=STRENGTH.index)
    after = replace(kept, status=status, facts=facts, filled=filled)
    return after, *(follow(record, after) for record in (duplicate, *followers))


def follow(record: Record, kept: Record, forgotten: Collection[str] = ()) -> Record:
    """A record that is merged into `kept`: its own facts but for what was forgotten, and the status of the one person."""
    own = {name: value for name, value in record.own.items() if name not in forgotten}
    return replace(record, status=kept.status, facts=own, filled={}, merged_into=kept.id)


def erase(records: Iterable[Record]) -> tuple[Record, ...]:
    """All records of a person, in this order, without anything of them. That they were one person is kept, by their ids.

    Nothing undoes it: who is erased takes no change and no merge, and is erased the same when it is asked for again.
    """
    return tuple(Record(record.id, merged_into=record.merged_into, erased=True) for record in records)


def phone_part(typed: str) -> str | None:
    """The digits to look for in phone numbers, when nothing but a number was typed; else None.

    Zeros in front go: they stand for "abroad" or "long distance", and E.164 has neither.
    """
    if not _PHONE_LIKE.fullmatch(typed):
        return None
    digits = re.sub(r"[^0-9]", "", typed)
    return digits.lstrip("0") or None if len(digits) >= _FEWEST_DIGITS else None
