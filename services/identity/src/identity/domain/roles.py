"""A hotel's own roles, and who may give what to whom: permissions are handed on, they never widen. Pure.

Whoever makes or changes a role, or puts somebody into one, holds every permission that it has before and after. So
nobody gives what they lack, nobody takes away from those who may do more, and no chain of such steps leads above an
admin: what a role brings is cut to what an admin may do, whatever is on record.
"""

import re
from collections.abc import Collection, Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from contracts.errors import Conflict, Forbidden, Invalid
from contracts.permissions import ROLE_PERMISSIONS, Permission, Role

GRANTABLE: frozenset[Permission] = ROLE_PERMISSIONS[Role.ADMIN]
"""What a hotel has to give: all that its admins may do. The rest is the platform's."""

BUILT_IN: tuple[Role, ...] = (Role.ADMIN, Role.STAFF, Role.VIEWER)
"""The roles that every hotel has."""

MAX_OWN_ROLES = 50
"""Roles of a hotel's own."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}")


class UnknownRole(Invalid):
    """The hotel has no role of that name."""

    slug, title = "unknown-role", "This hotel has no such role"


class BuiltInRole(Conflict):
    """Built-in roles are the same everywhere."""

    slug, title = "built-in-role", "Built-in roles cannot be made, changed or deleted"


class RoleTaken(Conflict):
    """The hotel has a role of that name."""

    slug, title = "role-taken", "This hotel has a role of that name"


class TooManyRoles(Conflict):
    """The hotel has as many roles as it may have."""

    slug, title = "too-many-roles", f"A hotel has at most {MAX_OWN_ROLES} roles of its own"


class RoleInUse(Conflict):
    """Somebody works in the role."""

    slug, title = "role-in-use", "People work in this role; give them another first"


class BeyondOwnPermissions(Forbidden):
    """Nobody gives, takes or composes more than they have themselves."""

    slug, title = "beyond-own-permissions", "This concerns permissions that you do not have"


class NotForHotels(Invalid):
    """The permission is the platform's."""

    slug, title = "not-for-hotels", "A hotel's role cannot hold this permission"


def check_role_name(name: str) -> str:
    """The name, if a role may be called that: it goes into tokens and events.

    Raises:
        ValueError: other characters, too short or long, or the platform's.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("2 to 40 letters a-z, digits, hyphens and underscores, a letter first")
    if name == Role.SUPERADMIN:
        raise ValueError("this role is the platform's")
    return name


RoleName = Annotated[
    str,
    Field(max_length=40, description="a built-in role (admin, staff, viewer) or one of the hotel's own"),
    AfterValidator(check_role_name),
]


def is_built_in(role: str) -> bool:
    """Whether every hotel has the role, and none changes it."""
    return role in BUILT_IN


def permissions_of(role: str, on_record: Iterable[str] = ()) -> frozenset[Permission]:
    """What a hotel's role brings. `on_record`: what the database lists for a role of the hotel's own."""
    if is_built_in(role):
        return ROLE_PERMISSIONS[Role(role)]
    listed = set(on_record)
    return frozenset(permission for permission in GRANTABLE if permission.value in listed)


def check_new_name(name: str, taken: Collection[str]) -> str:
    """The name of a new role.

    Raises:
        BuiltInRole, RoleTaken: there is one of that name.
        TooManyRoles: there are enough.
    """
    if is_built_in(name):
        raise BuiltInRole(pointer="/name")
    if name in taken:
        raise RoleTaken(pointer="/name")
    if len(taken) >= MAX_OWN_ROLES:
        raise TooManyRoles
    return name


def compose(actor: frozenset[Permission], before: frozenset[Permission], wanted: Iterable[Permission]) -> frozenset[Permission]:  # fmt: skip
    """What a role brings once `actor` has changed it to `wanted`; `before` is empty for a new one.

    Raises:
        NotForHotels: one of them is the platform's.
        BeyondOwnPermissions: the actor lacks something of it, before or after.
    """
    after = frozenset(wanted)
    if not after <= GRANTABLE:
        raise NotForHotels(f"not for hotels: {_listed(after - GRANTABLE)}", pointer="/permissions")
    check_within(actor, before, after)
    return after


def check_within(actor: frozenset[Permission], *concerned: frozenset[Permission]) -> None:
    """Whoever does this holds every permission that it is about: those of a member or role, before and after.

    Raises:
        BeyondOwnPermissions: names what they lack.
    """
    lacking = frozenset[Permission]().union(*concerned) - actor
    if lacking:
        raise BeyondOwnPermissions(f"you do not have {_listed(lacking)}")


def may_invite(held: frozenset[Permission], role: frozenset[Permission]) -> bool:
    """Whether somebody who holds these permissions may ask others to work in a role that brings those."""
    return Permission.USER_WRITE in held and role <= held


def check_unused(members: int) -> None:
    """A role may go when nobody works in it.

    Raises:
        RoleInUse: says how many do.
    """
    if members:
        raise RoleInUse(f"{members} {'person works' if members == 1 else 'people work'} in this role")


def _listed(permissions: Iterable[Permission]) -> str:
    return ", ".join(sorted(permission.value for permission in permissions))
