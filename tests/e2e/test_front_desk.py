"""The product's main job, end to end: a guest asks, the AI answers or hands over, staff take over, everybody sees it live."""

from collections.abc import Callable

import httpx

from devstack.stack import Stack
from kit.people import PASSWORD, Guest, Json, Staff, until

LINDENHOF_STAFF = "sam.staff@lindenhof.example"
HARBOUR_STAFF = "holly.staff@harbour-house.example"


def message_from(sender: str, text: str | None = None) -> Callable[[Json], bool]:
    def wanted(frame: Json) -> bool:
        if frame["type"] != "message" or frame["message"]["sender"] != sender:
            return False
        return text is None or frame["message"]["text"] == text

    return wanted


def event(kind: str, conversation_id: object) -> Callable[[Json], bool]:
    def wanted(frame: Json) -> bool:
        return (
            frame["type"] == "event"
            and frame["event"]["type"] == f"frontdesk.{kind}.v1"
            and frame["event"].get("conversation_id") == str(conversation_id)
        )

    return wanted


async def test_a_guest_asks_the_ai_answers_staff_take_over_and_give_back(stack: Stack) -> None:
    gateway, desk = stack.url("gateway"), stack.url("conversation")
    async with await Guest.arrives(desk) as first:
        answer = await first.asks("Can I bring my dog?")
        assert answer["action"] == "answer"
        assert answer["sources"], "an answer names its articles"

    async with await Staff.signs_in(gateway, LINDENHOF_STAFF) as sam, sam.live() as dashboard:
        # The guest comes through the gateway's pass-through, which is the one public address.
        async with await Guest.arrives(gateway) as guest, guest.live() as widget:
            await guest.says("I want my money back for last night, the room was a disaster!")
            told = await widget.until(message_from("ai"))
            assert told["message"]["action"] == "hand_over"
            created = await dashboard.until(event("escalation.created", guest.conversation_id))
            escalation_id = created["event"]["escalation_id"]
            queue = await sam.get("/escalations/queue")
            assert escalation_id in [e["id"] for e in queue["items"]]

            await sam.does(f"/conversations/{guest.conversation_id}/take-over")
            await widget.until(
                lambda f: (
                    f["type"] == "message"
                    and f["message"]["kind"] == "notice"
                    and f["message"]["notice"] == "taken_over"
                )
            )
            await dashboard.until(event("escalation.assigned", guest.conversation_id))

            await guest.says("Are you a real person?")
            await dashboard.until(
                lambda f: event("message.sent", guest.conversation_id)(f) and f["event"]["sender"]["kind"] == "guest"
            )
            await sam.replies(guest.conversation_id, "Yes, I am Sam. I am so sorry; let me look into it.")
            await widget.until(message_from("staff", "Yes, I am Sam. I am so sorry; let me look into it."))
            senders = [m["sender"] for m in await guest.messages() if m["kind"] == "text"]
            assert senders == ["guest", "ai", "guest", "staff"], "the AI is silent once a human has the conversation"

            page = await sam.get(f"/conversations/{guest.conversation_id}")
            assert page["conversation"]["owner"] == "staff"
            assert page["escalation"]["value"]["status"] == "in_progress"
            assert page["escalation"]["value"]["assignee_id"] == sam.user_id
            assert page["guest"]["state"] == "ok"

            await sam.does(f"/conversations/{guest.conversation_id}/hand-back")
            await widget.until(
                lambda f: (
                    f["type"] == "message"
                    and f["message"]["kind"] == "notice"
                    and f["message"]["notice"] == "handed_back"
                )
            )
            await dashboard.until(event("escalation.resolved", guest.conversation_id))
            again = await guest.asks("What time is breakfast?")
            assert again["action"] == "answer", "after the hand-back the AI answers again"
            await widget.until(lambda f: f["type"] == "message" and f["message"]["id"] == again["id"])

            await sam.does(f"/conversations/{guest.conversation_id}/end")
            await widget.until(lambda f: f["type"] == "state" and f["conversation"]["status"] == "ended")
            seqs = [m["seq"] for m in await guest.messages()]
            assert seqs == list(range(1, len(seqs) + 1)), "no gap, nothing twice"
            shown = [f["message"]["seq"] for f in widget.seen if f["type"] == "message"]
            assert shown == seqs, "the widget saw every message once and in order"


