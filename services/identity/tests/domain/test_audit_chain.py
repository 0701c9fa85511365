"""The chain of the audit log: every change to a single row is found, and named."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.domain.audit_chain import (
    FIRST,
    ChainCheck,
    Entry,
    Fault,
    FaultKind,
    Link,
    Mark,
    entry_bytes,
    link_hash,
    start_of,
    verify,
)

HOTEL = UUID("01900000-0000-7000-8000-000000000001")
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as hypothesis wants them
entries = st.builds(
    Entry,
    event_id=st.uuids(),
    seq=st.integers(1, 2**62),
    hotel_id=st.just(HOTEL),
    service=words,
    action=words,
    actor_kind=words,
    actor_id=st.none() | st.uuids(),
    acting_for_kind=st.none() | words,
    acting_for_id=st.none() | st.uuids(),
    object_type=words,
    object_id=words,
    at=moments,
    trace_id=st.none() | words,
    recorded_at=moments,
)
in_its_own_time = settings(deadline=None)
"""A busy machine is no fault of the chain's."""
logs = st.lists(entries, min_size=1, max_size=8, unique_by=lambda entry: entry.event_id)


def chained(log: list[Entry], start: Mark | None = None) -> list[Link]:
    """The log as the database chains it."""
    links: list[Link] = []
    begin = start or Mark(HOTEL, 0, FIRST)
    before = begin.hash
    for position, entry in enumerate(log, begin.position + 1):
        before = link_hash(before, position, entry)
        links.append(Link(position, entry.event_id, before, entry))
    return links


def mark(link: Link) -> Mark:
    return Mark(HOTEL, link.position, link.hash)


def check(links: list[Link], head: Link, *marks: Mark) -> list[Fault]:
    return verify(links, mark(head), start_of(HOTEL, marks), marks)


def named(faults: list[Fault]) -> set[int | None]:
    return {fault.position for fault in faults}


def an_entry(number: int) -> Entry:
    """A valid entry, unlike others."""
    at = datetime(2026, 11, 23, 12, number % 60, tzinfo=UTC)
    who = UUID(int=1000 + number)
    return Entry(
        UUID(int=number), number, HOTEL, "escalation", "escalation.assign", "user", who, None, None, "escalation",
        str(who), at, None, at,
    )  # fmt: skip


def a_log(length: int) -> list[Link]:
    return chained([an_entry(number) for number in range(1, length + 1)])


@in_its_own_time
@given(logs)
def test_a_log_that_nobody_touched_is_sound(log: list[Entry]) -> None:
    links = chained(log)
    assert check(links, links[-1], *map(mark, links[::2])) == []


@in_its_own_time
@given(logs, st.data())
def test_any_field_of_any_entry_that_is_changed_is_found_and_named(log: list[Entry], data: st.DataObject) -> None:
    links = chained(log)
    at = data.draw(st.integers(0, len(log) - 1))
    field = data.draw(st.sampled_from([field.name for field in fields(Entry)]))
    other = getattr(data.draw(entries), field) if field != "hotel_id" else data.draw(st.none() | st.uuids())
    if other == getattr(log[at], field):
        return
    links[at] = replace(links[at], entry=replace(log[at], **{field: other}))
    [fault] = check(links, links[-1])
    assert (fault.kind, fault.position) == (FaultKind.CHANGED, links[at].position)


@in_its_own_time
@given(logs, st.data())
def test_a_hash_that_is_changed_is_found_and_named(log: list[Entry], data: st.DataObject) -> None:
    links = chained(log)
    head, at = links[-1], data.draw(st.integers(0, len(log) - 1))
    links[at] = replace(links[at], hash=bytes(31) + b"\x01")
    assert named(check(links, head)) == {links[at].position}


@in_its_own_time
@given(logs, st.data(), st.booleans())
def test_an_entry_that_is_gone_is_named_with_its_link_and_without(
    log: list[Entry], data: st.DataObject, with_its_link: bool
) -> None:
    links = chained(log)
    head, gone = links[-1], data.draw(st.sampled_from(links))
    left = [link for link in links if link != gone] if with_its_link else links
    if not with_its_link:
        left[gone.position - 1] = replace(gone, entry=None)
    [fault] = check(left, head)
    assert (fault.kind, fault.position) == (FaultKind.MISSING, gone.position)
    assert fault.event_id == (None if with_its_link else gone.event_id)


SWAPS: dict[str, Callable[[Link, Link], Link]] = {
    "the entry alone": lambda here, there: replace(here, event_id=there.event_id, entry=there.entry),
    "the whole row": lambda here, there: replace(there, position=here.position),
}


@pytest.mark.parametrize("what", SWAPS)
@in_its_own_time
@given(log=st.lists(entries, min_size=2, max_size=8, unique_by=lambda entry: entry.event_id), data=st.data())
def test_two_rows_that_changed_places_are_both_named_and_nothing_else(
    what: str, log: list[Entry], data: st.DataObject
) -> None:
    links = chained(log)
    one, other = sorted(data.draw(st.permutations(range(len(log))))[:2])
    head = links[-1]
    links[one], links[other] = SWAPS[what](links[one], links[other]), SWAPS[what](links[other], links[one])
    moved = [fault for fault in check(links, head) if fault.kind is not FaultKind.CHANGED or "head" not in fault.detail]
    assert [(fault.kind, fault.position) for fault in moved] == [
        (FaultKind.REORDERED, one + 1),
        (FaultKind.REORDERED, other + 1),
    ]


