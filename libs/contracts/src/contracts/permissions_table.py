"""Writes docs/permissions.md, who may do what: `python -m contracts.permissions_table write|check`."""

import sys
from pathlib import Path

from contracts import generated
from contracts.permissions import ROLE_PERMISSIONS, Permission, Role

PATH = generated.PACKAGE.parents[1] / "docs" / "permissions.md"
_ROLES = (Role.VIEWER, Role.STAFF, Role.ADMIN, Role.SUPERADMIN)


def table() -> str:
    """The page: one row a resource, one column a role, the allowed actions in between."""
    resources = dict.fromkeys(permission.value.split(":")[0] for permission in Permission)
    rows = [["resource", *(role.value for role in _ROLES)], ["---"] * (len(_ROLES) + 1)]
    rows += [[resource, *(_actions(resource, role) for role in _ROLES)] for resource in resources]
    return "\n".join(
        [
            "# Who may do what",
            "",
            "Generated from `libs/contracts/src/contracts/permissions.py` by `python -m contracts.permissions_table write`.",
            "",
            "A permission is `resource:action`. Identity writes a user's permissions into the token's `scopes`; services",
            "check `scopes` only. Roles are given per hotel, `superadmin` is the platform's. Guests hold none of these:",
            "a widget token opens its own conversations and nothing else.",
            "",
            "A hotel's own roles (`/roles` at identity) hold any of what `admin` may do and nothing more.",
            "",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )


def _actions(resource: str, role: Role) -> str:
    held = [permission.value.split(":") for permission in Permission if permission in ROLE_PERMISSIONS[role]]
    return ", ".join(action for of, action in held if of == resource) or "-"


def files() -> dict[Path, str]:
    """The page and where it belongs."""
    return {PATH: table()}


if __name__ == "__main__":
    sys.exit(generated.main("contracts.permissions_table", files))
