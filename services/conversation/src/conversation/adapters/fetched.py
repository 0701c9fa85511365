"""What comes of asking another site for something: the thing itself, that it is unchanged, or why there is nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page or a file as the site sent it, unpacked.

    Attributes:
        url: the address that it came from in the end, without fragment.
        media_type: in lower case and without parameters.
        etag: to be sent along the next time, as is.
        last_modified: to be sent along the next time, as is.
        charset: as the site declares it in the header, if it does.
    """

    url: str
    media_type: str
    content: bytes
    etag: str | None
    last_modified: str | None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """What was fetched before is still what is there."""

    url: str


class NotFetched(Exception):
    """There is nothing to import from this address.

    Attributes:
        reason: in words for whoever manages the hotel.
        retry: whether it may heal by itself.
        retry_after_seconds: how long the site asks to wait, at most an hour; None if it does not say.
    """

    def __init__(self, reason: str, *, retry: bool = False, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.retry_after_seconds = retry_after_seconds


class Refused(NotFetched):
    """We do not ask there at all: the address is not one of a public site."""
