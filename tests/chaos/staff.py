"""Plays the staff of a round at the gateway: live stream with cursor, take over, answer, hand back or resolve or end."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from chaos.driving import Backoff, Json, http_client, retry_after, serve
from chaos.guests import AWAY
from chaos.journal import Journal
from servicekit.ids import new_id

PASSWORD = "front-desk-demo"
LOOK_SECONDS = 2.0
"""How often the queue is read although the stream tells what happens: a dashboard does so after every resync."""
REPLIES = ("This is the front desk.", "Let me look that up for you.", "Done, have a lovely day!")


class Refused(Exception):
    """The command can't be carried out (4xx): the situation has changed."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(slots=True)
class Colleague:
    """One member of staff with the dashboard open, for as long as the driver lives."""

    email: str
    gateway: str
    share: tuple[int, int]
    rng: random.Random
    journal: Journal | None = None
    http: httpx.AsyncClient = field(default_factory=http_client)
    cursor: str | None = None
    signed_in: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    cases: dict[str, "asyncio.Task[None]"] = field(default_factory=dict[str, "asyncio.Task[None]"])
    hotel: str = ""
    user: str = ""
    still_mine: Counter[str] = field(default_factory=Counter[str])

    @property
    def name(self) -> str:
        return self.email.partition("@")[0]

    def note(self, what: str, **facts: Any) -> None:  # Any: JSON values
        if self.journal is not None:
            self.journal.note(self.name, what, **facts)

    async def sign_in(self) -> None:
        """A session cookie at the gateway; again when the last one is over."""
        async with self.lock:
            if self.signed_in:
                return
            pause = Backoff(self.rng)
            while not self.signed_in:
                try:
                    answer = await self.http.post(
                        f"{self.gateway}/api/session", json={"email": self.email, "password": PASSWORD}
                    )
                    if answer.status_code == 201:
                        self.http.headers["x-csrf-token"] = answer.json()["csrf_token"]
                        self.signed_in = True
                        self.hotel, self.user = answer.json()["hotel"]["id"], answer.json()["user"]["id"]
                        self.note("works-at", hotel=self.hotel)
                        return
                    await pause.wait(retry_after(answer))
                except AWAY:
                    await pause.wait()

    async def call(self, method: str, path: str, body: Json | None = None, conversation: str = "") -> Json:
        """Ask the gateway until it answers; commands carry a key, so that asking again does nothing twice.

        Raises:
            Refused: with a 4xx that asking again would not change.
        """
        key = str(new_id())
        headers = {"idempotency-key": key} if method == "POST" else {}
        pause = Backoff(self.rng)
        if method == "POST":
            self.note("asked", key=key, path=path, conversation=conversation, id=(body or {}).get("id"))
        while True:
            try:
                answer = await self.http.request(method, f"{self.gateway}/api{path}", json=body, headers=headers)
            except AWAY:
                await pause.wait()
                continue
            if answer.is_success:
                if method == "POST":
                    self.note("done", key=key, conversation=conversation, id=(body or {}).get("id"), path=path)
                return answer.json() if answer.content else {}
            if answer.status_code == 401:
                self.signed_in = False
                await pause.wait()
                await self.sign_in()
            elif answer.status_code == 429 or answer.status_code >= 500:
                await pause.wait(retry_after(answer))
            else:
                self.note("refused", key=key, status=answer.status_code, path=path, conversation=conversation)
                raise Refused(answer.status_code)

    # The stream

    async def listen(self) -> None:
        """Be connected always, from the last cursor on."""
        pause = Backoff(self.rng)
        while True:
            await self.sign_in()
            url = f"{self.gateway.replace('http', 'ws', 1)}/api/live" + (
                f"?cursor={self.cursor}" if self.cursor else ""
            )
            cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies.jar)
            try:
                async with connect(
                    url,
                    additional_headers={"cookie": cookie},
                    proxy=None,
                    open_timeout=3,
                    close_timeout=1,
                    ping_interval=4,
                    ping_timeout=4,
                ) as socket:
                    async for raw in socket:
                        self._take(json.loads(raw))
                        pause.reset()
                    if socket.close_code == 4401:
                        self.signed_in = False
            except AWAY as error:
                response = getattr(error, "response", None)
                if response is not None and response.status_code in (401, 403):
                    self.signed_in = False
            self.note("left")
            await pause.wait()

    def _take(self, frame: Json) -> None:
        if "cursor" in frame:
            self.cursor = frame["cursor"]
        match frame["type"]:
            case "event":
                event = frame["event"]
                self.note(
                    "saw",
                    id=event["id"],
                    type=event["type"],
                    hotel=event["hotel_id"],
                    version=event.get("version"),
                    conversation=event.get("conversation_id"),
                    escalation=event.get("escalation_id"),
                )
                if event["type"] in ("frontdesk.escalation.created.v1", "frontdesk.turn.handed_over.v1"):
                    eager = event["type"].startswith("frontdesk.escalation")
                    if eager or self.rng.random() < 0.5:
                        self.take_case(event["conversation_id"])
            case "hello" | "resync":
                self.note(frame["type"], cursor=frame["cursor"])
            case _:
                pass

    async def look(self) -> None:
        """Read the queue now and then, for what the stream did not say."""
        while True:
            await asyncio.sleep(LOOK_SECONDS * self.rng.uniform(0.8, 1.2))
            await self.sign_in()
            with contextlib.suppress(Refused):
                found = await self.call("GET", "/escalations/queue?limit=50")
                for item in found["items"]:
                    self.take_case(item["conversation_id"])
                await self._tidy()

    async def _tidy(self) -> None:
        """Hand back what is still mine though I am done with it, as whoever reads their inbox would."""
        if self.journal is None:
            return
        inbox = await self.call("GET", "/inbox?status=with_staff&limit=50")
        with_me = {
            item["conversation"]["id"]
            for item in inbox["items"]
            if (item["conversation"]["assignee"] or {}).get("user_id") == self.user
            and item["conversation"]["id"] not in self.cases
        }
        self.still_mine = Counter({one: self.still_mine[one] + 1 for one in with_me})
        for conversation, looks in list(self.still_mine.items()):
            if looks > 1:
                self.note("tidied", conversation=conversation)
                with contextlib.suppress(Refused):
                    await self.call("POST", f"/conversations/{conversation}/hand-back", {}, conversation)

    # Cases

    def is_mine(self, conversation: str) -> bool:
        """Colleagues share the queue by conversation."""
        return int(conversation.replace("-", "")[-4:], 16) % self.share[1] == self.share[0]

    def take_case(self, conversation: str) -> None:
        """Look after a conversation, unless that is being done."""
        if conversation in self.cases or not self.is_mine(conversation) or self.journal is None:
            return
        task = asyncio.create_task(self._work(conversation))
        self.cases[conversation] = task
        task.add_done_callback(lambda _done: self.cases.pop(conversation, None))

    async def _work(self, conversation: str) -> None:
        await asyncio.sleep(self.rng.uniform(0.05, 0.4))
        path = f"/conversations/{conversation}"
        try:
            await self.call("POST", f"{path}/take-over", {}, conversation)
            for _ in range(self.rng.randint(1, 2)):
                await asyncio.sleep(self.rng.uniform(0.1, 0.4))
                said = {"id": str(new_id()), "text": self.rng.choice(REPLIES)}
                await self.call("POST", f"{path}/messages", said, conversation)
            how = self.rng.random()
            if how < 0.15:
                await self.call("POST", f"{path}/end", {}, conversation)
            elif how < 0.55 and (escalation := await self._escalation_of(conversation)):
                await self.call("POST", f"/escalations/{escalation}/resolve", {"note": "seen to"}, conversation)
            else:
                await self.call("POST", f"{path}/hand-back", {}, conversation)
        except Refused:
            return  # the guest ended it, or a resolution took it back: queue and inbox show what is left

    async def _escalation_of(self, conversation: str) -> str | None:
        found = await self.call("GET", f"/escalations?conversation_id={conversation}")
        working = [item["id"] for item in found["items"] if item["status"] in ("assigned", "in_progress")]
        return working[0] if working else None


