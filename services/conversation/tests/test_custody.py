"""Who has a conversation: staff take over and hand back, escalations come and go, and the guest is told each time."""

from datetime import timedelta
from uuid import UUID

from conversation_play import Guest, Hotel

from contracts.actor import ActorKind, ActorRef
from contracts.events import (
    AuditRecorded,
    ConversationEnded,
    ConversationEscalated,
    ConversationHandedBack,
    ConversationTakenOver,
    EscalationCreated,
    EscalationResolved,
    HotelUpdated,
    MembershipRevoked,
)
from contracts.ids import ConversationId, EscalationId, GuestId
from contracts.statuses import EscalationStatus, MembershipStatus
from contracts.values import HandOverReason, Priority
from servicekit.ids import new_id
from servicekit.testing import RunningService, TokenIssuer, eventually


def created(guest: Guest, escalation_id: EscalationId, conversation_version: int = 100) -> EscalationCreated:
    """The escalation service has taken note of the conversation as it was at that version."""
    return EscalationCreated(
        escalation_id=escalation_id,
        conversation_id=ConversationId(UUID(guest.conversation_id)),
        guest_id=GuestId(guest.id),
        conversation_version=conversation_version,
        reasons=(HandOverReason.NEVER_AUTO_TOPIC,),
        priority=Priority.HIGH,
        status=EscalationStatus.OPEN,
        version=1,
    )


def resolved(guest: Guest, escalation_id: EscalationId) -> EscalationResolved:
    """Staff have dealt with it."""
    return EscalationResolved(
        escalation_id=escalation_id,
        conversation_id=ConversationId(UUID(guest.conversation_id)),
        by=ActorRef(kind=ActorKind.USER, id=guest.hotel.sam),
        status=EscalationStatus.RESOLVED,
        version=2,
    )


async def notices(guest: Guest) -> list[str]:
    """The state lines, in order."""
    return [one["notice"] for one in await guest.messages() if one["kind"] == "notice"]


async def test_staff_take_over_and_the_guest_sees_who_it_is(guest: Guest, hotel: Hotel) -> None:
    taken = (await hotel.staff().post(f"{guest.staff_path}/take-over")).json()
    assert (taken["status"], taken["owner"]) == ("with_staff", "staff")
    assert taken["assignee"] == {"user_id": str(hotel.sam), "name": "Sam"}
    assert (await guest.messages())[-1]["text"] == "Sam has joined and will answer you."
    [event] = await hotel.app.events(ConversationTakenOver, hotel_id=hotel.id)
    assert event.user_id == hotel.sam
    [audit] = [one for one in await hotel.app.events(AuditRecorded, 2, hotel_id=hotel.id) if one.actor.id == hotel.sam]
    assert audit.action == "conversation.take_over"


async def test_taking_over_twice_is_taking_over_once(guest: Guest, hotel: Hotel) -> None:
    first = await hotel.staff().post(f"{guest.staff_path}/take-over")
    again = await hotel.staff().post(f"{guest.staff_path}/take-over")
    assert first.json() == again.json()
    assert await notices(guest) == ["taken_over"]


async def test_a_colleague_may_take_over_and_then_alone_hand_back(guest: Guest, hotel: Hotel) -> None:
    sam, kim = hotel.staff(), hotel.staff(hotel.kim)
    await sam.post(f"{guest.staff_path}/take-over")
    assert (await kim.post(f"{guest.staff_path}/hand-back")).status_code == 409
    assert (await kim.post(f"{guest.staff_path}/end")).status_code == 409
    taken = await kim.post(f"{guest.staff_path}/take-over")
    assert taken.json()["assignee"]["name"] == "Kim"
    assert (await sam.post(f"{guest.staff_path}/hand-back")).status_code == 409
    back = await kim.post(f"{guest.staff_path}/hand-back")
    assert (back.json()["status"], back.json()["owner"], back.json()["assignee"]) == ("open", "ai", None)
    assert await notices(guest) == ["taken_over", "taken_over", "handed_back"]
    [event] = await hotel.app.events(ConversationHandedBack, hotel_id=hotel.id)
    assert event.by.id == hotel.kim


async def test_the_ai_answers_again_after_the_hand_back(guest: Guest, hotel: Hotel) -> None:
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    await hotel.staff().post(f"{guest.staff_path}/hand-back")
    assert (await guest.ask("Is there parking?"))["text"] == "About Is there parking?"


