"""What is lent of a member's permissions."""

from contracts.permissions import ROLE_PERMISSIONS, Permission, Role
from identity.domain.impersonation import LENT, lent_scopes

ABOUT_ACCESS = ("user:write", "api_key:", "impersonation:", "signing_key:", "role:", "invitation:", "session:")


def test_never_more_than_the_member_may() -> None:
    for role in Role:
        own = {permission.value for permission in ROLE_PERMISSIONS[role]}
        assert set(lent_scopes(own)) <= own
    assert lent_scopes([]) == []


def test_what_decides_about_access_is_never_lent() -> None:
    every = lent_scopes([permission.value for permission in Permission])
    assert not [scope for scope in every if scope.startswith(ABOUT_ACCESS)]


def test_a_permission_that_nobody_thought_of_is_not_lent() -> None:
    assert lent_scopes(["vault:open", "guest:read"]) == ["guest:read"]
    assert not LENT & (ROLE_PERMISSIONS[Role.SUPERADMIN] - ROLE_PERMISSIONS[Role.ADMIN])
