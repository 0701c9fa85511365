"""What Clerk's events say, and that the newest word holds in whichever order they come."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.clerk import BadEvent, Fact, ObjectKind, Rank, Word, fact_of, role_wanted
from identity.domain.members import HotelRole

ROLES = {"org:admin": HotelRole.ADMIN, "org:member": HotelRole.STAFF}


def event(type: str, at: int, **data: Any) -> dict[str, object]:  # Any: JSON
    changed = {} if type.endswith(".deleted") else {"updated_at": at}
    return {"type": type, "object": "event", "timestamp": at + 5, "data": {**changed, **data}}


def user(at: int, email: str = "Mia@Mail.example", status: str = "verified", **more: Any) -> dict[str, object]:
    addresses = [
        {"id": "idn_0", "email_address": "other@mail.example", "verification": {"status": "verified"}},
        {"id": "idn_1", "email_address": email, "verification": {"status": status}},
    ]
    known = {"id": "user_1", "first_name": "Mia", "last_name": None, "email_addresses": addresses}
    return event("user.updated", at, **known, primary_email_address_id="idn_1", **more)


def said(body: dict[str, object]) -> Fact:
    fact = fact_of(body)
    assert fact is not None
    return fact


def test_a_users_event_tells_name_and_verified_primary_address() -> None:
    fact = said(user(7))
    assert (fact.kind, fact.clerk_id, fact.email, fact.name) == (ObjectKind.USER, "user_1", "mia@mail.example", "Mia")
    assert fact.rank[:3] == (False, 7, 12)
    assert said(user(7, status="unverified")).email is None
    assert said(user(7, email="no address")).email is None


def test_a_memberships_event_tells_whose_where_and_as_what() -> None:
    data = {
        "id": "orgmem_1",
        "organization": {"id": "org_1"},
        "public_user_data": {"user_id": "user_1"},
        "role": "org:admin",
    }
    fact = said(event("organizationMembership.created", 3, **data))
    assert (fact.organisation_id, fact.user_id, fact.role) == ("org_1", "user_1", "org:admin")


def test_other_types_are_left_alone() -> None:
    assert fact_of(event("session.created", 3, id="sess_1")) is None
    assert fact_of(event("user.createdAtNoon", 3, id="x")) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "user.created"},
        {"type": "user.created", "data": []},
        event("user.created", 1),
        event("user.created", 1, id={"$ne": 1}),
        event("user.created", 1, id="user_\x00"),
        event("organizationMembership.created", 1, id="orgmem_1", organization={"id": "org_1"}),
        {"type": "user.updated", "data": {"id": "user_1", "updated_at": "now"}},
    ],
)
def test_a_followed_event_without_what_it_should_hold_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BadEvent):
        fact_of(body)


def test_a_deletion_is_final() -> None:
    deleted = said(event("user.deleted", 5, id="user_1", deleted=True))
    assert said(user(3)).rank < deleted.rank
    assert said(user(99)).rank < deleted.rank


def test_a_later_change_wins_and_two_of_the_same_moment_are_told_apart() -> None:
    assert said(user(3)).rank < said(user(4)).rank
    one, other = said(user(3, email="a@mail.example")), said(user(3, email="b@mail.example"))
    assert one.rank != other.rank
    assert one.rank == said(user(3, email="a@mail.example")).rank


def test_the_newest_membership_that_holds_says_the_role() -> None:
    def word(at: int, role: str | None) -> Word:
        return Word(Rank(role is None, at, at, ""), role)

    assert role_wanted([], ROLES) is None
    assert role_wanted([word(9, None)], ROLES) is None
    assert role_wanted([word(9, None), word(3, "org:member")], ROLES) is HotelRole.STAFF
    assert role_wanted([word(2, "org:admin"), word(3, "org:member")], ROLES) is HotelRole.STAFF
    assert role_wanted([word(2, "org:concierge")], ROLES) is HotelRole.VIEWER


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["created", "updated", "deleted"]),
        st.integers(1, 6),
        st.integers(1, 2),
        st.sampled_from(list(ROLES)),
    ),
    max_size=12,
)


def folded(bodies: list[dict[str, object]]) -> dict[str, Fact]:
    """What is kept of events in that order, as commands.clerk keeps it."""
    kept: dict[str, Fact] = {}
    for body in bodies:
        fact = said(body)
        if fact.clerk_id not in kept or fact.rank > kept[fact.clerk_id].rank:
            kept[fact.clerk_id] = fact
    return kept


@given(_EVENTS, st.randoms(use_true_random=False), st.lists(st.integers(0, 11), max_size=6))
def test_any_order_of_deliveries_and_any_repetition_end_in_the_same_state(
    events: list[tuple[str, int, int, str]], chance: random.Random, again: list[int]
) -> None:
    bodies = [
        event(
            f"organizationMembership.{verb}",
            at,
            id=f"orgmem_{number}",
            organization={"id": "org_1"},
            public_user_data={"user_id": "user_1"},
            role=role,
        )
        for verb, at, number, role in events
    ]
    shuffled = bodies + [bodies[index] for index in again if index < len(bodies)]
    chance.shuffle(shuffled)
    assert folded(shuffled) == folded(bodies)


def test_an_organisations_event_tells_which_and_when() -> None:
    fact = said(event("organization.updated", 4, id="org_1"))
    assert (fact.kind, fact.clerk_id, fact.rank[:3]) == (ObjectKind.ORGANISATION, "org_1", (False, 4, 9))


@pytest.mark.parametrize(
    ("type", "kind"), [("user", ObjectKind.USER), ("organization", ObjectKind.ORGANISATION)], ids=str
)
def test_a_deletion_tells_which_and_counts_from_when_it_was_sent(type: str, kind: ObjectKind) -> None:
    fact = said(event(f"{type}.deleted", 4, id="x_1"))
    assert (fact.kind, fact.clerk_id, fact.rank[:3]) == (kind, "x_1", (True, 9, 9))


def test_a_membership_has_its_own_id_and_clock_and_a_deleted_one_the_events() -> None:
    data = {"id": "orgmem_1", "organization": {"id": "org_1"}, "public_user_data": {"user_id": "user_1"}}
    there, gone = (said(event(f"organizationMembership.{verb}", 4, **data)) for verb in ("created", "deleted"))
    for fact in (there, gone):
        assert (fact.kind, fact.clerk_id) == (ObjectKind.MEMBERSHIP, "orgmem_1")
    assert (there.rank[:3], gone.rank[:3]) == ((False, 4, 9), (True, 9, 9))


def test_the_same_content_in_another_order_is_the_same_event() -> None:
    body = user(3)
    data = body["data"]
    assert isinstance(data, dict)
    assert said({**body, "data": dict(reversed(data.items()))}).rank == said(body).rank


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (("Mia", "Moser"), "Mia Moser"),
        ((" Mia ", None), "Mia"),
        ((None, "Moser"), "Moser"),
        (("M\x00ia", " Anna\tMoser"), "Mia Anna Moser"),
        (("x" * 300, None), "x" * 200),
        ((None, None), "mia.moser"),
    ],
)
def test_somebody_is_called_as_clerk_knows_them_or_else_as_their_address(
    names: tuple[str | None, str | None], name: str
) -> None:
    body = user(3, email="Mia.Moser@mail.example")
    assert isinstance(body["data"], dict)
    body["data"].update(first_name=names[0], last_name=names[1])
    assert said(body).name == name


def test_who_has_neither_name_nor_address_is_called_nothing() -> None:
    assert said(event("user.updated", 3, id="user_1")).name == ""


def test_a_refusal_points_at_what_is_missing() -> None:
    for body, pointer in (
        ({}, "/type"),
        (event("user.created", 1), "/id"),
        (event("organizationMembership.created", 1, id="orgmem_1", organization={}), "/organization/id"),
    ):
        with pytest.raises(BadEvent) as refused:
            fact_of(body)
        assert refused.value.pointer == pointer