async def test_an_ended_conversation_stays_ended(guest: Guest, hotel: Hotel) -> None:
    ended = await hotel.staff().post(f"{guest.staff_path}/end")
    assert (ended.json()["status"], ended.json()["ended_at"] is not None) == ("ended", True)
    assert await notices(guest) == ["ended"]
    for command in ("take-over", "hand-back", "escalate"):
        refused = await hotel.staff().post(f"{guest.staff_path}/{command}")
        assert refused.json()["type"] == "urn:frontdesk:problem:conversation-ended"
    assert (await hotel.staff().post(f"{guest.staff_path}/end")).status_code == 200
    [event] = await hotel.app.events(ConversationEnded, hotel_id=hotel.id)
    assert event.by == ActorRef(kind=ActorKind.USER, id=hotel.sam)


async def test_staff_escalate_and_the_guest_is_told_once(guest: Guest, hotel: Hotel) -> None:
    view = (await hotel.staff().post(f"{guest.staff_path}/escalate", json={"priority": 4})).json()
    assert (view["status"], view["owner"]) == ("waiting_for_staff", "nobody")
    [event] = await hotel.app.events(ConversationEscalated, hotel_id=hotel.id)
    assert event.priority is Priority.URGENT
    await hotel.app.publish(created(guest, EscalationId(new_id())), hotel.id)
    await eventually(lambda: hotel.rows("SELECT 1 FROM conversations WHERE escalation_id IS NOT NULL"))
    assert await notices(guest) == ["escalated"]


