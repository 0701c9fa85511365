"""A hotel's own roles: what they allow, who may make them, and how soon a change is felt."""

import asyncio

from identity_play import Desk, Hotel, Json, Person, body, refusal

from contracts.events import MembershipChanged

DUTY = {"name": "duty_manager", "display_name": "Duty manager", "permissions": ["user:read", "escalation:read"]}
DEPUTY = ["user:read", "user:write", "role:read", "role:write", "guest:read"]


async def made(hotel: Hotel, name: str = "duty_manager", permissions: list[str] | None = None) -> Json:
    role = DUTY | {"name": name} | ({} if permissions is None else {"permissions": permissions})
    return body(await hotel.admin.api.post("/roles", json=role), 201)


async def deputy_of(hotel: Hotel) -> Person:
    await made(hotel, "deputy", DEPUTY)
    return await hotel.member("deputy")


async def test_a_hotel_makes_a_role_and_who_works_in_it_may_do_that_and_no_more(desk: Desk, hotel: Hotel) -> None:
    answer = await hotel.admin.api.post("/roles", json=DUTY)
    role = body(answer, 201)
    assert (role["permissions"], role["built_in"], role["members"]) == (["escalation:read", "user:read"], False, 0)
    member = await hotel.member("duty_manager")
    assert (member.claims["role"], member.claims["scopes"]) == ("duty_manager", role["permissions"])
    assert refusal(await member.api.get("/guests"), 403) == "missing-permission"
    held = body(await hotel.admin.api.get(f"/users/{member.id}/permissions"))["items"]
    assert [(item["role"], item["permissions"]) for item in held] == [("duty_manager", role["permissions"])]
    assert body(await hotel.admin.api.get(answer.headers["location"])) == role | {"members": 1}
    listed = body(await hotel.admin.api.get("/roles"))["items"]
    assert [item["name"] for item in listed] == ["admin", "staff", "viewer", "duty_manager"]
    found = body(await hotel.admin.api.get("/users", params={"role": "duty_manager"}))["items"]
    assert [user["id"] for user in found] == [str(member.id)]
    assert body(await member.api.get("/me"))["hotels"][0]["role_name"] == "Duty manager"


async def test_a_changed_role_is_felt_in_tokens_and_another_name_for_it_is_not(desk: Desk, hotel: Hotel) -> None:
    await made(hotel)
    member, bystander = await hotel.member("duty_manager"), await hotel.member()
    url = "/roles/duty_manager"
    named = await hotel.admin.api.patch(url, json={"display_name": "Night desk"}, headers={"If-Match": '"1"'})
    assert (body(named)["version"], named.headers["etag"]) == (2, '"2"')
    body(await member.api.get("/me"))
    body(await hotel.admin.api.patch(url, json={"permissions": ["user:read", "guest:read"]}))
    assert await member.is_refused()
    assert body(await desk.refresh(member.refresh_token))["scopes"] == ["guest:read", "user:read"]
    body(await bystander.api.get("/me"))
    told = await desk.app.events(MembershipChanged, hotel_id=hotel.id)
    assert [(event.user_id, event.role, event.version) for event in told] == [(member.id, "duty_manager", 2)]
    stale = await hotel.admin.api.patch(url, json={"description": "x"}, headers={"If-Match": '"1"'})
    assert refusal(stale, 412) == "precondition-failed"


async def test_a_role_in_use_stays_and_former_members_come_back_in_another(desk: Desk, hotel: Hotel) -> None:
    await made(hotel)
    member = await hotel.member("duty_manager")
    in_use = await hotel.admin.api.delete("/roles/duty_manager")
    assert refusal(in_use, 409) == "role-in-use"
    assert "1 person" in in_use.json()["detail"]
    body(await hotel.admin.api.post(f"/users/{member.id}/deactivate"))
    assert (await hotel.admin.api.delete("/roles/duty_manager")).status_code == 204
    assert refusal(await hotel.admin.api.get("/roles/duty_manager"), 404) == "not-found"
    assert refusal(await hotel.admin.api.post(f"/users/{member.id}/activate"), 422) == "unknown-role"
    back = await hotel.admin.api.put(f"/hotels/{hotel.id}/users/{member.id}", json={"role": "viewer"})
    assert (body(back)["role"], body(back)["status"]) == ("viewer", "active")
    assert (await desk.person(member.email)).claims["role"] == "viewer"


