"""Two records of one person become one, and the order in which that happens does not matter."""

from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import MoveNotAllowed
from contracts.ids import GuestId
from contracts.statuses import GUEST_MOVES, GuestStatus
from identity.domain.guests import FACTS, STRENGTH, GuestMerged, Record, edit, follow, merge, phone_part

A, B, C = (GuestId(UUID(int=number)) for number in (1, 2, 3))
Book = dict[GuestId, Record]
Happening = tuple[GuestId, GuestId | dict[str, str]]
"""Of a guest: who is merged into them, or what is entered."""


def guest(id: GuestId, status: GuestStatus = GuestStatus.NEW, **facts: str) -> Record:
    return Record(id, status, facts)


def test_the_one_who_is_kept_gets_what_they_lack_and_nothing_else() -> None:
    kept, duplicate = merge(guest(B, name="Clara"), guest(A, name="C. Moreau", phone="+331"))
    assert kept.facts == {"name": "Clara", "phone": "+331"}
    assert duplicate == replace(guest(A, name="C. Moreau", phone="+331"), merged_into=B)


def test_of_two_duplicates_the_older_one_fills_the_gap() -> None:
    kept, _ = merge(guest(C), guest(B, email="b@x.example"))
    kept, _ = merge(kept, guest(A, email="a@x.example"))
    assert (kept.facts, kept.filled) == ({"email": "a@x.example"}, {"email": A})


@pytest.mark.parametrize(("mine", "theirs"), product(GuestStatus, GuestStatus))
def test_the_stronger_status_holds_for_both(mine: GuestStatus, theirs: GuestStatus) -> None:
    kept, duplicate = merge(guest(A, mine), guest(B, theirs))
    assert kept.status == duplicate.status == max(mine, theirs, key=STRENGTH.index)
    assert kept.status == mine or kept.status in GUEST_MOVES[mine], "a merge makes no move that staff could not make"


def test_every_status_has_its_strength() -> None:
    assert set(STRENGTH) == set(GuestStatus)


def test_who_was_merged_before_follows_to_the_one_who_goes_on() -> None:
    b, c = merge(guest(B), guest(C, GuestStatus.VIP, email="c@x.example"))
    a, b, c = merge(guest(A), b, [c])
    assert (a.facts, a.filled, a.status) == ({"email": "c@x.example"}, {"email": C}, GuestStatus.VIP)
    assert [(one.merged_into, one.status) for one in (b, c)] == [(A, GuestStatus.VIP)] * 2
    assert (b.facts, c.facts) == ({}, {"email": "c@x.example"}), "what B had from C is C's own"


def test_a_merged_record_takes_no_change_and_is_merged_no_second_time() -> None:
    _, merged = merge(guest(A), guest(B))
    for wrong in (
        lambda: edit(merged, {"name": "X"}),
        lambda: merge(merged, guest(C)),
        lambda: merge(guest(C), merged),
    ):
        with pytest.raises(GuestMerged, match=str(A)):
            wrong()


def test_what_people_enter_is_the_guests_own_and_what_they_forget_is_forgotten_in_merged_records() -> None:
    kept, duplicate = merge(guest(A), guest(B, name="Bo", email="b@x.example"))
    entered = edit(kept, {"name": "Bob", "email": None})
    assert (entered.facts, entered.filled) == ({"name": "Bob"}, {})
    assert follow(duplicate, entered, {"email"}).facts == {"name": "Bo"}


def test_a_status_moves_as_the_table_says_or_stays() -> None:
    known = guest(A, GuestStatus.REGULAR)
    assert edit(known, {}, GuestStatus.REGULAR) == known
    assert edit(known, {}, GuestStatus.VIP).status == GuestStatus.VIP
    with pytest.raises(MoveNotAllowed):
        edit(known, {}, GuestStatus.NEW)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+43 (1) 234-5678", "4312345678"),
        ("01 2345678", "12345678"),
        ("0043 1 234", "431234"),
        ("234", "234"),
        ("23", None),
        ("000", None),
        ("room 234", None),
        ("clara", None),
        ("", None),
    ],
)
def test_a_number_is_looked_for_as_it_is_stored(typed: str, digits: str | None) -> None:
    assert phone_part(typed) == digits


known_facts = st.sets(st.sampled_from(FACTS[:2]))


@st.composite
def mornings(draw: st.DrawFn) -> tuple[Book, list[Happening], list[Happening]]:
    """Records of a hotel, what staff do with them, and the same in another order.

    Nobody says of one record that it is the duplicate of two others, and what is entered is entered of who goes on.
    """
    ids = [GuestId(UUID(int=number)) for number in draw(st.permutations(range(1, draw(st.integers(3, 6)) + 1)))]
    book = {
        one: guest(one, draw(st.sampled_from(GuestStatus)), **{fact: f"{fact} of {one}" for fact in draw(known_facts)})
        for one in ids
    }
    happens: list[Happening] = []
    for place, one in enumerate(ids):
        into = draw(st.sampled_from([None, *ids[:place]]))
        entered = {fact: f"{fact} entered" for fact in draw(known_facts)}
        happens.append((one, entered) if into is None else (into, one))
    return book, draw(st.permutations(happens)), draw(st.permutations(happens))


def after(book: Book, happens: list[Happening]) -> Book:
    """The records once all of it has happened."""
    known = dict(book)
    for one, what in happens:
        if isinstance(what, UUID):
            head = known[one].merged_into or one
            followers = [record for record in known.values() if record.merged_into in (head, what)]
            known |= {record.id: record for record in merge(known[head], known[what], followers)}
        else:
            known[one] = edit(known[one], what)
    return known


@settings(max_examples=3 * settings().max_examples)
@given(mornings())
def test_in_whichever_order_records_are_merged_and_edited_the_same_guests_remain(
    morning: tuple[Book, list[Happening], list[Happening]],
) -> None:
    book, happens, otherwise = morning
    assert after(book, happens) == after(book, otherwise)
