"""What keys may be allowed, and until when they hold."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.permissions import ROLE_PERMISSIONS, Permission, Role
from identity.domain.api_keys import NOT_FOR_KEYS, ScopeNotYours, check_scopes, is_use_noted, token_lifetime

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ADMIN = {permission.value for permission in ROLE_PERMISSIONS[Role.ADMIN]}


@pytest.mark.parametrize("role", list(Role))
def test_a_key_is_allowed_what_its_maker_is_but_what_is_for_people_alone(role: Role) -> None:
    own = {permission.value for permission in ROLE_PERMISSIONS[role]}
    for permission in Permission:
        if permission.value in own and permission not in NOT_FOR_KEYS:
            assert check_scopes([permission, permission], own) == [permission.value]
        else:
            with pytest.raises(ScopeNotYours) as refused:
                check_scopes([Permission.HOTEL_READ, permission], own)
            assert refused.value.pointer == "/scopes/1"


def test_no_key_makes_keys_people_or_roles_nor_runs_the_platform() -> None:
    platforms = ROLE_PERMISSIONS[Role.SUPERADMIN] - ROLE_PERMISSIONS[Role.ADMIN]
    for permission in (Permission.API_KEY_WRITE, Permission.USER_WRITE, Permission.ROLE_WRITE, *platforms):
        with pytest.raises(ScopeNotYours):
            check_scopes([permission], {member.value for member in Permission})


def test_a_token_never_outlives_its_key() -> None:
    longest = timedelta(minutes=10)
    assert token_lifetime(NOW + timedelta(days=1), NOW, longest) == longest
    assert token_lifetime(NOW + timedelta(seconds=7), NOW, longest) == timedelta(seconds=7)
    assert token_lifetime(NOW, NOW, longest) is None
    assert token_lifetime(NOW - timedelta(seconds=1), NOW, longest) is None


def test_the_use_is_noted_once_a_minute() -> None:
    assert not is_use_noted(None, NOW)
    assert is_use_noted(NOW - timedelta(seconds=59), NOW)
    assert not is_use_noted(NOW - timedelta(seconds=60), NOW)
