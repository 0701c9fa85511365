"""What the live stream shows to whom."""

from collections.abc import Collection

from contracts.permissions import Permission
from contracts.topics import ACCESS, CONVERSATIONS, ESCALATIONS, KNOWLEDGE, Topic

LIVE_TOPICS: tuple[Topic, ...] = (CONVERSATIONS, ESCALATIONS, KNOWLEDGE, ACCESS)
"""Topics whose events dashboards see as they happen. None of them carries personal data."""

_NEEDED: dict[str, Permission] = {
    "conversation": Permission.CONVERSATION_READ,
    "message": Permission.CONVERSATION_READ,
    "turn": Permission.CONVERSATION_READ,
    "escalation": Permission.ESCALATION_READ,
    "knowledge": Permission.ARTICLE_READ,
    "impersonation": Permission.IMPERSONATION_READ,
}


def may_see(event_type: str, scopes: Collection[str]) -> bool:
    """Whether somebody with these scopes is shown events of this CloudEvents type. Unknown kinds are shown to nobody."""
    needed = _NEEDED.get(event_type.split(".")[1] if event_type.count(".") >= 2 else "")
    return needed is not None and needed.value in scopes
