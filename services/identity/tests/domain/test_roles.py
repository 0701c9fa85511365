"""A hotel's own roles: what they may be called, and what may be in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.permissions import ROLE_PERMISSIONS, Permission, Role
from identity.domain.members import scopes
from identity.domain.roles import (
    GRANTABLE,
    MAX_OWN_ROLES,
    BeyondOwnPermissions,
    BuiltInRole,
    NotForHotels,
    RoleInUse,
    RoleTaken,
    TooManyRoles,
    check_new_name,
    check_role_name,
    check_unused,
    check_within,
    compose,
    may_invite,
    permissions_of,
)

READ, WRITE = Permission.GUEST_READ, Permission.GUEST_WRITE
NOTHING = frozenset[Permission]()


@pytest.mark.parametrize("name", ["superadmin", "Admin", "x", "1st", "a b", "a" * 41, "nacht-träger", "role\n", ""])
def test_a_role_is_not_called_like_the_platforms_nor_what_events_cannot_say(name: str) -> None:
    with pytest.raises(ValueError, match=r"platform|letters"):
        check_role_name(name)


@given(st.lists(st.sampled_from([p.value for p in Permission] + ["hotel:explode", ""])))
def test_whatever_is_on_record_a_hotels_role_brings_no_more_than_an_admin_has(on_record: list[str]) -> None:
    for name in ("duty", "superadmin", "admin", "viewer"):
        assert permissions_of(name, on_record) <= ROLE_PERMISSIONS[Role.ADMIN]
    assert set(scopes("superadmin", on_record)) <= {permission.value for permission in GRANTABLE}


def test_a_role_of_the_hotels_own_brings_what_is_on_record_and_nothing_else() -> None:
    assert permissions_of("duty", ["guest:read", "hotel:create"]) == {READ}
    assert permissions_of("duty") == NOTHING


def test_built_in_roles_bring_the_same_whatever_is_on_record() -> None:
    assert permissions_of("viewer", ["user:write"]) == ROLE_PERMISSIONS[Role.VIEWER]


def test_new_names_are_new_and_a_hotel_has_only_so_many() -> None:
    assert check_new_name("duty", ["night"]) == "duty"
    with pytest.raises(BuiltInRole) as built_in:
        check_new_name("staff", [])
    with pytest.raises(RoleTaken) as taken:
        check_new_name("night", ["night"])
    assert built_in.value.pointer == taken.value.pointer == "/name"
    with pytest.raises(TooManyRoles):
        check_new_name("duty", [f"role-{number}" for number in range(MAX_OWN_ROLES)])
    check_new_name("duty", [f"role-{number}" for number in range(MAX_OWN_ROLES - 1)])


def test_nobody_composes_what_they_lack_nor_takes_it_out() -> None:
    assert compose(frozenset({READ}), NOTHING, [READ, READ]) == {READ}
    with pytest.raises(BeyondOwnPermissions, match="guest:write"):
        compose(frozenset({READ}), NOTHING, [READ, WRITE])
    with pytest.raises(BeyondOwnPermissions, match="guest:write"):
        compose(frozenset({READ}), frozenset({WRITE}), [READ])


@pytest.mark.parametrize("permission", [Permission.HOTEL_CREATE, Permission.HOTEL_SUSPEND])
def test_what_is_the_platforms_goes_into_no_role_even_by_the_platform(permission: Permission) -> None:
    with pytest.raises(NotForHotels) as refused:
        compose(ROLE_PERMISSIONS[Role.SUPERADMIN], NOTHING, [permission])
    assert refused.value.pointer == "/permissions"


def test_a_role_may_hold_all_that_an_admin_may_do() -> None:
    assert compose(GRANTABLE, NOTHING, GRANTABLE) == GRANTABLE


def test_who_may_do_less_does_not_decide_about_who_may_do_more() -> None:
    check_within(GRANTABLE, GRANTABLE, NOTHING)
    with pytest.raises(BeyondOwnPermissions, match=r"guest:read, guest:write$"):
        check_within(GRANTABLE - {WRITE, READ}, GRANTABLE)


def test_a_role_that_people_work_in_stays_and_it_says_how_many() -> None:
    check_unused(0)
    with pytest.raises(RoleInUse, match="3 people"):
        check_unused(3)


def test_who_may_write_people_invites_into_what_they_hold_themselves() -> None:
    inviter = frozenset({Permission.USER_WRITE, READ})
    assert may_invite(inviter, frozenset({READ}))
    assert may_invite(inviter, inviter)
    assert may_invite(inviter, NOTHING)
    assert not may_invite(inviter, frozenset({READ, WRITE}))
    assert not may_invite(frozenset({READ, WRITE}), frozenset({READ}))
