"""Roles grow from viewer to superadmin, and the published table is the code's."""

from contracts import generated, permissions_table
from contracts.permissions import ROLE_PERMISSIONS, Permission, Role


def test_each_role_may_do_what_the_one_below_it_may() -> None:
    viewer, staff, admin, superadmin = (
        ROLE_PERMISSIONS[role] for role in (Role.VIEWER, Role.STAFF, Role.ADMIN, Role.SUPERADMIN)
    )
    assert viewer < staff < admin < superadmin == set(Permission)


def test_a_viewer_only_reads() -> None:
    assert {permission.value.split(":")[1] for permission in ROLE_PERMISSIONS[Role.VIEWER]} == {"read"}


def test_what_concerns_every_hotel_is_done_by_the_platform_alone() -> None:
    platform = ROLE_PERMISSIONS[Role.SUPERADMIN] - ROLE_PERMISSIONS[Role.ADMIN]
    hotels = {Permission.HOTEL_CREATE, Permission.HOTEL_SUSPEND, Permission.HOTEL_DELETE, Permission.HOTEL_LINK}
    assert platform == hotels | {Permission.IMPERSONATION_START, Permission.SIGNING_KEY_ROTATE}


def test_the_published_table_is_up_to_date_and_has_every_permission() -> None:
    assert generated.differences(permissions_table.files()) == []
    rows = [line.strip("| ").split(" | ") for line in permissions_table.table().splitlines() if line.startswith("|")]
    shown = {f"{resource}:{action}" for resource, *_, held in rows[2:] for action in held.split(", ")}
    assert shown == {permission.value for permission in Permission}
