"""The small tree of domain errors; each class carries the problem type (RFC 9457) it becomes at the edge."""

from typing import ClassVar


class DomainError(Exception):
    """A rule said no. Nothing was changed.

    Attributes:
        slug: last part of the problem's `type` URI; stable, part of the API.
        title: the same for every occurrence (RFC 9457, 3.1.3).
        status: HTTP status code.
        detail: this occurrence, in words for whoever reads the answer; never holds personal data.
        pointer: JSON pointer to the field at fault, if one is.
    """

    slug: ClassVar[str] = "domain-error"
    title: ClassVar[str] = "The request breaks a rule"
    status: ClassVar[int] = 409

    def __init__(self, detail: str = "", *, pointer: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.pointer = pointer


class NotFound(DomainError):
    """There is no such thing in this hotel."""

    slug, title, status = "not-found", "Not found", 404


class Conflict(DomainError):
    """The thing is not in a state that allows this."""

    slug, title, status = "conflict", "Conflict with the current state", 409


class Forbidden(DomainError):
    """The actor may not do this."""

    slug, title, status = "forbidden", "Not allowed", 403


class Unauthenticated(DomainError):
    """No valid credential came with the request."""

    slug, title, status = "unauthenticated", "Sign in first", 401


class Invalid(DomainError):
    """The request is well-formed, but a value in it cannot be."""

    slug, title, status = "invalid", "Invalid value", 422


class PreconditionFailed(DomainError):
    """Somebody else changed it since it was read (RFC 9110, 13.1.1)."""

    slug, title, status = "precondition-failed", "It has changed since you read it", 412


class MoveNotAllowed(Conflict):
    """The state machine has no such move."""

    slug, title = "move-not-allowed", "That move is not allowed from the current state"