async def test_a_handed_over_guest_is_told_when_the_escalation_is_there(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("I want a refund!")
    event, event_id = created(guest, EscalationId(new_id())), new_id()
    await hotel.app.publish(event, hotel.id, id=event_id)
    notice = await guest.heard("system")
    assert notice["text"] == "Our team has been told. Someone will join as soon as they are free."
    await hotel.app.publish(event, hotel.id, id=event_id)  # delivered again
    await hotel.app.publish(event, hotel.id)  # or published again
    await hotel.app.publish(resolved(guest, event.escalation_id), hotel.id)
    await guest.has_status("open")
    assert await notices(guest) == ["escalated", "returned"]


async def test_a_resolved_escalation_gives_the_conversation_back_to_the_ai(guest: Guest, hotel: Hotel) -> None:
    escalation = EscalationId(new_id())
    await guest.ask("I want a refund!")
    await hotel.app.publish(created(guest, escalation), hotel.id)
    await guest.heard("system")
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    await hotel.app.publish(resolved(guest, escalation), hotel.id)
    view = await guest.has_status("open")
    assert (view["owner"], view["assignee"]) == ("ai", None)
    assert (await guest.ask("Is there parking?"))["action"] == "answer"


async def test_another_escalations_resolution_changes_nothing(guest: Guest, hotel: Hotel) -> None:
    escalation = EscalationId(new_id())
    await guest.ask("I want a refund!")
    await hotel.app.publish(created(guest, escalation), hotel.id)
    await guest.heard("system")
    other = resolved(guest, EscalationId(new_id()))
    mark = new_id()
    await hotel.app.publish(other, hotel.id, id=mark)
    await eventually(lambda: hotel.rows("SELECT 1 FROM inbox WHERE event_id = $1", mark))
    assert (await guest.conversation())["status"] == "waiting_for_staff"


async def test_the_ai_is_silent_and_the_guest_told_when_staff_escalate_by_hand(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("Is there parking?")
    by_hand = created(guest, EscalationId(new_id()), (await guest.conversation())["version"])
    await hotel.app.publish(by_hand, hotel.id)
    assert (await guest.has_status("waiting_for_staff"))["owner"] == "nobody"
    await guest.say("And a pool?")
    assert not await hotel.rows("SELECT 1 FROM turns WHERE state = 'open'"), "the AI leaves it to staff"
    await hotel.app.publish(resolved(guest, by_hand.escalation_id), hotel.id)
    await guest.has_status("open")
    await hotel.app.publish(by_hand, hotel.id, id=(late := new_id()))  # published again
    await eventually(lambda: hotel.rows("SELECT 1 FROM inbox WHERE event_id = $1", late))
    assert (await guest.conversation())["status"] == "open"
    assert await notices(guest) == ["escalated", "returned"]


async def test_a_guest_whom_somebody_has_joined_is_not_told_that_somebody_will(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("I want a refund!")
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    event = created(guest, EscalationId(new_id()))
    await hotel.app.publish(event, hotel.id)
    await eventually(lambda: hotel.rows("SELECT 1 FROM conversations WHERE escalation_id IS NOT NULL"))
    assert await notices(guest) == ["taken_over"]
    await hotel.app.publish(resolved(guest, event.escalation_id), hotel.id)
    await guest.has_status("open")
    assert await notices(guest) == ["taken_over", "returned"]


async def test_late_news_of_an_earlier_escalation_neither_wakes_nor_ends_the_present_one(
    guest: Guest, hotel: Hotel
) -> None:
    first, second = EscalationId(new_id()), EscalationId(new_id())
    await guest.ask("I want a refund!")
    before = (await guest.conversation())["version"]
    await hotel.staff().post(f"{guest.staff_path}/hand-back")
    await hotel.app.publish(created(guest, first, before), hotel.id, id=(early := new_id()))
    await eventually(lambda: hotel.rows("SELECT 1 FROM inbox WHERE event_id = $1", early))
    assert (await guest.conversation())["status"] == "open"
    await guest.ask("Then I want another refund!")
    await hotel.app.publish(created(guest, second, (await guest.conversation())["version"]), hotel.id)
    await guest.heard("system", notice="escalated")
    for late in (created(guest, first, before), resolved(guest, first)):
        await hotel.app.publish(late, hotel.id, id=(mark := new_id()))
        await eventually(lambda mark=mark: hotel.rows("SELECT 1 FROM inbox WHERE event_id = $1", mark))
    assert (await guest.conversation())["status"] == "waiting_for_staff"
    assert await notices(guest) == ["handed_back", "escalated"]


async def test_a_guest_whose_member_of_staff_left_the_hotel_waits_for_a_colleague_and_is_told(
    guest: Guest, hotel: Hotel
) -> None:
    other = await hotel.guest()
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    await hotel.staff(hotel.kim).post(f"{other.staff_path}/take-over")
    joined = hotel.membership(hotel.sam, "Sam", version=2).model_dump()
    left = MembershipRevoked.model_validate(joined | {"status": MembershipStatus.REVOKED})
    await hotel.app.publish(left, hotel.id)
    view = await guest.has_status("waiting_for_staff")
    assert (view["owner"], view["assignee"]) == ("nobody", None)
    assert await notices(guest) == ["taken_over", "escalated"]
    [event] = await hotel.app.events(ConversationEscalated, hotel_id=hotel.id)
    assert (str(event.conversation_id), event.by.kind) == (guest.conversation_id, ActorKind.SYSTEM)
    assert (await other.conversation())["status"] == "with_staff", "a colleague's guest notices nothing"
    await hotel.app.publish(left, hotel.id, id=(again := new_id()))
    await eventually(lambda: hotel.rows("SELECT 1 FROM inbox WHERE event_id = $1", again))
    taken = (await hotel.staff(hotel.kim).post(f"{guest.staff_path}/take-over")).json()
    assert taken["assignee"]["name"] == "Kim"
    assert await notices(guest) == ["taken_over", "escalated", "taken_over"]


async def test_identity_tells_of_hotels_and_staff(desk: RunningService, issuer: TokenIssuer) -> None:
    hotel = await Hotel(desk, issuer).open()
    guest = await hotel.guest()
    await hotel.staff(hotel.kim).post(f"{guest.staff_path}/take-over")
    assert (await guest.conversation())["assignee"]["name"] == "Kim"


async def test_an_old_description_of_a_hotel_changes_nothing(hotel: Hotel) -> None:
    newer = hotel.described(HotelUpdated, name="New Lindenhof", version=5)
    older, mark = hotel.described(HotelUpdated, name="Old Lindenhof", version=4), new_id()
    await hotel.app.publish(newer, hotel.id)
    await hotel.app.publish(older, hotel.id, id=mark)
    await eventually(lambda: hotel.rows("SELECT 1 FROM inbox WHERE event_id = $1", mark))
    assert await hotel.rows("SELECT name, version FROM hotels") == [{"name": "New Lindenhof", "version": 5}]


async def test_staff_find_conversations_by_status_page_by_page(hotel: Hotel) -> None:
    guests = [await hotel.guest() for _ in range(5)]
    await guests[0].client.post(f"{guests[0].path}/end")
    await hotel.staff().post(f"{guests[1].staff_path}/escalate")
    latest = [guests[number].conversation_id for number in (1, 0, 4, 3, 2)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = (
            await hotel.staff().get("/conversations", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == latest
    some = await hotel.staff().get("/conversations", params={"status": ["ended", "waiting_for_staff"]})
    assert [one["status"] for one in some.json()["items"]] == ["waiting_for_staff", "ended"]
    assert (await hotel.staff().get("/conversations", params={"cursor": "bm9uc2Vuc2U"})).status_code == 422
    assert (await hotel.staff().get("/conversations", params={"status": "lost"})).status_code == 422


async def test_staff_read_a_long_conversation_from_its_end(guest: Guest, hotel: Hotel) -> None:
    await guest.long_conversation("line", 450)
    path, before, seen = f"{guest.staff_path}/messages", str(2**31 - 1), list[int]()
    while before:
        page = (await hotel.staff().get(path, params={"before_seq": before})).json()
        seen = [one["seq"] for one in page["items"]] + seen
        before = page["next_cursor"]
    assert seen == list(range(1, 451))
    assert (await hotel.staff().get(path, params={"before_seq": 0})).status_code == 422


async def test_a_guest_has_one_conversation_at_a_time(guest: Guest) -> None:
    again = await guest.client.post("/widget/conversations")
    assert (again.status_code, again.json()["id"]) == (200, guest.conversation_id)
    assert (await guest.client.get("/widget/conversations/current")).json()["id"] == guest.conversation_id
    await guest.client.post(f"{guest.path}/end")
    assert (await guest.client.get("/widget/conversations/current")).status_code == 404


async def test_a_guests_session_is_renewed_for_the_same_guest_and_hotel_only(
    guest: Guest, hotel: Hotel, other_hotel: Hotel
) -> None:
    renewed = (await guest.client.post("/widget/sessions", json={"hotel": hotel.slug})).json()
    assert (renewed["guest_id"], renewed["hotel"]["name"]) == (str(guest.id), "Hotel Lindenhof")
    assert renewed["hotel"]["language"] == "en"
    german = await guest.client.post("/widget/sessions", json={"hotel": hotel.slug, "language": "de"})
    assert german.json()["hotel"]["language"] == "de"
    elsewhere = (await guest.client.post("/widget/sessions", json={"hotel": other_hotel.slug})).json()
    assert elsewhere["guest_id"] != str(guest.id)
    assert (await guest.client.post("/widget/sessions", json={"hotel": "nowhere"})).status_code == 404


async def test_a_hotel_whose_site_is_elsewhere_gets_no_session(hotel: Hotel) -> None:
    await hotel.app.publish(
        hotel.described(HotelUpdated, allowed_origins=("https://lindenhof.example",), version=2), hotel.id
    )
    await eventually(lambda: hotel.rows("SELECT 1 FROM hotels WHERE version = 2"))
    body = {"hotel": hotel.slug}
    stranger = await hotel.app.client(origin="https://elsewhere.example").post("/widget/sessions", json=body)
    assert stranger.json()["type"] == "urn:frontdesk:problem:origin-not-allowed"
    own = await hotel.app.client(origin="https://lindenhof.example").post("/widget/sessions", json=body)
    assert own.status_code == 201


async def test_staff_tokens_open_no_widget_and_guest_tokens_no_inbox(guest: Guest, hotel: Hotel) -> None:
    assert (await hotel.staff().get(f"{guest.path}/messages")).status_code == 403
    assert (await guest.client.get("/conversations")).status_code == 403
    forged = hotel.app.client(guest.token[:-4] + "AAAA")
    assert (await forged.get(f"{guest.path}/messages")).status_code == 401


async def test_a_guests_token_ends_after_a_day(guest: Guest, hotel: Hotel) -> None:
    from conversation.resources import resources_of

    tokens = resources_of(hotel.app.runtime).tokens
    yesterday = type(tokens)(tokens.key, lambda: tokens.clock() - timedelta(hours=24, seconds=1))
    token, _ = yesterday.issue(hotel.id, GuestId(guest.id))
    assert (await hotel.app.client(token).get(f"{guest.path}/messages")).status_code == 401
