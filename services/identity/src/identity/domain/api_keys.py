"""Keys with which a hotel's other systems call the API: what they may be allowed, and until when they hold. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from contracts.errors import Conflict, Forbidden, Unauthenticated
from contracts.permissions import Permission

DEFAULT_DAYS, LONGEST_DAYS = 365, 730
LONGEST_OVERLAP = timedelta(days=7)
"""How long a former secret may go on beside the new one."""
USE_NOTED_EVERY = timedelta(minutes=1)

_PEOPLES = frozenset({Permission.MESSAGE_SEND, Permission.CONVERSATION_TAKE_OVER})
"""A guest is answered by a person or the AI."""
_ABOUT_ACCESS = frozenset(
    {
        Permission.USER_WRITE,
        Permission.ROLE_WRITE,
        Permission.API_KEY_READ,
        Permission.API_KEY_WRITE,
        Permission.IMPERSONATION_READ,
        Permission.IMPERSONATION_END,
        Permission.IMPERSONATION_START,
        Permission.SIGNING_KEY_ROTATE,
    }
)
"""A key that makes keys, or people who can sign in, would outlive its own revocation."""
_PLATFORMS = frozenset(
    {Permission.HOTEL_CREATE, Permission.HOTEL_SUSPEND, Permission.HOTEL_DELETE, Permission.HOTEL_LINK}
)
NOT_FOR_KEYS = _PEOPLES | _ABOUT_ACCESS | _PLATFORMS


class BadApiKey(Unauthenticated):
    """The key is unknown, revoked, expired or replaced; the answer does not say which."""

    slug, title = "bad-api-key", "This API key does not hold"


class ScopeNotYours(Forbidden):
    """A key is allowed no more than whoever makes it, and some things are for people alone."""

    slug, title = "scope-not-yours", "A key cannot be given this permission"


class KeyRevoked(Conflict):
    """The key was revoked and stays so."""

    slug, title = "api-key-revoked", "The key was revoked; make another one"


def check_scopes(wanted: Sequence[Permission], own: Collection[str]) -> list[str]:
    """The permissions of a new key, sorted, each once.

    Raises:
        ScopeNotYours: one is not for keys, or not the maker's own; points at it.
    """
    for n, scope in enumerate(wanted):
        if scope in NOT_FOR_KEYS or scope.value not in own:
            raise ScopeNotYours(f"{scope.value} cannot be given", pointer=f"/scopes/{n}")
    return sorted({scope.value for scope in wanted})


def token_lifetime(until: datetime, now: datetime, longest: timedelta) -> timedelta | None:
    """How long a token lives that a secret is exchanged for, which holds until then; None: it holds no longer."""
    left = until - now
    return min(longest, left) if left > timedelta(0) else None


def is_use_noted(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether it is known already, nearly enough, that the key is in use: noting it is a write."""
    return last_used_at is not None and now - last_used_at < USE_NOTED_EVERY
