"""The shorter way through FastAPI gives the same answers as the usual one, for what is in order and for what is not."""

from typing import Annotated
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from servicekit.edge import edge_router
from servicekit.straight import straight

calls: list[str] = []


class Word(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=5)]
    times: int = 1


class Said(BaseModel):
    id: UUID
    text: str
    by: str


async def _who(request: Request) -> str:
    calls.append("who")
    if "x-name" not in request.headers:
        raise PermissionError
    return request.headers["x-name"]


async def _counted(who: Annotated[str, Depends(_who)]) -> None:
    calls.append(f"counted {who}")


def _routes(router: APIRouter) -> APIRouter:
    @router.post("/rooms/{room_id}/{floor}/words", status_code=201, dependencies=[Depends(_counted)])
    async def say(
        room_id: UUID,
        floor: Annotated[int, Path(le=9)],
        word: Word,
        who: Annotated[str, Depends(_who)],
        response: Response,
    ) -> Said:
        response.headers["x-floor"] = str(floor)
        if word.times == 2:
            response.status_code = 200
        return Said(id=room_id, text=word.text * word.times, by=who)

    return router


def _app(router: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(_routes(router))

    @app.exception_handler(PermissionError)
    async def nobody(_: Request, __: Exception) -> Response:
        return JSONResponse({"who": None}, 401)

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return JSONResponse([[one["type"], list(one["loc"])] for one in error.errors()], 422)

    return app


ROOM = "/rooms/01900000-0000-7000-8000-000000000001"
NAMED = {"x-name": "Ann", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (f"{ROOM}/3/words", '{"text": "hello"}', NAMED),
        (f"{ROOM}/3/words", '{"text": "hello", "times": 2}', NAMED),
        (f"{ROOM}/3/words", '{"text": "hello", "times": "1"}', NAMED),
        (f"{ROOM}/3/words", '{"text": "grüß\\u00e9"}', NAMED),
        (f"{ROOM}/3/words", '{"text": "too long"}', NAMED),
        (f"{ROOM}/3/words", '{"text": ', NAMED),
        (f"{ROOM}/3/words", "[]", NAMED),
        (f"{ROOM}/10/words", '{"text": "hello"}', NAMED),
        ("/rooms/here/3/words", '{"text": "hello"}', NAMED),
        (f"{ROOM}/3/words", '{"text": "hello"}', {"content-type": "application/json"}),
        (f"{ROOM}/3/words", "", NAMED),
    ],
)
async def test_both_ways_give_the_same_answer(path: str, body: str, headers: dict[str, str]) -> None:
    answers: list[tuple[int, bytes, str | None, list[str]]] = []
    for router in (APIRouter(), edge_router()):
        calls.clear()
        transport = httpx.ASGITransport(_app(router))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            answer = await client.post(path, content=body, headers=headers)
        answers.append((answer.status_code, answer.content, answer.headers.get("x-floor"), list(calls)))
    assert answers[0] == answers[1]


def test_the_shorter_way_is_taken() -> None:
    async def usual(_: Request) -> Response:
        raise AssertionError

    route = _routes(edge_router()).routes[0]
    assert straight(route, usual) is not usual  # type: ignore[arg-type]  # an EdgeRoute
