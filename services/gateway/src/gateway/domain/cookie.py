"""The dashboard's cookies: their names, how they are read, and what must come along with the session's."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from contracts.errors import Forbidden

COOKIE = "frontdesk_session"
DEVICE_COOKIE = "frontdesk_device"
"""Says that somebody signed in on this browser before, so that others' guesses at the password do not hold them up."""
OIDC_COOKIES = ("__Host-frontdesk_oidc", "frontdesk_oidc")
"""Identity's, of a browser that signs in at an issuer; the first over HTTPS. It decides which of them it believes."""


class CsrfTokenMissing(Forbidden):
    """A request with a session cookie would change something, but does not repeat the session's CSRF token."""

    slug, title = "csrf-token-missing", "Send the session's CSRF token in X-CSRF-Token"


class ForeignOrigin(Forbidden):
    """A page of another site tried to use this browser's session, or to sign it in."""

    slug, title = "foreign-origin", "A browser's session is for pages of the gateway's own origin"


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another origin sent the request, as far as the browser tells (Fetch Metadata; else RFC 6454). What
    tells nothing is no browser of these years; the CSRF token is asked for all the same."""
    site = headers.get("sec-fetch-site")
    return site not in ("same-origin", "none") if site is not None else has_foreign_origin(headers)


def has_foreign_origin(headers: Mapping[str, str]) -> bool:
    """Whether the `Origin`, if there is one, is of another host than the one that was called."""
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True  # nothing that a browser says


def session_in(cookie_header: str) -> str | None:
    """The session id in a `Cookie` header, if there is one."""
    return _named(COOKIE, cookie_header)


def device_in(cookie_header: str) -> str | None:
    """What a former sign-in left on this browser, if anything."""
    return _named(DEVICE_COOKIE, cookie_header)


def oidc_cookies_in(cookie_header: str) -> str:
    """A `Cookie` header with nothing but the cookies of a sign-in at an issuer."""
    found = ((name, _named(name, cookie_header)) for name in OIDC_COOKIES)
    return "; ".join(f"{name}={value}" for name, value in found if value and value.isascii() and value.isprintable())


def _named(name: str, cookie_header: str) -> str | None:
    try:
        morsel = SimpleCookie(cookie_header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel and morsel.value else None
