"""Who works for a hotel, in which role, and what that allows. Pure. `domain.roles` has the hotel's own roles."""

from collections.abc import Iterable
from enum import StrEnum

from contracts.errors import Conflict
from contracts.permissions import ROLE_PERMISSIONS, Role
from identity.domain.roles import permissions_of


class HotelRole(StrEnum):
    """The built-in roles of a hotel; `superadmin` is the platform's and not among them."""

    ADMIN = "admin"
    STAFF = "staff"
    VIEWER = "viewer"


class LastAdmin(Conflict):
    """The hotel would be left without anybody who can run it."""

    slug, title = "last-admin", "A hotel keeps at least one active admin"


class AlreadyMember(Conflict):
    """The account belongs to the hotel already."""

    slug, title = "already-member", "This person belongs to the hotel already"


class AccountDeleted(Conflict):
    """Nothing is done for a deleted account any more."""

    slug, title = "account-deleted", "This account was deleted"


def scopes(role: str, on_record: Iterable[str] = ()) -> tuple[str, ...]:
    """The permissions that the role brings, sorted, as they go into a token. `on_record` as for `permissions_of`.

    Platform work is asked for by `Role.SUPERADMIN` itself: a membership's role, which is text, never leads to it.
    """
    held = ROLE_PERMISSIONS[role] if role is Role.SUPERADMIN else permissions_of(role, on_record)
    return tuple(sorted(permission.value for permission in held))


def check_admins_remain(role: str, to: str | None, other_admins: int) -> None:
    """A member in `role` may become `to` (None: leaves) while `other_admins` active admins stay.

    Only the built-in role counts: a role of the hotel's own that brings as much may be narrowed at any time.

    Raises:
        LastAdmin: nobody would be left.
    """
    if role == HotelRole.ADMIN and to != HotelRole.ADMIN and other_admins == 0:
        raise LastAdmin
