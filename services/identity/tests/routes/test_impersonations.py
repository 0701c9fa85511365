"""Somebody of the platform in a member's place: what they may, who sees it, and how it ends."""

from uuid import UUID

import httpx
import pytest
from identity_play import PASSWORD, Authenticator, Clock, Desk, Hotel, Json, Person, body, claims_of, refusal, with_app
from mail_play import Postbox

from contracts.events import ImpersonationEnded, ImpersonationStarted
from identity.commands.accounts import NewAccount, create_account
from identity.resources import resources_of
from servicekit import new_id
from servicekit.testing import eventually


class Operator:
    """A superadmin with a second factor."""

    def __init__(self, person: Person, app: Authenticator) -> None:
        self.person, self.app, self.api = person, app, person.api

    async def start(self, hotel: Hotel, member: UUID, **more: object) -> httpx.Response:
        asked = {"user_id": str(member), "reason": "ticket 4711", **more}
        return await self.api.post(f"/hotels/{hotel.id}/impersonations", json=asked)


async def superadmin(desk: Desk) -> Person:
    email, rt = f"op.{new_id()}@platform.example", desk.app.runtime
    account = NewAccount.model_validate({"email": email, "name": "Olga Operator", "password": PASSWORD})
    async with rt.db.transaction(None, platform=True) as tx:
        await create_account(account, tx, resources_of(rt).passwords, superadmin=True)
    return await desk.person(email)


@pytest.fixture
async def operator(desk: Desk, clock: Clock) -> Operator:
    person = await superadmin(desk)
    return Operator(person, await with_app(person, clock))


async def in_place(desk: Desk, operator: Operator, hotel: Hotel, member: UUID) -> tuple[Json, httpx.AsyncClient]:
    begun = body(await operator.start(hotel, member), 201)
    return begun, desk.app.client(begun["access_token"])


async def test_the_token_is_the_members_names_who_acts_and_ends_soon(
    desk: Desk, operator: Operator, hotel: Hotel
) -> None:
    staff = await hotel.member("staff")
    answer = await operator.start(hotel, staff.id, minutes=3)
    assert answer.headers["cache-control"] == "no-store"
    begun = body(answer, 201)
    claims = claims_of(begun["access_token"])
    assert (claims["sub"], claims["role"], claims["hotel_id"]) == (str(staff.id), "staff", str(hotel.id))
    assert claims["act"]["sub"] == str(operator.person.id)
    assert claims["exp"] - claims["iat"] == begun["expires_in"] == 180
    assert "refresh_token" not in begun
    assert set(claims["scopes"]) <= set(staff.session["scopes"])
    assert (await operator.start(hotel, staff.id, minutes=15)).status_code == 422
    assert (await operator.start(hotel, staff.id, reason="")).status_code == 422


async def test_accounts_people_and_keys_are_out_of_reach(desk: Desk, operator: Operator, hotel: Hotel) -> None:
    begun, api = await in_place(desk, operator, hotel, hotel.admin.id)
    body(await api.get("/users"))
    secret = {"current_password": PASSWORD, "password": "four new kettles sing"}
    account = [
        await api.get("/me"),
        await api.post("/me/password", json=secret),
        await api.post("/me/totp", json={"current_password": PASSWORD}),
        await api.get("/me/sessions"),
        await api.post("/me/sessions/revoke-all"),
        await api.delete(f"/me/sessions/{hotel.admin.claims['sid']}"),
    ]
    assert [refusal(answer, 403) for answer in account] == ["not-your-account"] * len(account)
    others = [
        await api.post("/users", json={"email": "x@x.example", "name": "X", "password": PASSWORD, "role": "admin"}),
        await api.post(f"/users/{hotel.admin.id}/role", json={"role": "viewer"}),
        await api.get("/api-keys"),
        await api.post("/api-keys", json={"name": "x", "scopes": ["guest:read"]}),
        await api.post(f"/hotels/{hotel.id}/impersonations/{begun['impersonation']['id']}/end"),
        await api.post(f"/hotels/{hotel.id}/impersonations", json={"user_id": str(hotel.admin.id), "reason": "more"}),
        await api.post("/signing-keys/rotate"),
    ]
    assert [refusal(answer, 403) for answer in others] == ["missing-permission"] * len(others)
    body(await desk.sign_in(hotel.admin.email), 201)


async def test_nobody_joins_a_hotel_in_somebody_elses_place(
    desk: Desk, operator: Operator, hotel: Hotel, other_hotel: Hotel, postbox: Postbox
) -> None:
    staff = await hotel.member("staff")
    invited = {"email": staff.email, "name": "Staff", "role": "viewer"}
    body(await other_hotel.admin.api.post("/invitations", json=invited), 201)
    link = {"token": await postbox.token(staff.email)}
    _, api = await in_place(desk, operator, hotel, staff.id)
    assert refusal(await api.post("/invitations/accept", json=link), 403) == "not-your-account"
    body(await staff.api.post("/invitations/accept", json=link), 201)