@in_its_own_time
@given(logs, entries, st.data())
def test_an_entry_that_is_slipped_in_is_found_wherever(log: list[Entry], strange: Entry, data: st.DataObject) -> None:
    links = chained(log)
    at = data.draw(st.integers(0, len(log)))
    slipped = Link(at + 1, strange.event_id, link_hash(FIRST, at + 1, strange), strange)
    moved = [replace(link, position=link.position + 1) for link in links[at:]]
    faults = check([*links[:at], slipped, *moved], links[-1])
    assert min(position for position in named(faults) if position is not None) in (at + 1, at + 2)
    assert named(check([*links[:at], slipped, *links[at:]], links[-1])) & {at + 1}


@in_its_own_time
@given(logs, st.data())
def test_a_log_that_was_written_anew_from_some_row_on_differs_from_what_was_signed(
    log: list[Entry], data: st.DataObject
) -> None:
    links = chained(log)
    at = data.draw(st.integers(0, len(log) - 1))
    other = replace(log[at], action=log[at].action + "x")
    anew = chained([*log[:at], other, *log[at + 1 :]])
    assert check(anew, anew[-1]) == [], "sound in itself: the signature is what tells"
    [fault] = check(anew, anew[-1], *(mark(link) for link in links[:at]), mark(links[-1]))
    assert (fault.kind, fault.position) == (FaultKind.REWRITTEN, len(log))
    assert f"after position {at} " in fault.detail


def test_a_tail_that_was_cut_off_with_the_head_set_back_is_missed_by_the_checkpoint() -> None:
    links = a_log(5)
    assert check(links[:3], links[2]) == []
    [fault] = check(links[:3], links[2], mark(links[4]))
    assert (fault.kind, fault.position) == (FaultKind.MISSING, 5)


def test_a_gap_of_several_rows_is_one_fault_that_names_both_ends() -> None:
    links = a_log(6)
    [fault] = check([*links[:1], *links[4:]], links[-1])
    assert (fault.position, fault.detail) == (2, "the entries and links up to 4 are gone")


def test_a_head_that_stands_elsewhere_or_is_gone_is_found() -> None:
    links = a_log(4)
    assert [fault.kind for fault in check(links, links[2])] == [FaultKind.ADDED]
    assert [fault.kind for fault in check(links[:3], links[3])] == [FaultKind.MISSING]
    assert [fault.kind for fault in verify(links, None, Mark(HOTEL, 0, FIRST))] == [FaultKind.MISSING]
    wrong = replace(mark(links[3]), hash=FIRST)
    assert [fault.kind for fault in verify(links, wrong, Mark(HOTEL, 0, FIRST))] == [FaultKind.CHANGED]


def test_after_a_cut_the_chain_begins_at_the_hash_that_was_signed() -> None:
    links = a_log(6)
    cut = replace(mark(links[2]), cut=True)
    assert check(links[3:], links[-1], cut, mark(links[5])) == []
    assert named(check(links[3:], links[-1], replace(cut, hash=FIRST))) == {4}
    assert named(check(links[4:], links[-1], cut)) == {4}, "a row behind the cut is gone"
    assert check([], links[2], cut) == [], "all of it was cut"


def test_an_entry_beside_the_chain_is_named() -> None:
    links, strange = a_log(2), an_entry(9)
    seen = ChainCheck(Mark(HOTEL, 0, FIRST))
    for link in links:
        seen.see(link)
    seen.see_unlinked(strange.event_id)
    [fault] = seen.finish(mark(links[-1]))
    assert (fault.kind, fault.event_id) == (FaultKind.ADDED, strange.event_id)


def test_of_very_many_changes_each_is_named() -> None:
    links = a_log(200)
    for at in range(50, 150):
        entry = links[at].entry
        assert entry is not None
        links[at] = replace(links[at], entry=replace(entry, action="nothing.happened"))
    assert named(check(links, links[-1])) == set(range(51, 151))


def test_the_bytes_of_an_entry_are_as_they_are_written_down() -> None:
    """Whoever checks an exported log elsewhere relies on them: they do not change."""
    entry = replace(an_entry(1), at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=7), object_id="ü")
    found = entry_bytes(entry)
    assert found.startswith(b"\x01\x00\x00\x00\x2400000000-0000-0000-0000-000000000001\x01\x00\x00\x00\x011")
    assert b"\x00\x00\x01\x00\x00\x00\x0aescalation\x01\x00\x00\x00\x02\xc3\xbc\x01\x00\x00\x00\x017\x00\x01" in found


@in_its_own_time
@given(entries, entries)
def test_two_entries_that_differ_have_different_bytes(one: Entry, other: Entry) -> None:
    assert (entry_bytes(one) == entry_bytes(other)) == (one == other)
