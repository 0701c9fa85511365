"""Which service may call which, and for what: the whole list of client-credentials grants. Pure."""

from collections.abc import Mapping

from contracts.permissions import Permission

AUDIENCES = frozenset({"identity", "conversation", "escalation"})
"""Services that accept calls from other services."""

_OPENING_VIEW = frozenset({Permission.HOTEL_READ, Permission.CONVERSATION_READ, Permission.ESCALATION_READ})
_GUEST_EXPORT = frozenset({Permission.GUEST_READ, Permission.CONVERSATION_READ, Permission.ESCALATION_READ})

GRANTS: Mapping[str, Mapping[str, frozenset[Permission]]] = {
    # The widget's opening view: brand, hours and the expected wait of a hotel that nobody has signed in to.
    "gateway": dict.fromkeys(AUDIENCES, _OPENING_VIEW),
    # A guest asks for their data (GDPR, Article 15): identity collects it.
    "identity": dict.fromkeys(AUDIENCES - {"identity"}, _GUEST_EXPORT),
}


def granted(client_id: str, audience: str) -> tuple[str, ...] | None:
    """The permissions of `client_id` at `audience`, sorted; None when it has no business there."""
    permissions = GRANTS.get(client_id, {}).get(audience)
    return None if permissions is None else tuple(sorted(permission.value for permission in permissions))
