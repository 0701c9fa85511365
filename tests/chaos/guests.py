"""Plays the guests of a round as the widget would: ids of their own, resent until acknowledged, resumed by the last seq."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from chaos.driving import Backoff, Json, http_client, retry_after, serve
from chaos.journal import Journal
from servicekit.ids import new_id

ACK_SECONDS = 3.0
"""A message that is not acknowledged by then is sent again, on a new connection."""
SAYINGS = (
    "What time is breakfast?",
    "Can I bring my dog?",
    "Is there parking at the hotel?",
    "Do you have a sauna?",
    "Thank you!",
    "When is check-out?",
    "Hello!",
    "What time is breakfast on Sundays?",
    "Is breakfast included,",
    "One more thing:",
    "Can I bring my cat?",
    "Darf ich meinen Hund mitbringen?",
    "When can I check in?",
    "Can I park my car?",
    "I want to speak to a person, please.",
)
"""Most are answered, some hold the turn open for what follows, and one leads to staff."""
AWAY = (OSError, TimeoutError, ConnectionClosed, InvalidHandshake, InvalidMessage, httpx.HTTPError)


class EndedMeanwhile(Exception):
    """The conversation has ended: what was not said in it yet is said in the next."""


@dataclass(slots=True)
class Saying:
    """A message on its way."""

    id: str
    text: str


@dataclass(slots=True)
class Guest:
    """One guest with one widget."""

    name: str
    hotel: str
    bases: list[str]
    every_seconds: float
    rng: random.Random
    http: httpx.AsyncClient
    journal: Journal
    token: str = ""
    conversation: str = ""
    last_seq: int = 0
    waiting: list[Saying] = field(default_factory=list[Saying])
    hushed: bool = False
    socket: ClientConnection | None = None
    acks: dict[str, "asyncio.Future[Json]"] = field(default_factory=dict[str, "asyncio.Future[Json]"])
    live: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base(self) -> str:
        """The address that is asked now."""
        return self.bases[0]

    def turn_elsewhere(self) -> None:
        """To the next instance, as whatever stands before them would; there may be but one."""
        self.bases.append(self.bases.pop(0))

    def note(self, what: str, **facts: Any) -> None:  # Any: JSON values
        self.journal.note(self.name, what, conversation=self.conversation, **facts)

    async def arrive(self) -> None:
        """Open the widget: a session, a conversation."""
        session = await self._insist("/widget/sessions", {"hotel": self.hotel, "language": "en"})
        self.token = session["token"]
        await self._begin(session["guest_id"])

    async def _begin(self, guest_id: str | None = None) -> None:
        view = await self._insist("/widget/conversations", {"language": "en"})
        self.conversation, self.last_seq = view["id"], 0
        self.note("began", hotel=self.hotel, base=self.base, **({"guest": guest_id} if guest_id else {}))

    async def _insist(self, path: str, body: Json) -> Json:
        """POST until it is answered with a success."""
        pause = Backoff(self.rng)
        while True:
            try:
                answer = await self.http.post(f"{self.base}{path}", json=body, headers=self._headers())
                if answer.is_success:
                    return answer.json()
                await pause.wait(retry_after(answer))
            except AWAY:
                self.turn_elsewhere()
                await pause.wait()

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    # Saying

    async def talk(self) -> None:
        """Say something now and then, one message at a time, in order, until hushed and everything is acknowledged."""
        await asyncio.sleep(self.rng.uniform(0, self.every_seconds))
        while not (self.hushed and not self.waiting):
            if not self.hushed:
                saying = Saying(str(new_id()), self.rng.choice(SAYINGS))
                self.waiting.append(saying)
                self.note("said", id=saying.id, text=saying.text)
            while self.waiting:
                await self._deliver(self.waiting[0])
                self.waiting.pop(0)
            if not self.hushed:
                await asyncio.sleep(self.every_seconds * self.rng.uniform(0.4, 1.6))

    async def _deliver(self, saying: Saying) -> None:
        pause = Backoff(self.rng)
        over_http = self.rng.random() < 0.3
        while True:
            try:
                answer = await (self._post(saying) if over_http else self._send(saying))
            except EndedMeanwhile:
                self.note("moved-on", id=saying.id)
                await self._next_conversation()
                continue
            except AWAY:
                self.turn_elsewhere()
                await pause.wait()
                continue
            if "seq" in answer:
                self.note("acked", id=saying.id, seq=answer["seq"])
                return
            self.note("refused", id=saying.id, status=answer["status"])
            await pause.wait(answer["wait"])

    async def _post(self, saying: Saying) -> Json:
        path = f"/widget/conversations/{self.conversation}/messages"
        answer = await self.http.post(
            f"{self.base}{path}", json={"id": saying.id, "text": saying.text}, headers=self._headers()
        )
        if answer.is_success:
            return answer.json()
        if answer.status_code == 409 and "conversation-ended" in answer.text:
            raise EndedMeanwhile
        return {"status": answer.status_code, "wait": retry_after(answer)}

    async def _send(self, saying: Saying) -> Json:
        async with asyncio.timeout(ACK_SECONDS):
            await self.live.wait()
        socket = self.socket
        if socket is None:
            raise ConnectionError("not connected")
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.acks[saying.id] = future
        try:
            await socket.send(json.dumps({"type": "message", "id": saying.id, "text": saying.text}))
            frame = await asyncio.wait_for(future, ACK_SECONDS)
        except TimeoutError:
            socket.transport.abort()  # nobody answers there; the listener comes back on a new line
            raise
        finally:
            self.acks.pop(saying.id, None)
        if frame["type"] == "ack":
            return frame
        if "conversation-ended" in frame["problem"]["type"]:
            raise EndedMeanwhile
        return {"status": frame["problem"].get("status", 0), "wait": 0.2}

    async def _next_conversation(self) -> None:
        await self.sync(60)  # a guest reads to the end before they leave
        await self._begin()
        if self.socket is not None:
            self.socket.transport.abort()

    # Listening

    async def listen(self) -> None:
        """Be connected for as long as the round lasts."""
        pause = Backoff(self.rng)
        while True:
            conversation = self.conversation
            url = f"{self.base.replace('http', 'ws', 1)}/widget/conversations/{conversation}/live"
            try:
                async with connect(
                    url, proxy=None, open_timeout=3, close_timeout=1, ping_interval=4, ping_timeout=4
                ) as socket:
                    hello = {"type": "hello", "token": self.token, "after_seq": self.last_seq}
                    await socket.send(json.dumps(hello))
                    self.note("joined", after_seq=self.last_seq)
                    self.socket = socket
                    self.live.set()
                    async for raw in socket:
                        self._take(json.loads(raw), conversation)
                        pause.reset()
            except AWAY:
                self.turn_elsewhere()
            finally:
                self.socket = None
                self.live.clear()
                for future in self.acks.values():
                    if not future.done():
                        future.set_exception(ConnectionError("the line is gone"))
                        future.exception()  # whoever waits raises it; who has just stopped waiting needs no warning
            self.note("left")
            await pause.wait()

    def _take(self, frame: Json, conversation: str) -> None:
        match frame["type"]:
            case "message":
                message = frame["message"]
                if conversation == self.conversation and message["seq"] > self.last_seq:
                    self.last_seq = message["seq"]
                    self.news.set()
                self.journal.note(
                    self.name,
                    "saw",
                    conversation=conversation,
                    of=message["conversation_id"],
                    seq=message["seq"],
                    id=message["id"],
                    sender=message["sender"],
                )
            case "ack" | "error":
                future = self.acks.get(frame.get("id", ""))
                if future is not None and not future.done():
                    future.set_result(frame)
            case _:
                pass

    async def sync(self, seconds: float) -> bool:
        """Read the conversation by HTTP, then wait until the live line has brought all of it."""
        try:
            async with asyncio.timeout(seconds):
                found = await self._read_all()
                self.note("read", messages=[[m["seq"], m["id"]] for m in found])
                while found and self.last_seq < found[-1]["seq"]:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return True

    async def _read_all(self) -> list[Json]:
        pause = Backoff(self.rng)
        path = f"{self.base}/widget/conversations/{self.conversation}/messages"
        found: list[Json] = []
        after: str | int = 0
        while True:
            try:
                answer = await self.http.get(path, params={"after_seq": after}, headers=self._headers())
                if answer.is_success:
                    page = answer.json()
                    found += page["items"]
                    if not page.get("next_cursor"):
                        return found
                    after = page["next_cursor"]
                    continue
                await pause.wait(retry_after(answer))
            except AWAY:
                self.turn_elsewhere()
                await pause.wait()


class Guests:
    """All guests of a round; one round after the other."""

    def __init__(self) -> None:
        self._guests: list[Guest] = []
        self._listening: list[asyncio.Task[None]] = []
        self._talking: list[asyncio.Task[None]] = []
        self._journal: Journal | None = None

    async def begin(self, order: Json) -> Json:
        """Let the guests arrive, and talk."""
        rng = random.Random(order["seed"])
        self._journal = Journal(Path(order["journal"]))
        http = http_client()
        self._guests = [
            Guest(
                f"g{n}",
                order["hotels"][n % len(order["hotels"])],
                [order["gateway"]]
                if rng.random() < 0.25
                else rng.sample(order["conversation"], len(order["conversation"])),
                order["every_seconds"],
                random.Random(rng.random()),
                http,
                self._journal,
            )
            for n in range(order["guests"])
        ]
        await asyncio.gather(*(guest.arrive() for guest in self._guests))
        self._listening = [asyncio.create_task(guest.listen()) for guest in self._guests]
        self._talking = [asyncio.create_task(guest.talk()) for guest in self._guests]
        return {}

    async def hush(self, order: Json) -> Json:
        """Nothing new is said; what was said is resent until it is acknowledged. How many could not be."""
        for guest in self._guests:
            guest.hushed = True
        _, unfinished = await asyncio.wait(self._talking, timeout=order["seconds"])
        for task in unfinished:
            task.cancel()
        results = await asyncio.gather(*self._talking, return_exceptions=True)
        broken = [repr(result) for result in results if isinstance(result, Exception)]
        return {"unacknowledged": sum(len(guest.waiting) for guest in self._guests), "broken": broken}

    async def end(self, order: Json) -> Json:
        """Let everybody see everything, then hang up. How many were still missing something."""
        seen = await asyncio.gather(*(guest.sync(order["seconds"]) for guest in self._guests))
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        if self._guests:
            await self._guests[0].http.aclose()
        if self._journal is not None:
            self._journal.close()
        return {"behind": seen.count(False)}


async def main() -> None:
    """Until standard input ends."""
    guests = Guests()
    await serve({"begin": guests.begin, "hush": guests.hush, "end": guests.end})


if __name__ == "__main__":
    asyncio.run(main())
