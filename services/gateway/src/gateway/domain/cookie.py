"""The dashboard's cookie: its name, and how it is read."""

from http.cookies import CookieError, SimpleCookie

COOKIE = "frontdesk_session"


def session_in(cookie_header: str) -> str | None:
    """The session id in a `Cookie` header, if there is one."""
    try:
        morsel = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel and morsel.value else None
