"""A small service with one of everything the edge does; tests run it in process and as a process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Query, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlmodel import select
from starlette.websockets import WebSocketDisconnect

from contracts.actor import ActorKind
from contracts.errors import NotFound, Unauthenticated
from contracts.ids import HotelId
from servicekit import (
    Actor,
    Admit,
    Command,
    HotelTx,
    IfMatch,
    Malformed,
    Page,
    PageQuery,
    PlatformTx,
    ReadTx,
    Rt,
    Runtime,
    Service,
    TenantRow,
    Text,
    Tx,
    check_version,
    edge_router,
    first_frame,
    guest,
    may,
    maybe_actor,
    new_id,
    problems,
    public,
    rate_limit,
    set_etag,
    signed_in,
)
from servicekit.sockets import frame, live, send_problem

Writer = Annotated[Actor, Depends(may("conversation:write"))]
Reader = Annotated[Actor, Depends(may("conversation:read"))]
calls: list[str] = []


class NoteRow(TenantRow, table=True):
    __tablename__ = "notes"
    text: str
    slot: int | None = None


class Tag(Command):
    name: Annotated[Text, Field(max_length=20)]


class NewNote(Command):
    text: Annotated[Text, Field(max_length=2000)]
    slot: int | None = None
    tags: tuple[Tag, ...] = ()
    extra: dict[str, str] = Field(default_factory=dict[str, str])


class NoteView(BaseModel):
    id: UUID
    text: str
    version: int


class Hello(Command):
    token: str


class Echo(Command):
    n: int


router = edge_router(tags=["notes"])


def view(row: NoteRow) -> NoteView:
    return NoteView(id=row.id, text=row.text, version=row.version)


@router.post("/notes", status_code=201)
async def add_note(command: NewNote, actor: Writer, tx: Tx, response: Response) -> NoteView:
    calls.append("add_note")
    row = NoteRow(id=new_id(), text=command.text, slot=command.slot)
    tx.add(row)
    tx.audit("note.add", "note", row.id)
    await tx.flush()
    response.headers["Location"] = f"/notes/{row.id}"
    return view(row)


@router.get("/notes")
async def list_notes(actor: Reader, tx: ReadTx, page: PageQuery) -> Page[NoteView]:
    after = page.position(1)
    found = select(NoteRow).order_by(NoteRow.id).limit(page.limit + 1)  # type: ignore[arg-type]  # SQLModel's column typing
    rows: list[NoteRow] = await tx.scalars(found if after is None else found.where(NoteRow.id > UUID(after[0])))
    shown = [view(row) for row in rows]
    return page.page(shown, shown[min(len(shown), page.limit) - 1].id if shown else None)


@router.get("/notes/{note_id}", responses=problems(NotFound))
async def show_note(note_id: UUID, actor: Reader, tx: ReadTx, response: Response) -> NoteView:
    row = await tx.get(NoteRow, note_id)
    set_etag(response, row.version)
    return view(row)


@router.patch("/notes/{note_id}")
async def change_note(
    note_id: UUID, command: NewNote, actor: Writer, tx: Tx, if_match: IfMatch, response: Response
) -> NoteView:
    row = await tx.lock(NoteRow, note_id)
    check_version(row, if_match)
    row.text, row.version = command.text, row.version + 1
    await tx.flush()
    set_etag(response, row.version)
    return view(row)


@router.post("/hotels/{hotel_id}/notes", status_code=201)
async def add_hotel_note(hotel_id: UUID, command: NewNote, actor: Writer, tx: HotelTx) -> NoteView:
    row = NoteRow(id=new_id(), text=command.text)
    tx.add(row)
    await tx.flush()
    return view(row)


@router.get("/platform/notes")
async def all_notes(actor: Annotated[Actor, Depends(may("hotel:create"))], tx: PlatformTx) -> list[UUID]:
    return [row.hotel_id for row in await tx.scalars(select(NoteRow))]


@router.post("/secrets", status_code=201)
async def make_secret(actor: Writer, tx: Tx, response: Response) -> dict[str, str]:
    response.headers["Cache-Control"] = "no-store"
    return {"secret": str(new_id())}


@router.post("/boom", dependencies=[Depends(public("fails on purpose"))])
async def boom() -> None:
    raise RuntimeError("password of alice@example.com is hunter2")


@router.post("/slow/{seconds}", dependencies=[Depends(public("takes its time"))])
async def slow(seconds: float) -> str:
    calls.append("slow")
    await asyncio.sleep(seconds)
    return "done"


@router.post("/notes/slow", status_code=201)
async def add_note_slowly(command: NewNote, actor: Writer, tx: Tx) -> None:
    tx.add(NoteRow(id=new_id(), text=command.text))
    await tx.flush()
    await asyncio.sleep(30)


@router.get("/stream", dependencies=[Depends(public("streams"))])
async def stream() -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(4):
            yield f"{number}\n".encode()
            await asyncio.sleep(0.1)

    return StreamingResponse(lines(), media_type="text/plain")


@router.get("/search", dependencies=[Depends(public("looks"))])
async def search(q: Annotated[str, Query(max_length=10)], limit: int = 5) -> str:
    return q * limit


@router.post("/form", dependencies=[Depends(public("reads a form"))])
async def form(name: Annotated[str, Form()]) -> str:
    return name


@router.get("/limited", dependencies=[Depends(public("counted")), Depends(rate_limit("3/minute", by="ip"))])
async def limited() -> str:
    return "ok"


@router.get("/me")
async def me(actor: Annotated[Actor, Depends(signed_in())]) -> str:
    return actor.key


@router.get("/whoever", dependencies=[Depends(public("says who you are"))])
async def whoever(actor: Annotated[Actor | None, Depends(maybe_actor)]) -> str:
    return actor.key if actor else "nobody"


@router.get("/widget")
async def widget(actor: Annotated[Actor, Depends(guest())], tx: ReadTx) -> str:
    return f"{actor.kind} of {tx.hotel_id}"


@router.get("/trace", dependencies=[Depends(public("calls itself"))])
async def trace(rt: Rt, url: str) -> str:
    return (await rt.http(url).get("/whoever")).headers["x-trace-id"]


@router.websocket("/live")
async def follow(websocket: WebSocket, rt: Rt, admit: Annotated[Admit, Depends(first_frame("live:read"))]) -> None:
    await websocket.accept()
    hello = await frame(websocket, Hello, within_seconds=1)
    actor = await admit(hello.token)
    await websocket.send_json({"type": "welcome", "you": actor.key})

    async def echo() -> None:
        while True:
            try:
                said = await frame(websocket, Echo)
            except Malformed as wrong:
                await send_problem(websocket, wrong)
            else:
                await websocket.send_json({"n": said.n // (said.n - 13)})

    await live(websocket, rt, actor, echo())


@router.websocket("/guarded")
async def guarded(websocket: WebSocket, actor: Reader) -> None:
    await websocket.accept()
    await websocket.send_json({"you": actor.key})
    try:
        await websocket.receive_json()
    except WebSocketDisconnect:
        calls.append("guarded left")


def guests(rt: Runtime):
    async def who(token: str) -> Actor | None:
        if not token.startswith("guest."):
            return None
        _, hotel, guest_id = token.split(".")
        if hotel == "bad":
            raise Unauthenticated("not a guest of ours")
        return Actor(ActorKind.GUEST, UUID(guest_id), HotelId(UUID(hotel)), subject=guest_id)

    return who


service = Service("desk", routers=[router], guest_tokens=guests)
main = service.main


@service.command
async def count_notes(rt: Runtime, hotel: UUID, times: int = 1) -> None:
    """How many notes a hotel has."""
    async with rt.db.transaction(hotel, read_only=True) as tx:
        print(times * len(await tx.scalars(select(NoteRow))))


if __name__ == "__main__":
    main()