async def test_the_log_has_who_did_it_and_in_whose_place(desk: Desk, operator: Operator, hotel: Hotel) -> None:
    staff = await hotel.member("staff")
    _, api = await in_place(desk, operator, hotel, staff.id)
    guest = body(await api.post("/guests", json={"name": "Gesa"}), 201)

    async def noted() -> bool:
        found = body(await hotel.admin.api.get("/audit", params={"object_id": guest["id"]}))["items"]
        return [(entry["action"], entry["actor"], entry["acting_for"]) for entry in found] == [
            (
                "guest.create",
                {"kind": "user", "id": str(operator.person.id)},
                {"kind": "user", "id": str(staff.id)},
            )
        ]

    assert await eventually(noted)


async def test_the_hotel_sees_it_and_may_end_it(
    desk: Desk, operator: Operator, hotel: Hotel, other_hotel: Hotel
) -> None:
    staff = await hotel.member("staff")
    begun, api = await in_place(desk, operator, hotel, staff.id)
    body(await api.get("/guests"))
    [seen] = body(await hotel.admin.api.get("/impersonations"))["items"]
    assert seen == begun["impersonation"]
    assert (seen["reason"], seen["superadmin_id"], seen["active"]) == ("ticket 4711", str(operator.person.id), True)
    [started] = await desk.app.events(ImpersonationStarted, 1, hotel_id=hotel.id)
    assert (started.user_id, started.superadmin_id) == (staff.id, operator.person.id)

    assert refusal(await staff.api.get("/impersonations"), 403) == "missing-permission"
    assert body(await other_hotel.admin.api.get("/impersonations"))["items"] == []
    path = f"/hotels/{hotel.id}/impersonations/{seen['id']}/end"
    assert refusal(await other_hotel.admin.api.post(path), 404) == "not-found"
    elsewhere = f"/hotels/{other_hotel.id}/impersonations/{seen['id']}/end"
    for stranger in (other_hotel.admin.api, operator.api):
        assert refusal(await stranger.post(elsewhere), 404) == "not-found"

    for _ in range(2):
        ended = body(await hotel.admin.api.post(path))
        assert (ended["active"], ended["ended_by"]) == (False, str(hotel.admin.id))

    async def refused() -> bool:
        return (await api.get("/guests")).status_code == 401

    assert await eventually(refused, timeout=5)
    assert len(await desk.app.events(ImpersonationEnded, 1, hotel_id=hotel.id)) == 1
    body(await staff.api.get("/me"))


async def test_a_password_alone_is_not_enough(desk: Desk, hotel: Hotel) -> None:
    asked = {"user_id": str(hotel.admin.id), "reason": "ticket 4711"}
    answer = await (await superadmin(desk)).api.post(f"/hotels/{hotel.id}/impersonations", json=asked)
    assert refusal(answer, 403) == "second-factor-needed"
    own = await hotel.admin.api.post(f"/hotels/{hotel.id}/impersonations", json=asked)
    assert refusal(own, 403) == "missing-permission"
    assert body(await hotel.admin.api.get("/impersonations"))["items"] == []


async def test_nobody_acts_for_who_could_not_act_themselves(
    desk: Desk, operator: Operator, hotel: Hotel, other_hotel: Hotel
) -> None:
    left = await hotel.member("staff")
    body(await hotel.admin.api.post(f"/users/{left.id}/deactivate"))
    for who in (left.id, other_hotel.admin.id, new_id()):
        assert refusal(await operator.start(hotel, who), 409) == "not-an-active-member"
    assert refusal(await operator.start(hotel, operator.person.id), 409) == "own-place"
    body(await operator.api.post(f"/hotels/{other_hotel.id}/deactivate"))
    assert refusal(await operator.start(other_hotel, other_hotel.admin.id), 403) == "hotel-suspended"


async def test_it_ends_with_the_members_rights_and_with_the_operators(
    desk: Desk, clock: Clock, operator: Operator, hotel: Hotel
) -> None:
    staff, other = await hotel.member("staff"), await hotel.member("staff")
    _, of_staff = await in_place(desk, operator, hotel, staff.id)
    _, of_other = await in_place(desk, operator, hotel, other.id)

    clock.pass_(1)

    async def is_refused(api: httpx.AsyncClient) -> bool:
        return (await api.get("/guests")).status_code == 401

    body(await hotel.admin.api.post(f"/users/{staff.id}/role", json={"role": "viewer"}))
    assert await eventually(lambda: is_refused(of_staff), timeout=5)
    body(await of_other.get("/guests"))
    body(await desk.root.post(f"/users/{operator.person.id}/deactivate"))
    assert await eventually(lambda: is_refused(of_other), timeout=5)
