"""The figures of the knowledge base are those of what guests were really answered."""

from typing import Any
from uuid import UUID

import pytest
from conversation_play import Hotel
from service_play import ARTICLE
from test_articles import BREAKFAST, DOGS, written

from servicekit.ids import new_id
from servicekit.pagination import encode_cursor

Json = dict[str, Any]  # Any: JSON


async def got(hotel: Hotel, path: str, **params: Any) -> Any:  # Any: JSON
    """What the knowledge base says of itself."""
    answer = await hotel.staff().get(f"/knowledge/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def answer_from(hotel: Hotel, article_id: str) -> None:
    """Have the answers so far be taken from this article (the engine of these tests names one that is nobody's)."""
    await hotel.rows(
        "UPDATE messages SET sources = replace(sources::text, $1, $2)::jsonb WHERE sources <> '[]' RETURNING 1",
        str(ARTICLE),
        article_id,
    )


async def test_an_articles_use_and_ratings_are_counted(hotel: Hotel) -> None:
    dogs, breakfast = await written(hotel), await written(hotel, BREAKFAST)
    guest = await hotel.guest()
    first, second = await guest.ask("Can I bring my dog?"), await guest.ask("And two dogs?")
    await answer_from(hotel, dogs["id"])
    for answer, helpful in ((first, False), (second, True)):
        await guest.client.post(f"{guest.path}/messages/{answer['id']}/rate", json={"helpful": helpful})
    await hotel.staff().post(f"{guest.staff_path}/messages/{first['id']}/rate", json={"helpful": False})
    items = (await got(hotel, "statistics"))["items"]
    assert [(one["title"], one["used"], one["helpful"], one["unhelpful"]) for one in items] == [
        ("Dogs", 2, 1, 2),
        ("Breakfast", 0, 0, 0),
    ]
    assert (items[0]["last_used_at"], items[1]["last_used_at"]) == (second["sent_at"], None)
    before = (await got(hotel, "statistics", since="2020-01-01", until="2020-12-31"))["items"]
    assert {(one["used"], one["unhelpful"]) for one in before} == {(0, 0)}
    page = await got(hotel, "statistics", limit=1)
    rest = await got(hotel, "statistics", limit=1, cursor=page["next_cursor"])
    assert [one["article_id"] for one in page["items"] + rest["items"]] == [dogs["id"], breakfast["id"]]


@pytest.mark.parametrize("position", [("x", new_id()), (1, "x"), (-1, new_id()), (True, new_id()), (10**30, new_id())])
async def test_a_made_up_cursor_of_statistics_is_refused(hotel: Hotel, position: tuple[object, object]) -> None:
    refused = await hotel.staff().get("/knowledge/statistics", params={"cursor": encode_cursor(*position)})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontdesk:problem:bad-cursor")


async def test_coverage_is_the_share_of_what_guests_asked(hotel: Hotel) -> None:
    assert (await got(hotel, "coverage"))["answered_share"] is None
    guest = await hotel.guest()
    for question in ("Dogs?", "Cats?", "I want a refund!"):
        await guest.ask(question)
    await hotel.rows("UPDATE turns SET reasons = '{no_article}' WHERE state = 'handed_over' RETURNING 1")
    found = await got(hotel, "coverage")
    assert {key: found[key] for key in ("turns", "answered", "handed_over", "no_article", "low_confidence")} == {
        "turns": 3,
        "answered": 2,
        "handed_over": 1,
        "no_article": 1,
        "low_confidence": 0,
    }
    assert (found["answered_share"], found["no_article_share"]) == (2 / 3, 1 / 3)
    assert (await got(hotel, "coverage", until="2020-12-31"))["turns"] == 0


@pytest.mark.parametrize("path", ["coverage", "statistics"])
async def test_a_period_has_a_beginning_before_its_end(hotel: Hotel, path: str) -> None:
    wrong = {"since": "2026-02-01", "until": "2026-01-31"}
    refused = await hotel.staff().get(f"/knowledge/{path}", params=wrong)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontdesk:problem:bad-period")
    for widest in ({"since": "0001-01-01", "until": "9999-12-31"}, {"until": "0001-01-01"}):
        assert (await hotel.staff().get(f"/knowledge/{path}", params=widest)).status_code == 200


@pytest.mark.parametrize("day", ["0", "1700000000", "-1.5", "yesterday", "2026-13-01"])
async def test_a_day_is_written_out(hotel: Hotel, day: str) -> None:
    answer = await hotel.staff().get("/knowledge/coverage", params={"since": day})
    assert answer.status_code == 422, answer.text


async def test_an_old_article_in_use_and_a_badly_rated_one_are_pointed_out(hotel: Hotel) -> None:
    dogs, breakfast = await written(hotel), await written(hotel, BREAKFAST)
    guest = await hotel.guest()
    answer = await guest.ask("Can I bring my dog?")
    await answer_from(hotel, dogs["id"])
    assert await got(hotel, "attention") == {"stale": [], "conflicting": []}
    await hotel.rows(
        "UPDATE knowledge_articles SET updated_at = now() - interval '7 months' WHERE id = ANY($1) RETURNING 1",
        [UUID(dogs["id"]), UUID(breakfast["id"])],
    )
    [stale] = (await got(hotel, "attention"))["stale"]
    assert (stale["title"], stale["why"], stale["used"]) == ("Dogs", ["not_updated"], 1)
    assert (await got(hotel, "attention", months=8))["stale"] == []
    rate = f"messages/{answer['id']}/rate"
    await guest.client.post(f"{guest.path}/{rate}", json={"helpful": False})
    await hotel.staff().post(f"{guest.staff_path}/{rate}", json={"helpful": False})
    [stale] = (await got(hotel, "attention", months=8))["stale"]
    assert (stale["why"], stale["helpful"], stale["unhelpful"]) == (["rated_badly"], 0, 2)


async def test_two_check_out_times_are_pointed_out(hotel: Hotel, other_hotel: Hotel) -> None:
    until_11 = {**DOGS, "title": "Leaving", "body": "Check-out is until 11:00."}
    by_10 = {**DOGS, "title": "Your last day", "body": "Thank you for staying. Please check out by 10 am."}
    first, second = await written(hotel, until_11), await written(hotel, by_10, published=False)
    await written(other_hotel, by_10)
    assert (await got(hotel, "attention"))["conflicting"] == []
    await hotel.staff(role="admin").post(f"/articles/{second['id']}/publish")
    [found] = (await got(hotel, "attention"))["conflicting"]
    assert (found["kind"], found["language"]) == ("time", "en")
    assert [found["first"], found["second"]] == [
        {"article_id": first["id"], "title": "Leaving", "text": "Check-out is until 11:00."},
        {"article_id": second["id"], "title": "Your last day", "text": "Please check out by 10 am."},
    ]
    assert (await got(other_hotel, "attention"))["conflicting"] == []
