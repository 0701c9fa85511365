"""The dashboard's cookie: its name, how it is read, and what must come along with it."""

from http.cookies import CookieError, SimpleCookie

from contracts.errors import Forbidden

COOKIE = "frontdesk_session"


class CsrfTokenMissing(Forbidden):
    """A request with a session cookie would change something, but does not repeat the session's CSRF token."""

    slug, title = "csrf-token-missing", "Send the session's CSRF token in X-CSRF-Token"


def session_in(cookie_header: str) -> str | None:
    """The session id in a `Cookie` header, if there is one."""
    try:
        morsel = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel and morsel.value else None
