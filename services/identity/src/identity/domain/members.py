"""Who works for a hotel, in which role, and what that allows. Pure."""

from enum import StrEnum

from contracts.errors import Conflict
from contracts.permissions import ROLE_PERMISSIONS, Role


class HotelRole(StrEnum):
    """The roles that a hotel gives; `superadmin` is the platform's and not among them."""

    ADMIN = "admin"
    STAFF = "staff"
    VIEWER = "viewer"


class LastAdmin(Conflict):
    """The hotel would be left without anybody who can run it."""

    slug, title = "last-admin", "A hotel keeps at least one active admin"


class AlreadyMember(Conflict):
    """The account belongs to the hotel already."""

    slug, title = "already-member", "This person belongs to the hotel already"


def scopes(role: HotelRole | Role) -> tuple[str, ...]:
    """The permissions that the role brings, sorted, as they go into a token."""
    return tuple(sorted(permission.value for permission in ROLE_PERMISSIONS[Role(role.value)]))


def check_admins_remain(role: HotelRole, to: HotelRole | None, other_admins: int) -> None:
    """A member in `role` may become `to` (None: leaves) while `other_admins` active admins stay.

    Raises:
        LastAdmin: nobody would be left.
    """
    if role is HotelRole.ADMIN and to is not HotelRole.ADMIN and other_admins == 0:
        raise LastAdmin
