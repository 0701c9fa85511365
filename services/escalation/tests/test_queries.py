"""get_escalation, list_escalations, queue_escalations and timeline_of_escalation, as people ask for them."""

from uuid import uuid4

from escalation_play import Hotel, Json, names

from contracts.values import HandOverReason


async def pages(hotel: Hotel, path: str, limit: int) -> list[list[str]]:
    """The ids on every page of a list."""
    found: list[list[str]] = []
    params: Json = {"limit": limit}
    while True:
        answer = (await hotel.viewer.get(path, params=params)).json()
        found.append(names(answer["items"], "id"))
        if answer["next_cursor"] is None:
            return found
        params = {"limit": limit, "cursor": answer["next_cursor"]}


async def test_the_queue_has_the_most_urgent_first_and_then_the_oldest(hotel: Hotel) -> None:
    reasons = [
        HandOverReason.GUEST_ASKED,
        HandOverReason.UPSET,
        HandOverReason.NO_ARTICLE,
        HandOverReason.NEVER_AUTO_TOPIC,
    ]
    first, upset, second, refund = [await hotel.conversation().in_queue(reason) for reason in reasons]
    in_order = [upset["id"], refund["id"], first["id"], second["id"]]
    assert names(await hotel.queue(), "id") == in_order
    assert await pages(hotel, "/escalations/queue", 2) == [in_order[:2], in_order[2:]]
    assert [len(page) for page in await pages(hotel, "/escalations/queue", 3)] == [3, 1]


async def test_the_list_has_the_newest_first_page_by_page(hotel: Hotel) -> None:
    made = [(await hotel.conversation().in_queue())["id"] for _ in range(5)]
    assert await pages(hotel, "/escalations", 2) == [made[4:2:-1], made[2:0:-1], made[:1]]
    assert await pages(hotel, "/escalations", 5) == [made[::-1]]


async def test_the_list_is_narrowed_by_status_priority_assignee_and_conversation(hotel: Hotel) -> None:
    sam = await hotel.member()
    talk, other_talk = hotel.conversation(), hotel.conversation()
    urgent = await talk.in_queue(HandOverReason.UPSET, HandOverReason.NEVER_AUTO_TOPIC)
    mine = await other_talk.in_queue()
    await sam.assigns(mine, to=sam)

    async def listed(**params: object) -> list[str]:
        answer = await hotel.viewer.get("/escalations", params=params)  # pyright: ignore[reportArgumentType]  # str or list of str
        assert answer.status_code == 200, answer.text
        return names(answer.json()["items"], "id")

    assert await listed(status="assigned") == [mine["id"]]
    assert await listed(status=["assigned", "open"]) == [mine["id"], urgent["id"]]
    assert await listed(priority="4") == [urgent["id"]]
    assert await listed(assignee_id=str(sam.id)) == [mine["id"]]
    assert await listed(conversation_id=str(talk.id)) == [urgent["id"]]
    assert await listed(conversation_id=[str(talk.id), str(other_talk.id)]) == [mine["id"], urgent["id"]]
    assert await listed(conversation_id=str(uuid4())) == []


async def test_one_escalation_comes_with_its_etag(hotel: Hotel) -> None:
    escalation = await hotel.conversation().in_queue()
    answer = await hotel.viewer.get(f"/escalations/{escalation['id']}")
    assert answer.json() == escalation
    assert answer.headers["etag"] == '"1"'


async def test_the_timeline_says_what_happened_by_whom_when_and_why(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    await sam.assigns(escalation, to=kim)
    await hotel.publish(conversation.taken_over(sam.id))
    await conversation.escalation(status="in_progress")
    await sam.does("resolve", escalation, {"note": "Done."})
    said = [
        (e["version"], e["what"], e["by_kind"], e["by_name"], e["assignee_name"], e["because"], e["note"])
        for e in await hotel.timeline(escalation)
    ]
    took_over = "frontdesk.conversation.taken_over.v1"
    assert said == [
        (1, "created", "ai", None, None, "frontdesk.turn.handed_over.v1", None),
        (2, "assigned", "user", "Sam", "Kim", "request", None),
        (3, "assigned", "user", "Sam", "Sam", took_over, None),
        (4, "acknowledged", "user", "Sam", "Sam", took_over, None),
        (5, "resolved", "user", "Sam", "Sam", "request", "Done."),
    ]
    assert await pages_of_versions(hotel, escalation) == [[1, 2], [3, 4], [5]]


async def pages_of_versions(hotel: Hotel, escalation: Json) -> list[list[int]]:
    """The versions on every page of a timeline."""
    found: list[list[int]] = []
    params: Json = {"limit": 2}
    while True:
        answer = (await hotel.viewer.get(f"/escalations/{escalation['id']}/timeline", params=params)).json()
        found.append([entry["version"] for entry in answer["items"]])
        if answer["next_cursor"] is None:
            return found
        params["cursor"] = answer["next_cursor"]
