"""The conversation page, put together from what the services answer."""

from urllib.parse import parse_qs

import httpx

from gateway.adapters.services import Services
from gateway.adapters.upstream import Upstream
from gateway.queries.views import Composer
from servicekit.ids import new_id

CONVERSATION = new_id()
LONG = 450


def conversation_service(request: httpx.Request) -> httpx.Response:
    """A conversation of many messages, read page by page as the real one does it."""
    if not request.url.path.endswith("/messages"):
        return httpx.Response(200, json={"id": str(CONVERSATION), "guest_id": str(new_id())})
    before = int(parse_qs(request.url.query.decode()).get("before_seq", ["201"])[0])
    last = min(before - 1, LONG)
    return httpx.Response(200, json={"items": [{"seq": seq} for seq in range(max(1, last - 199), last + 1)]})


def away(request: httpx.Request) -> httpx.Response:
    """Nobody answers."""
    raise httpx.ConnectError("refused", request=request)


async def test_staff_see_the_end_of_a_long_conversation_whatever_else_is_away() -> None:
    there, gone = (
        Upstream("any", httpx.AsyncClient(transport=httpx.MockTransport(answers), base_url="http://there"))
        for answers in (conversation_service, away)
    )
    page = await Composer(Services(identity=gone, conversation=there, escalation=gone), "token", 1).conversation(
        CONVERSATION
    )
    assert page.messages.value[-1] == {"seq": LONG}
    assert (page.escalation.state, page.guest.state) == ("unavailable", "unavailable")