class Desk:
    """All colleagues; they stay signed in from round to round."""

    def __init__(self) -> None:
        self._colleagues: list[Colleague] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, order: Json) -> Json:
        """A new round: a new journal; the first time, sign in and listen."""
        if not self._colleagues:
            for hotel in order["staff"]:
                for n, email in enumerate(hotel):
                    rng = random.Random(f"{order['seed']} {email}")
                    self._colleagues.append(Colleague(email, order["gateway"], (n, len(hotel)), rng))
        journal = Journal(Path(order["journal"]))
        for colleague in self._colleagues:
            colleague.rng.seed(f"{order['seed']} {colleague.email}")
            colleague.journal = journal
            if colleague.hotel:
                colleague.note("works-at", hotel=colleague.hotel)
        if not self._tasks:
            await asyncio.gather(*(colleague.sign_in() for colleague in self._colleagues))
            for colleague in self._colleagues:
                self._tasks.append(asyncio.create_task(colleague.listen()))
                self._tasks.append(asyncio.create_task(colleague.look()))
        return {}

    async def status(self, _order: Json) -> Json:
        """Whether anything is being worked on, and whether a task of the driver itself broke."""
        broken = [repr(task.exception()) for task in self._tasks if task.done() and not task.cancelled()]
        return {"cases": sum(len(colleague.cases) for colleague in self._colleagues), "broken": broken}

    async def end(self, order: Json) -> Json:
        """The round is over: what is still in hand is left, so that the next round begins with nothing."""
        left = [task for colleague in self._colleagues for task in colleague.cases.values()]
        if left:
            await asyncio.wait(left, timeout=order["seconds"])
        for task in left:
            task.cancel()
        return {"left": len([task for task in left if not task.done()])}


async def main() -> None:
    """Until standard input ends."""
    desk = Desk()
    await serve({"begin": desk.begin, "status": desk.status, "end": desk.end})


if __name__ == "__main__":
    asyncio.run(main())
