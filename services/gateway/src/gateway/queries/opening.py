"""What a guest's widget shows before the first word: the hotel from the conversation service, the desk from escalation.

Escalation does not say yet who is on duty and how long guests wait; those parts are `unavailable`, and nothing is asked.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import httpx
from pydantic import BaseModel

from gateway.adapters.services import Services
from gateway.adapters.upstream import ServiceUnavailable

Json = dict[str, Any]  # Any: the conversation service's view, documented in its OpenAPI


class NotAvailable(BaseModel):
    """Nobody has told."""

    status: Literal["unavailable"] = "unavailable"


class OpeningView(BaseModel):
    """The opening view; the conversation service's own has the same shape."""

    hotel: Json
    on_duty: NotAvailable = NotAvailable()
    expected_wait: NotAvailable = NotAvailable()


async def opening(
    services: Services, params: Sequence[tuple[str, str]], headers: Mapping[str, str], timeout_seconds: float
) -> OpeningView | httpx.Response:
    """The view, or the conversation service's own refusal: no such hotel, or not on this site.

    Raises:
        ServiceUnavailable: the conversation service did not answer in time.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            answer = await services.conversation.request("GET", "/widget/opening", headers=headers, params=list(params))
    except TimeoutError as error:
        raise ServiceUnavailable("The conversation service took too long") from error
    if answer.status_code >= 500:
        raise ServiceUnavailable(f"The conversation service answered {answer.status_code}")
    return OpeningView(hotel=answer.json()["hotel"]) if answer.status_code == 200 else answer
