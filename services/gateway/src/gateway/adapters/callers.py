"""Who stands behind a call: services hear of the browser and not of the gateway."""

from starlette.requests import HTTPConnection


def forwarded(connection: HTTPConnection) -> dict[str, str]:
    """Whose request it is, so that a service's limits per address count the caller and not the gateway."""
    return {"x-forwarded-for": connection.client.host} if connection.client else {}


def caller(connection: HTTPConnection) -> dict[str, str]:
    """As `forwarded`, with the browser: identity tells people where they are signed in."""
    return forwarded(connection) | {"user-agent": connection.headers.get("user-agent", "")}
