"""WebSockets: who may open one, what a bad frame gets, and how one ends."""

import asyncio
import json
from types import ModuleType

import httpx
import pytest
import websockets

from contracts.ids import HotelId
from servicekit.testing import RunningService, StartService, TokenIssuer, eventually


def ws(desk: RunningService, path: str) -> str:
    return desk.url.replace("http", "ws") + path


async def metric(desk: RunningService, line: str) -> float:
    async with httpx.AsyncClient(verify=False) as client:
        for found in (await client.get(desk.metrics_url + "/metrics")).text.splitlines():
            if found.startswith(line):
                return float(found.rsplit(" ", 1)[1])
    return 0.0


async def test_the_token_in_the_first_frame_opens_the_socket(desk: RunningService, staff: str) -> None:
    async with websockets.connect(ws(desk, "/live")) as socket:
        await socket.send(json.dumps({"token": staff}))
        assert json.loads(await socket.recv())["type"] == "welcome"
        await socket.send(json.dumps({"n": 14}))
        assert json.loads(await socket.recv()) == {"n": 14}
        assert await metric(desk, 'websockets_open{route="/live",service="desk"}') == 1

    async def gone() -> bool:
        return await metric(desk, 'websockets_open{route="/live",service="desk"}') == 0

    await eventually(gone)


@pytest.mark.parametrize(("scopes", "code"), [(None, 4401), ([], 4403)])
async def test_a_token_that_does_not_do_gets_a_problem_and_a_close(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId, scopes: list[str] | None, code: int
) -> None:
    token = "nonsense" if scopes is None else issuer.token(hotel_id=hotel, scopes=scopes)
    async with websockets.connect(ws(desk, "/live")) as socket:
        await socket.send(json.dumps({"token": token}))
        said = json.loads(await socket.recv())
        assert said["type"] == "error"
        assert said["problem"]["status"] == code - 4000
        await socket.wait_closed()
    assert socket.close_code == code


async def test_a_socket_whose_token_comes_in_the_header_is_refused_before_it_opens(
    desk: RunningService, staff: str
) -> None:
    headers = {"Authorization": f"Bearer {staff}"}
    async with websockets.connect(ws(desk, "/guarded"), additional_headers=headers) as socket:
        assert json.loads(await socket.recv())["you"].startswith("user:")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(ws(desk, "/guarded"))
    assert refused.value.response.status_code == 401
    assert b"urn:frontdesk:problem:unauthenticated" in refused.value.response.body


@pytest.mark.parametrize("sent", ["not JSON", b"bytes", "[]", '{"n": "x"}', '{"n": 1, "m": 2}', '{"n"'])
async def test_a_frame_that_cannot_be_is_answered_and_the_socket_stays_open(
    desk: RunningService, staff: str, sent: str | bytes
) -> None:
    async with websockets.connect(ws(desk, "/live")) as socket:
        await socket.send(json.dumps({"token": staff}))
        await socket.recv()
        await socket.send(sent)
        said = json.loads(await socket.recv())
        assert (said["type"], said["problem"]["type"]) == ("error", "urn:frontdesk:problem:malformed")
        await socket.send('{"n": 14}')
        assert json.loads(await socket.recv()) == {"n": 14}


async def test_who_says_nothing_is_not_waited_for(desk: RunningService) -> None:
    async with websockets.connect(ws(desk, "/live")) as socket:
        assert json.loads(await socket.recv())["problem"]["type"] == "urn:frontdesk:problem:time-out"
        await socket.wait_closed()


async def test_an_unexpected_failure_closes_with_1011_and_no_inside(desk: RunningService, staff: str) -> None:
    async with websockets.connect(ws(desk, "/live")) as socket:
        await socket.send(json.dumps({"token": staff}))
        await socket.recv()
        await socket.send('{"n": 13}')
        await socket.wait_closed()
    assert socket.close_code == 1011
    assert not socket.close_reason


async def test_a_frame_over_the_limit_closes_with_1009(desk: RunningService, staff: str) -> None:
    async with websockets.connect(ws(desk, "/live")) as socket:
        await socket.send(json.dumps({"token": staff}))
        await socket.recv()
        await socket.send("x" * 30_000)
        await socket.wait_closed()
    assert socket.close_code == 1009


async def test_the_service_stopping_closes_sockets_and_lets_their_work_end(
    desk_module: ModuleType, service_app: StartService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    own = await service_app(desk_module.service, role="api")
    socket = await websockets.connect(
        ws(own, "/guarded"), additional_headers={"Authorization": f"Bearer {issuer.token(hotel_id=hotel)}"}
    )
    await socket.recv()
    desk_module.calls.clear()
    async with asyncio.timeout(8):
        await own.stop()
        await socket.wait_closed()
    assert socket.close_code == 1012
    assert "guarded left" in desk_module.calls
