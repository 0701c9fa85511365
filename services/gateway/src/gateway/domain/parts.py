"""A composed view is made of parts; a slow or dead service leaves its part `unavailable`, never the page."""

from typing import Any, Literal

from pydantic import BaseModel


class Part(BaseModel):
    """One part of a view.

    Attributes:
        state: `ok`, `none` (there is no such thing, e.g. no open escalation), or `unavailable`.
        value: what the owning service answered; only with `ok`.
    """

    state: Literal["ok", "none", "unavailable"]
    value: Any = None  # Any: the owning service's view, documented in its own OpenAPI

    @classmethod
    def ok(cls, value: Any) -> "Part":  # Any: see `value`
        """A part that is there."""
        return cls(state="ok", value=value)

    @classmethod
    def none(cls) -> "Part":
        """A part that does not exist."""
        return cls(state="none")

    @classmethod
    def unavailable(cls) -> "Part":
        """A part whose service did not answer."""
        return cls(state="unavailable")