async def test_each_hotel_answers_from_its_own_articles_in_the_guests_language(stack: Stack) -> None:
    desk = stack.url("conversation")
    async with (
        await Guest.arrives(desk, "lindenhof") as vienna,
        await Guest.arrives(desk, "harbour-house") as whitstable,
        await Guest.arrives(desk, "lindenhof", "de") as german,
    ):
        here = await vienna.asks("Can I bring my dog?")
        there = await whitstable.asks("Can I bring my dog?")
        deutsch = await german.asks("Darf ich meinen Hund mitbringen?")
    assert here["action"] == there["action"] == deutsch["action"] == "answer"
    assert here["text"] != there["text"]
    assert here["sources"][0]["article_id"] != there["sources"][0]["article_id"]
    assert deutsch["sources"][0]["article_id"] == here["sources"][0]["article_id"], (
        "the same article, its German variant"
    )
    assert deutsch["language"] == "de"
    assert "Hund" in deutsch["text"]


async def test_what_no_article_covers_goes_to_staff_and_says_so(stack: Stack) -> None:
    async with await Guest.arrives(stack.url("conversation")) as guest:
        reply = await guest.asks("Could you tell me the atomic weight of molybdenum?")
        assert reply["action"] == "hand_over"
        assert (await guest.conversation())["status"] == "waiting_for_staff"


async def test_a_dashboard_that_reconnects_misses_nothing_and_sees_nothing_twice(stack: Stack) -> None:
    gateway = stack.url("gateway")
    async with await Staff.signs_in(gateway, LINDENHOF_STAFF) as sam, await Guest.arrives(gateway) as guest:
        async with sam.live() as dashboard:
            await guest.asks("Is there parking?")
            first = await dashboard.until(event("turn.answered", guest.conversation_id))
        away = await guest.asks("And what does it cost?")
        async with sam.live(first["cursor"]) as dashboard:
            await dashboard.until(lambda f: f["type"] == "event" and f["event"].get("message_id") == away["id"])
            seen = [f["event"]["id"] for f in dashboard.seen if f["type"] == "event"]
        assert first["event"]["id"] not in seen
        assert len(seen) == len(set(seen))


async def test_staff_of_one_hotel_see_nothing_of_the_other(stack: Stack) -> None:
    gateway = stack.url("gateway")
    async with (
        await Staff.signs_in(gateway, HARBOUR_STAFF) as holly,
        holly.live() as dashboard,
        await Guest.arrives(gateway, "lindenhof") as guest,
        await Guest.arrives(gateway, "harbour-house") as own,
    ):
        await guest.asks("Is there parking?")
        await own.asks("Is there parking?")
        await dashboard.until(
            lambda f: f["type"] == "event" and f["event"].get("conversation_id") == str(own.conversation_id)
        )
        assert not [
            f for f in dashboard.seen if f["type"] == "event" and f["event"]["hotel_id"] != holly.profile["hotel"]["id"]
        ]
        inbox = await holly.get("/inbox")
        assert str(guest.conversation_id) not in [item["conversation"]["id"] for item in inbox["items"]]
        answer = await holly.http.get(f"/api/conversations/{guest.conversation_id}")
        assert answer.status_code == 404


async def test_a_dead_service_leaves_its_part_unavailable_never_the_page(stack: Stack) -> None:
    async with (
        await Staff.signs_in(stack.url("gateway"), LINDENHOF_STAFF) as sam,
        await Guest.arrives(stack.url("gateway")) as guest,
    ):
        await guest.asks("Is there a gym?")
        stack.stop_service("escalation")
        try:
            page = await sam.get(f"/conversations/{guest.conversation_id}")
            inbox = await sam.get("/inbox")
        finally:
            stack.start_service("escalation")
        assert page["escalation"]["state"] == "unavailable"
        assert page["messages"]["state"] == "ok"
        assert inbox["parts"]["escalations"] == "unavailable"
        assert inbox["items"]


async def test_the_browser_gets_a_cookie_that_scripts_cannot_read_and_never_a_token(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as browser:
        answer = await browser.post("/api/session", json={"email": LINDENHOF_STAFF, "password": PASSWORD})
    assert answer.status_code == 201
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "token" not in answer.text.replace("csrf_token", "")


async def test_signing_out_ends_the_open_live_stream_within_five_seconds(stack: Stack) -> None:
    gateway = stack.url("gateway")
    async with await Staff.signs_in(gateway, "vera.viewer@lindenhof.example") as vera, vera.live() as dashboard:
        assert (await vera.http.delete("/api/session")).status_code == 204

        async def closed() -> bool:
            return dashboard.socket.close_code is not None

        await until(closed, 5, what="the live stream's end")
        assert (await vera.http.get("/api/inbox")).status_code == 401
