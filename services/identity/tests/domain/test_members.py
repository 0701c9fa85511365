"""Roles in a hotel, and the admin who must remain."""

import pytest

from contracts.permissions import Permission, Role
from identity.domain.members import HotelRole, LastAdmin, check_admins_remain, scopes


def test_a_viewer_reads_and_writes_nothing() -> None:
    assert all(scope.endswith(":read") for scope in scopes(HotelRole.VIEWER))


def test_an_admin_runs_the_hotel_but_does_not_open_or_suspend_hotels() -> None:
    assert Permission.USER_WRITE in scopes(HotelRole.ADMIN)
    assert Permission.HOTEL_CREATE not in scopes(HotelRole.ADMIN)
    assert Permission.HOTEL_SUSPEND in scopes(Role.SUPERADMIN)


@pytest.mark.parametrize("to", [HotelRole.STAFF, HotelRole.VIEWER, None])
def test_the_last_admin_can_neither_step_down_nor_leave(to: HotelRole | None) -> None:
    with pytest.raises(LastAdmin):
        check_admins_remain(HotelRole.ADMIN, to, other_admins=0)
    check_admins_remain(HotelRole.ADMIN, to, other_admins=1)


def test_staff_leave_freely() -> None:
    check_admins_remain(HotelRole.STAFF, None, other_admins=0)
    check_admins_remain(HotelRole.ADMIN, HotelRole.ADMIN, other_admins=0)


def test_a_role_of_the_hotels_own_brings_what_is_on_record() -> None:
    assert scopes("duty", ["guest:write", "guest:read"]) == ("guest:read", "guest:write")
    assert scopes("duty") == ()
