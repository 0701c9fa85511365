"""The services behind the gateway, called with the caller's own token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from contracts.errors import DomainError, Forbidden

CONNECT_SECONDS = 1.0
"""How long a call may wait for a connection of the pool's, and for one to be made; less where the call has less."""


class ServiceUnavailable(DomainError):
    """A service behind the gateway did not answer."""

    slug, title, status = "service-unavailable", "A part of the front desk is not available", 503


class HotelSuspended(Forbidden):
    """Identity gives no tokens for the hotel at the moment; who is signed in stays so, for when it does again."""

    slug, title = "hotel-suspended", "This hotel is suspended"


class UpstreamProblem(Exception):
    """A service behind the gateway answered with an error; its answer goes to the caller as it is."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.request.method} answered {response.status_code}")
        self.response = response


@dataclass(frozen=True, slots=True)
class Upstream:
    """One service behind the gateway.

    Attributes:
        name: the service's name, for messages and metrics.
        client: speaks to its base URL, with time-outs and trace headers.
    """

    name: str
    client: httpx.AsyncClient

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Any = None,  # Any: httpx takes mappings, pairs and strings
        content: bytes | None = None,
        timeout_seconds: float | None = None,
    ) -> httpx.Response:
        """The service's answer, whatever its status. `timeout_seconds` is how long it may be silent, not the whole.

        Raises:
            ServiceUnavailable: it could not be reached or took too long.
        """
        try:
            return await self.client.request(
                method,
                path,
                headers=httpx.Headers(
                    dict(headers), encoding="latin-1"
                ),  # as it came: whether it is good is the service's to say
                params=params,
                content=content,
                timeout=_limits(timeout_seconds) if timeout_seconds is not None else httpx.USE_CLIENT_DEFAULT,
            )
        except httpx.HTTPError as error:
            raise ServiceUnavailable(f"The {self.name} service did not answer") from error

    async def open(self, method: str, path: str, *, headers: Mapping[str, str], params: Any = None) -> httpx.Response:
        """As `request`, with the body yet to be read, and the answer to be closed by the caller. (Any: as there.)

        Raises:
            ServiceUnavailable: it could not be reached or took too long to begin.
        """
        sent = httpx.Headers(dict(headers), encoding="latin-1")
        try:
            return await self.client.send(
                self.client.build_request(method, path, headers=sent, params=params), stream=True
            )
        except httpx.HTTPError as error:
            raise ServiceUnavailable(f"The {self.name} service did not answer") from error

    async def get(
        self, path: str, *, token: str, params: Any = None, timeout_seconds: float | None = None
    ) -> Any:  # Any: JSON
        """The JSON that the service answers, on behalf of the bearer of `token`.

        Raises:
            UpstreamProblem: it answered with an error.
            ServiceUnavailable: it did not answer.
        """
        response = await self.request(
            "GET",
            path,
            headers={"authorization": f"Bearer {token}"},
            params=params,
            timeout_seconds=timeout_seconds,
        )
        if response.status_code >= 500:
            raise ServiceUnavailable(f"The {self.name} service answered {response.status_code}")
        if response.status_code >= 400:
            raise UpstreamProblem(response)
        return response.json()


def _limits(seconds: float) -> httpx.Timeout:
    """httpx counts each phase of a call for itself."""
    soon = min(seconds, CONNECT_SECONDS)
    return httpx.Timeout(seconds, connect=soon, pool=soon)
