"""Roles and the permissions they bring, `resource:action`, listed once. Identity writes them into a token's `scopes`."""

from enum import StrEnum


class Permission(StrEnum):
    """Everything that can be allowed."""

    HOTEL_READ = "hotel:read"
    HOTEL_WRITE = "hotel:write"
    HOTEL_CREATE = "hotel:create"
    HOTEL_SUSPEND = "hotel:suspend"
    HOTEL_DELETE = "hotel:delete"
    HOTEL_LINK = "hotel:link"
    USER_READ = "user:read"
    USER_WRITE = "user:write"
    ROLE_READ = "role:read"
    ROLE_WRITE = "role:write"
    GUEST_READ = "guest:read"
    GUEST_WRITE = "guest:write"
    GUEST_EXPORT = "guest:export"
    GUEST_ERASE = "guest:erase"
    AUDIT_READ = "audit:read"
    CONVERSATION_READ = "conversation:read"
    CONVERSATION_WRITE = "conversation:write"
    CONVERSATION_TAKE_OVER = "conversation:take_over"
    MESSAGE_SEND = "message:send"
    ARTICLE_READ = "article:read"
    ARTICLE_WRITE = "article:write"
    ARTICLE_PUBLISH = "article:publish"
    ESCALATION_READ = "escalation:read"
    ESCALATION_ASSIGN = "escalation:assign"
    ESCALATION_WORK = "escalation:work"
    LIVE_READ = "live:read"
    API_KEY_READ = "api_key:read"
    API_KEY_WRITE = "api_key:write"
    IMPERSONATION_READ = "impersonation:read"
    IMPERSONATION_END = "impersonation:end"
    IMPERSONATION_START = "impersonation:start"
    SIGNING_KEY_ROTATE = "signing_key:rotate"


class Role(StrEnum):
    """The built-in roles. `superadmin` is the platform's, the others are given per hotel, beside roles of a hotel's own."""

    SUPERADMIN = "superadmin"
    ADMIN = "admin"
    STAFF = "staff"
    VIEWER = "viewer"


_VIEWER = frozenset(
    {
        Permission.HOTEL_READ,
        Permission.USER_READ,
        Permission.ROLE_READ,
        Permission.GUEST_READ,
        Permission.CONVERSATION_READ,
        Permission.ARTICLE_READ,
        Permission.ESCALATION_READ,
        Permission.LIVE_READ,
    }
)
_STAFF = _VIEWER | {
    Permission.GUEST_WRITE,
    Permission.CONVERSATION_WRITE,
    Permission.CONVERSATION_TAKE_OVER,
    Permission.MESSAGE_SEND,
    Permission.ESCALATION_ASSIGN,
    Permission.ESCALATION_WORK,
}
_ADMIN = _STAFF | {
    Permission.HOTEL_WRITE,
    Permission.USER_WRITE,
    Permission.ROLE_WRITE,
    Permission.GUEST_EXPORT,
    Permission.GUEST_ERASE,
    Permission.AUDIT_READ,
    Permission.ARTICLE_WRITE,
    Permission.ARTICLE_PUBLISH,
    Permission.API_KEY_READ,
    Permission.API_KEY_WRITE,
    Permission.IMPERSONATION_READ,
    Permission.IMPERSONATION_END,
}
_SUPERADMIN = _ADMIN | {
    Permission.HOTEL_CREATE,
    Permission.HOTEL_SUSPEND,
    Permission.HOTEL_DELETE,
    Permission.HOTEL_LINK,
    Permission.IMPERSONATION_START,
    Permission.SIGNING_KEY_ROTATE,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.STAFF: frozenset(_STAFF),
    Role.ADMIN: frozenset(_ADMIN),
    Role.SUPERADMIN: frozenset(_SUPERADMIN),
}
