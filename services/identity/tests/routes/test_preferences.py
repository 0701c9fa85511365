"""Preferences and saved views: one's own, and what colleagues share."""

import httpx
from identity_play import Desk, Hotel, Json, body, refusal

VIEW = {"list_kind": "conversations", "name": "Waiting, German", "filter": {"status": ["open"], "language": "de"}}


async def saved(api: httpx.AsyncClient, **more: object) -> Json:
    return body(await api.post("/me/views", json=VIEW | more), 201)


async def test_preferences_are_the_persons_in_every_hotel(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await standing_hotel.member()
    nothing = await member.api.get("/me/preferences")
    assert (body(nothing)["language"], nothing.headers["etag"]) == (None, '"0"')
    mine = {"language": "de-AT", "time_format": "24h", "dashboard": {"sidebar": "narrow", "cards": [1, 2]}}
    first = await member.api.put("/me/preferences", json=mine, headers={"If-Match": '"0"'})
    assert body(first) == mine | {"version": 1}
    stale = await member.api.put("/me/preferences", json={}, headers={"If-Match": '"0"'})
    assert refusal(stale, 412) == "precondition-failed"
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "viewer"}))
    elsewhere = await desk.person(member.email, hotel=other_hotel.slug)
    assert body(await elsewhere.api.get("/me/preferences")) == mine | {"version": 1}
    assert body(await standing_hotel.admin.api.get("/me/preferences"))["version"] == 0
    body(await desk.root.get("/me/preferences"))


async def test_preferences_that_cannot_be_are_refused(standing_hotel: Hotel) -> None:
    for bad in (
        {"language": "not a language"},
        {"time_format": "13h"},
        {"dashboard": {"a": "x" * 20_000}},
        {"dashboard": []},
        {"user_id": "x"},
        {"version": 9},
    ):
        answer = await standing_hotel.admin.api.put("/me/preferences", json=bad)
        assert refusal(answer, 422) == "validation", bad
    json = {"content-type": "application/json"}
    no_number = '{"dashboard": {"a": [NaN]}}'
    answer = await standing_hotel.admin.api.put("/me/preferences", content=no_number, headers=json)
    assert refusal(answer, 422) == "validation"


async def test_a_view_is_kept_changed_ordered_and_deleted(standing_hotel: Hotel) -> None:
    api = (await standing_hotel.member()).api
    late, early = await saved(api, name="Late", position=2), await saved(api, name="Early", position=1)
    guests = await saved(api, list_kind="guests")
    listed = body(await api.get("/me/views", params={"list_kind": "conversations"}))["items"]
    assert [view["name"] for view in listed] == ["Early", "Late"]
    url = f"/me/views/{late['id']}"
    changed = await api.patch(url, json={"position": 0, "filter": {}}, headers={"If-Match": '"1"'})
    assert (body(changed)["version"], body(changed)["filter"], body(changed)["name"]) == (2, {}, "Late")
    assert body(await api.get(url)) == body(changed)
    stale = await api.patch(url, json={"name": "Older"}, headers={"If-Match": '"1"'})
    assert refusal(stale, 412) == "precondition-failed"
    assert [view["id"] for view in body(await api.get("/me/views"))["items"]] == [late["id"], guests["id"], early["id"]]
    assert (await api.delete(url)).status_code == 204
    assert refusal(await api.get(url), 404) == "not-found"
    for bad in ({"list_kind": "secrets"}, {"name": " "}, {"shared": "yes"}, {"user_id": "x"}, {"filter": [1]}):
        assert refusal(await api.post("/me/views", json=VIEW | bad), 422) == "validation", bad


async def test_colleagues_see_what_is_shared_and_change_nothing(hotel: Hotel, other_hotel: Hotel) -> None:
    mine, colleague = hotel.admin, await hotel.member()
    private, shared = await saved(mine.api), await saved(mine.api, shared=True)
    seen = body(await colleague.api.get("/me/views"))["items"]
    assert [(view["id"], view["own"]) for view in seen] == [(shared["id"], False)]
    for view, slug, status in ((private, "not-found", 404), (shared, "not-your-view", 403)):
        url = f"/me/views/{view['id']}"
        assert refusal(await colleague.api.patch(url, json={"name": "Mine now"}), status) == slug
        assert refusal(await colleague.api.delete(url), status) == slug
        assert refusal(await other_hotel.admin.api.get(url), 404) == "not-found"
        assert refusal(await other_hotel.admin.api.delete(url), 404) == "not-found"
    assert refusal(await colleague.api.get(f"/me/views/{private['id']}"), 404) == "not-found"
    assert body(await other_hotel.admin.api.get("/me/views"))["items"] == []


async def test_the_views_of_who_leaves_go_with_them(hotel: Hotel) -> None:
    member = await hotel.member()
    await saved(member.api, shared=True)
    assert len(body(await hotel.admin.api.get("/me/views"))["items"]) == 1
    body(await hotel.admin.api.post(f"/users/{member.id}/deactivate"))
    assert body(await hotel.admin.api.get("/me/views"))["items"] == []
