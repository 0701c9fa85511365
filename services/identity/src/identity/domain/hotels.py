"""What a hotel's settings may be: slugs, languages, origins of its web pages. Pure."""

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from contracts.errors import Conflict, Forbidden, Invalid

MAX_LANGUAGES = 30
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RESERVED = frozenset({"admin", "api", "app", "by-slug", "www", "static", "widget", "platform"})


class SlugTaken(Conflict):
    """Another hotel has this slug."""

    slug, title = "slug-taken", "This slug is taken"


class LanguageNotOffered(Invalid):
    """The default language is none of the hotel's languages."""

    slug, title = "language-not-offered", "The default language must be one of the languages"


class HotelSuspended(Forbidden):
    """The hotel is not served at present."""

    slug, title = "hotel-suspended", "This hotel is suspended"


class HotelDeleted(Conflict):
    """The hotel is deleted; it takes changes again once it is restored."""

    slug, title = "hotel-deleted", "This hotel is deleted"


class PurgeBegun(Conflict):
    """The grace period is over: services are deleting the hotel's data, or have."""

    slug, title = "purge-begun", "This hotel can no longer be restored"


class OrganisationLinked(Conflict):
    """The organisation is another hotel's."""

    slug, title = "organisation-linked", "This organisation is linked to another hotel"


class HotelLinked(Conflict):
    """The hotel has another organisation."""

    slug, title = "hotel-linked", "This hotel is linked to another organisation; unlink that first"


def check_slug(slug: str) -> str:
    """The slug: 3 to 40 of a-z, 0-9 and single hyphens, because it stands in addresses.

    Raises:
        ValueError: other characters, too short or long, or a reserved word.
    """
    if not 3 <= len(slug) <= 40 or not _SLUG.fullmatch(slug):
        raise ValueError("3 to 40 letters a-z, digits and single hyphens")
    if slug in _RESERVED:
        raise ValueError("this word is reserved")
    return slug


def check_origin(origin: str) -> str:
    """A web origin (RFC 6454): scheme, host and perhaps a port, nothing after it; http only on the local machine.

    Raises:
        ValueError: anything else.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError as error:
        raise ValueError("an origin like https://www.example.com") from error
    host = parts.hostname or ""
    local = host in {"localhost", "127.0.0.1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("an origin like https://www.example.com")
    written = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    if not host or origin.lower() != written:
        raise ValueError("an origin like https://www.example.com, without a path")
    return written


def check_languages(default: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The languages, each once, in the order given.

    Raises:
        LanguageNotOffered: the default is not among them.
    """
    if default not in languages:
        raise LanguageNotOffered(pointer="/default_language")
    return tuple(dict.fromkeys(languages))


Slug = Annotated[str, AfterValidator(check_slug), Field(description="part of addresses; 3 to 40 of a-z, 0-9, hyphen")]
Origin = Annotated[str, Field(max_length=253), AfterValidator(check_origin)]
HotelName = Annotated[str, Field(min_length=1, max_length=200)]