async def test_nobody_gives_takes_or_composes_more_than_they_have(hotel: Hotel) -> None:
    deputy, colleague = await deputy_of(hotel), await hotel.member("staff")
    await made(hotel, "narrow", ["guest:read"])
    for method, path, sent in (
        ("POST", f"/users/{deputy.id}/role", {"role": "admin"}),
        ("POST", f"/users/{hotel.admin.id}/role", {"role": "narrow"}),
        ("POST", f"/users/{colleague.id}/role", {"role": "narrow"}),
        ("POST", f"/users/{colleague.id}/deactivate", None),
        ("PUT", f"/hotels/{hotel.id}/users/{deputy.id}", {"role": "staff"}),
        ("DELETE", f"/hotels/{hotel.id}/users/{hotel.admin.id}", None),
        ("POST", "/users", {"email": "n@new.example", "name": "N", "password": "four old kettles", "role": "staff"}),
        ("POST", "/roles", DUTY | {"name": "wider", "permissions": ["audit:read"]}),
        ("PATCH", "/roles/deputy", {"permissions": [*DEPUTY, "hotel:write"]}),
        ("PATCH", "/roles/narrow", {"permissions": ["guest:read", "guest:write"]}),
    ):
        answer = await deputy.api.request(method, path, json=sent)
        assert refusal(answer, 403) == "beyond-own-permissions", (method, path)
    body(await deputy.api.post("/roles", json=DUTY | {"name": "within", "permissions": ["guest:read"]}), 201)
    assert body(await deputy.api.get("/roles/deputy"))["permissions"] == sorted(DEPUTY)


async def test_what_is_the_platforms_goes_into_no_role_of_a_hotel(hotel: Hotel) -> None:
    api = hotel.admin.api
    platform = await api.post("/roles", json=DUTY | {"permissions": ["hotel:suspend"]})
    assert refusal(platform, 422) == "not-for-hotels"
    for bad in ({"name": "superadmin"}, {"permissions": ["hotel:explode"]}, {"built_in": True}, {"version": 7}):
        assert refusal(await api.post("/roles", json=DUTY | bad), 422) == "validation", bad
    assert refusal(await api.post("/roles", json=DUTY | {"name": "admin"}), 409) == "built-in-role"
    assert refusal(await api.patch("/roles/viewer", json={"permissions": []}), 409) == "built-in-role"
    member = await hotel.member()
    superadmin = await api.post(f"/users/{member.id}/role", json={"role": "superadmin"})
    assert refusal(superadmin, 422) == "validation"


async def test_a_role_is_its_hotels_and_nobody_elses(hotel: Hotel, other_hotel: Hotel) -> None:
    await made(hotel)
    member = await other_hotel.member()
    for method, sent in (("GET", None), ("PATCH", {"display_name": "Mine"}), ("DELETE", None)):
        answer = await other_hotel.admin.api.request(method, "/roles/duty_manager", json=sent)
        assert refusal(answer, 404) == "not-found", method
    given = await other_hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "duty_manager"})
    assert refusal(given, 422) == "unknown-role"
    assert refusal(await member.api.post("/roles", json=DUTY), 403) == "missing-permission"
    assert refusal(await hotel.admin.api.post("/roles", json=DUTY), 409) == "role-taken"


async def test_a_role_that_is_deleted_while_it_is_given_is_given_to_nobody(hotel: Hotel) -> None:
    members = [await hotel.member() for _ in range(2)]
    for round_ in range(4):
        name = f"passing-{round_}"
        await made(hotel, name)
        gone, *given = await asyncio.gather(
            hotel.admin.api.delete(f"/roles/{name}"),
            *(hotel.admin.api.post(f"/users/{member.id}/role", json={"role": name}) for member in members),
        )
        works = [user["role"] for user in body(await hotel.admin.api.get("/users"))["items"]].count(name)
        assert (gone.status_code, works > 0) in ((204, False), (409, True)), [gone.text, *(a.text for a in given)]
        assert {answer.status_code for answer in given} <= {200, 422}
