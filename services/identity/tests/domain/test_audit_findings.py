"""What a check of the audit log's chain finds, to the last word: an operator acts by it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from identity.domain.audit_chain import (
    EXPLAINED,
    FIRST,
    ChainCheck,
    Entry,
    Fault,
    FaultKind,
    Link,
    Mark,
    link_hash,
    start_of,
    verify,
)

HOTEL = UUID("01900000-0000-7000-8000-000000000001")
START = Mark(HOTEL, 0, FIRST)
CHANGED = "the entry, or its place in the chain, is not what was hashed"
LINK_GONE = "the entry and its link are gone"
SIGNED = "it was signed and is not there"


def entry(number: int) -> Entry:
    """A valid entry, unlike others."""
    at = datetime(2026, 11, 23, 12, number % 60, tzinfo=UTC)
    return Entry(
        UUID(int=number), number, HOTEL, "escalation", "escalation.assign", "user", UUID(int=1000), None, None,
        "escalation", "1", at, None, at,
    )  # fmt: skip


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    before = FIRST
    for position in range(1, length + 1):
        before = link_hash(before, position, entry(position))
        links.append(Link(position, UUID(int=position), before, entry(position)))
    return links


def mark(link: Link, *, cut: bool = False) -> Mark:
    return Mark(HOTEL, link.position, link.hash, cut)


def changed(link: Link) -> Link:
    assert link.entry is not None
    return replace(link, entry=replace(link.entry, action="nothing.happened"))


def check(links: list[Link], head: Link, *marks: Mark) -> list[Fault]:
    return verify(links, mark(head), start_of(HOTEL, marks), marks)


def fault(kind: FaultKind, position: int | None, detail: str, event: int | None = None) -> Fault:
    return Fault(kind, position, None if event is None else UUID(int=event), detail)


def test_the_hash_of_a_link_is_what_it_was_in_every_release() -> None:
    assert link_hash(FIRST, 1, entry(1)).hex() == "e1ad9472a4fd34574f1942011bd7cb2c58fe1dca3601ae7695af4a20b0cf322f"


def test_a_fault_reads_as_one_line() -> None:
    event = UUID(int=7)
    assert str(fault(FaultKind.MISSING, 3, LINK_GONE)) == f"missing at position 3: {LINK_GONE}"
    assert str(fault(FaultKind.CHANGED, 3, CHANGED, 7)) == f"changed at position 3, entry {event}: {CHANGED}"
    assert str(fault(FaultKind.ADDED, None, "beside", 7)) == f"added, entry {event}: beside"


def test_entries_that_were_changed_are_called_changed_and_not_moved() -> None:
    links = chain(5)
    links[1], links[3] = changed(links[1]), changed(links[3])
    assert check(links, links[-1]) == [fault(FaultKind.CHANGED, 2, CHANGED, 2), fault(FaultKind.CHANGED, 4, CHANGED, 4)]


def test_entries_that_were_moved_are_told_where_they_belong() -> None:
    links = chain(4)
    one, three = links[0], links[2]
    links[0] = replace(one, event_id=three.event_id, entry=three.entry)
    links[2] = replace(three, event_id=one.event_id, entry=one.entry)
    assert check(links, links[-1]) == [
        fault(FaultKind.REORDERED, 1, "this entry belongs at position 3", 3),
        fault(FaultKind.REORDERED, 3, "this entry belongs at position 1", 1),
    ]


def test_up_to_thirty_links_at_fault_it_is_worked_out_what_was_moved() -> None:
    links = chain(60)
    one, three = links[0], links[2]
    links[0] = replace(one, event_id=three.event_id, entry=three.entry)
    links[2] = replace(three, event_id=one.event_id, entry=one.entry)
    links[10:38] = map(changed, links[10:38])
    assert EXPLAINED == 30
    kinds = [found.kind for found in check(links, links[-1])]
    assert [kinds.count(kind) for kind in (FaultKind.REORDERED, FaultKind.CHANGED)] == [2, 28]
    links[38] = changed(links[38])
    assert {found.kind for found in check(links, links[-1])} == {FaultKind.CHANGED}


def test_after_an_entry_that_is_gone_the_others_are_still_checked() -> None:
    links = chain(5)
    links[1], links[2] = replace(links[1], entry=None), changed(links[2])
    assert check(links, links[-1]) == [
        fault(FaultKind.MISSING, 2, "its link is there, the entry is gone", 2),
        fault(FaultKind.CHANGED, 3, CHANGED, 3),
    ]


def test_after_a_gap_the_others_are_still_checked() -> None:
    links = chain(5)
    links[3] = changed(links[3])
    assert check([links[0], *links[2:]], links[-1]) == [
        fault(FaultKind.MISSING, 2, LINK_GONE),
        fault(FaultKind.CHANGED, 4, CHANGED, 4),
    ]


def test_a_second_entry_in_the_same_place_is_named_and_the_first_one_counts() -> None:
    links = chain(3)
    twice = replace(links[1], event_id=UUID(int=9))
    assert check([*links[:2], twice, links[2]], links[-1]) == [
        fault(FaultKind.ADDED, 2, "its position is taken by another entry", 9)
    ]


def test_what_was_signed_and_is_in_a_gap_is_named_too() -> None:
    links = chain(5)
    assert check([links[0], *links[3:]], links[-1], mark(links[2])) == [
        fault(FaultKind.MISSING, 2, "the entries and links up to 3 are gone"),
        fault(FaultKind.MISSING, 3, SIGNED),
    ]


def test_a_signed_end_that_is_gone_with_its_head_is_named() -> None:
    links = chain(4)
    assert check(links[:3], links[2], mark(links[3])) == [fault(FaultKind.MISSING, 4, SIGNED)]


def test_another_signature_at_the_cut_is_named_and_what_it_says() -> None:
    links = chain(5)
    cut = mark(links[2], cut=True)
    detail = "what was signed has another hash; something after position 2 and up to here was rewritten"
    assert check(links[3:], links[-1], cut, replace(cut, cut=False, hash=FIRST)) == [
        fault(FaultKind.REWRITTEN, 3, detail)
    ]


def test_the_chain_begins_at_the_newest_cut() -> None:
    links = chain(4)
    cuts = [mark(links[2], cut=True), mark(links[0], cut=True), mark(links[3])]
    assert start_of(HOTEL, cuts) == cuts[0]
    assert start_of(HOTEL, [mark(links[0])]) == START


def test_a_head_says_what_is_missing_added_or_other() -> None:
    links = chain(3)
    assert check(links[:2], links[2]) == [fault(FaultKind.MISSING, 3, LINK_GONE)]
    assert check(links, links[1]) == [fault(FaultKind.ADDED, 3, "the chain's head stands at 2")]
    other = replace(mark(links[2]), hash=FIRST)
    assert verify(links, other, START) == [fault(FaultKind.CHANGED, 3, "the chain's head has another hash")]
    assert verify(links, None, START) == [fault(FaultKind.MISSING, None, "the chain has no head")]
    assert verify([], None, START) == [], "a hotel of which nothing was ever recorded"


def test_findings_are_in_the_order_of_the_chain_and_those_without_a_place_come_last() -> None:
    links = chain(6)
    checked = ChainCheck(START)
    checked.see_unlinked(UUID(int=9))
    for link in (links[0], changed(links[1]), *links[2:4], links[5]):
        checked.see(link)
    assert checked.links == 5
    assert checked.finish(mark(links[5])) == [
        fault(FaultKind.CHANGED, 2, CHANGED, 2),
        fault(FaultKind.MISSING, 5, LINK_GONE),
        fault(FaultKind.ADDED, None, "it stands beside the chain: no link leads to it", 9),
    ]
