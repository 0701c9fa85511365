"""Who was erased stays erased: nothing that comes late brings them back, in whichever order things happen."""

import contextlib
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import DomainError, NotFound
from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from identity.domain.guests import FACTS, Record, edit, erase, merge

IDS = [GuestId(UUID(int=number)) for number in range(1, 6)]
Book = dict[GuestId, Record]
Step = Callable[[Book], None]


def guest(id: GuestId, status: GuestStatus = GuestStatus.NEW, **facts: str) -> Record:
    return Record(id, status, facts)


def person(book: Book, one: GuestId) -> list[Record]:
    """All records of whom this is one of, who goes on first."""
    head = book[one].merged_into or one
    return [book[head], *(record for record in book.values() if record.merged_into == head)]


def erase_in(book: Book, one: GuestId) -> None:
    book.update({record.id: record for record in erase(person(book, one))})


def merge_in(book: Book, into: GuestId, one: GuestId) -> None:
    head = book[into].merged_into or into
    followers = [record for record in book.values() if record.merged_into in (head, one)]
    book.update({record.id: record for record in merge(book[head], book[one], followers)})


def test_an_erased_person_has_nothing_left_and_their_records_still_belong_together() -> None:
    kept, duplicate = erase(merge(guest(IDS[0], GuestStatus.VIP, name="Clara"), guest(IDS[1], email="c@x.example")))
    assert (kept, duplicate) == (Record(IDS[0], erased=True), Record(IDS[1], merged_into=IDS[0], erased=True))
    assert erase([kept, duplicate]) == (kept, duplicate)


def test_who_is_erased_takes_no_change_and_no_merge() -> None:
    [gone] = erase([guest(IDS[0], name="Clara")])
    for wrong in (
        lambda: edit(gone, {"name": "Clara"}),
        lambda: merge(gone, guest(IDS[1], name="Clara")),
        lambda: merge(guest(IDS[1], name="Clara"), gone),
    ):
        with pytest.raises(NotFound):
            wrong()


@st.composite
def days(draw: st.DrawFn) -> tuple[list[tuple[Step, set[GuestId]]], Book]:
    """What happens to a few records in a day, each with whom it is about: edits, merges, and late ones of both."""
    happens: list[tuple[Step, set[GuestId]]] = []
    for number in range(draw(st.integers(1, 14))):
        one, other = draw(st.permutations(IDS))[:2]
        facts = {fact: f"{fact} {number}" for fact in draw(st.sets(st.sampled_from(FACTS), min_size=1))}
        step: Step = (
            (lambda book, one=one, facts=facts: book.update({one: edit(book[one], facts)}))
            if draw(st.booleans())
            else (lambda book, one=one, other=other: merge_in(book, one, other))
        )
        happens.append((step, {one, other}))
    book = {one: guest(one, draw(st.sampled_from(GuestStatus)), name=f"name of {one}") for one in IDS}
    return happens, book


@settings(max_examples=3 * settings().max_examples)
@given(days(), st.data())
def test_whenever_a_person_is_erased_nothing_is_left_of_them_and_what_comes_later_changes_nothing(
    day: tuple[list[tuple[Step, set[GuestId]]], Book], data: st.DataObject
) -> None:
    happens, book = day
    erased_at = data.draw(st.integers(0, len(happens)), label="erased after so many steps")
    whom = data.draw(st.sampled_from(IDS), label="erased")
    gone: set[GuestId] = set()
    for number, (step, _) in enumerate([*happens, (lambda _: None, set[GuestId]())]):
        if number == erased_at:
            gone = {record.id for record in person(book, whom)}
            erase_in(book, whom)
        with contextlib.suppress(DomainError):  # refused, as the route refuses it
            step(book)
    for one in gone:
        assert (book[one].facts, book[one].filled, book[one].status, book[one].erased) == (
            {},
            {},
            GuestStatus.NEW,
            True,
        )
    for record in book.values():
        if record.id not in gone:
            assert not record.erased, "nobody else is erased"
            assert record.merged_into not in gone, "nobody goes on as somebody who was erased"
            assert not set(record.filled.values()) & gone, "nothing that was theirs goes on in somebody else"


@settings(max_examples=2 * settings().max_examples)
@given(days(), st.data())
def test_merging_and_then_erasing_is_the_same_under_whichever_record_and_how_often(
    day: tuple[list[tuple[Step, set[GuestId]]], Book], data: st.DataObject
) -> None:
    happens, book = day
    for step, _ in happens:
        with contextlib.suppress(DomainError):
            step(book)
    theirs = [record.id for record in person(book, data.draw(st.sampled_from(IDS)))]
    outcomes: list[Book] = []
    for names in data.draw(st.tuples(*(st.lists(st.sampled_from(theirs), min_size=1, max_size=3) for _ in range(2)))):
        after = dict(book)
        for name in names:
            erase_in(after, name)
        outcomes.append(after)
    assert outcomes[0] == outcomes[1]
