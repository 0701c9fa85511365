"""Somebody of the platform in a member's place, to see what the member sees: what they may do there, and for how long. Pure."""

from collections.abc import Collection

from contracts.errors import Conflict, Forbidden
from contracts.permissions import Permission

DEFAULT_MINUTES, LONGEST_MINUTES = 10, 14
"""Deny lists forget after 15: an impersonation that was ended has no token left by then."""

LENT = frozenset(
    {
        Permission.HOTEL_READ,
        Permission.HOTEL_WRITE,
        Permission.USER_READ,
        Permission.GUEST_READ,
        Permission.GUEST_WRITE,
        Permission.AUDIT_READ,
        Permission.CONVERSATION_READ,
        Permission.CONVERSATION_WRITE,
        Permission.CONVERSATION_TAKE_OVER,
        Permission.MESSAGE_SEND,
        Permission.ARTICLE_READ,
        Permission.ARTICLE_WRITE,
        Permission.ARTICLE_PUBLISH,
        Permission.ESCALATION_READ,
        Permission.ESCALATION_ASSIGN,
        Permission.ESCALATION_WORK,
        Permission.LIVE_READ,
    }
)
"""What is lent, where the member has it. A permission that is new is not lent until it is put here; none that decides about
access ever is: people, roles, invitations, keys, impersonations."""


class SecondFactorNeeded(Forbidden):
    """A password alone is not enough to act in other people's place."""

    slug, title = "second-factor-needed", "Switch your second factor on first"


class NotActiveMember(Conflict):
    """Nobody acts in the place of somebody who could not act themselves."""

    slug, title = "not-an-active-member", "This person does not work for the hotel at present"


class OwnPlace(Conflict):
    """One's own place needs no lending."""

    slug, title = "own-place", "You are this person yourself"


def lent_scopes(members: Collection[str]) -> list[str]:
    """The permissions of the token, sorted, of what the member may do."""
    return sorted({permission.value for permission in LENT} & set(members))
