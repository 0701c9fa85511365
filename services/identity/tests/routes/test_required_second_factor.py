"""A hotel asks for a second factor: who has none can set one up, and do nothing else."""

from identity_play import PASSWORD, Authenticator, Clock, Desk, Hotel, Person, body, claims_of, refusal, with_app
from mail_play import Postbox

from contracts.events import HotelUpdated
from contracts.permissions import ROLE_PERMISSIONS, Role


async def asks_for_it(hotel: Hotel) -> None:
    """The hotel's admin switches it on."""
    path = f"/hotels/{hotel.id}"
    assert body(await hotel.admin.api.patch(path, json={"require_second_factor": True}))["require_second_factor"]


async def can_only_enrol(person: Person) -> None:
    assert person.session["second_factor_needed"]
    assert person.session["scopes"] == person.claims["scopes"] == []
    assert person.claims["aud"] == ["identity", "gateway"], "no other service takes such a token"
    assert body(await person.api.get("/me"))["second_factor_needed"]
    change = {"current_password": PASSWORD, "password": "four new kettles whistle"}
    for answer in (
        await person.api.get("/users"),
        await person.api.get("/me/sessions"),
        await person.api.post("/me/password", json=change),
        await person.api.post("/me/sessions/revoke-others"),
        await person.api.post("/me/totp/disable", json={"current_password": PASSWORD, "second_factor": "123456"}),
        await person.api.get(f"/hotels/{person.session['hotel']['id']}"),
    ):
        assert refusal(answer, 403) == "second-factor-needed"


async def test_who_has_none_sets_one_up_and_goes_on_with_full_rights(desk: Desk, clock: Clock) -> None:
    hotel = await desk.hotel()
    member = await hotel.member()
    await asks_for_it(hotel)
    assert [event.require_second_factor for event in await desk.app.events(HotelUpdated, hotel_id=hotel.id)] == [True]
    newcomer = await desk.person(member.email)
    await can_only_enrol(newcomer)
    still = body(await desk.refresh(newcomer.refresh_token))
    assert (still["second_factor_needed"], still["scopes"]) == (True, [])

    app: Authenticator = await with_app(newcomer, clock)
    following = body(await desk.refresh(still["refresh_token"]))
    assert not following["second_factor_needed"]
    assert following["scopes"] == sorted(ROLE_PERMISSIONS[Role.STAFF])
    api = desk.app.client(following["access_token"])
    body(await api.get("/users"))
    assert not body(await api.get("/me"))["second_factor_needed"]
    assert refusal(await desk.sign_in(member.email), 401) == "second-factor-required"
    assert not body(await desk.sign_in(member.email, second_factor=app.code()), 201)["second_factor_needed"]


async def test_nobody_joins_another_hotel_by_a_session_that_can_only_enrol(
    hotel: Hotel, other_hotel: Hotel, desk: Desk, postbox: Postbox
) -> None:
    await asks_for_it(hotel)
    member = await hotel.member()
    assert member.session["second_factor_needed"]
    invited = {"email": member.email, "name": "Two Desks", "role": "viewer"}
    body(await other_hotel.admin.api.post("/invitations", json=invited), 201)
    link = {"token": await postbox.token(member.email)}
    assert refusal(await member.api.post("/invitations/accept", json=link), 403) == "second-factor-needed"
    body(await desk.anybody.post("/invitations/accept", json=link | {"password": PASSWORD}), 201)


async def test_a_session_from_before_is_not_refreshed_to_full_rights(desk: Desk, hotel: Hotel) -> None:
    """That of whoever switched it on neither."""
    await asks_for_it(hotel)
    following = body(await desk.refresh(hotel.admin.refresh_token))
    assert (following["second_factor_needed"], following["scopes"]) == (True, [])
    assert claims_of(following["access_token"])["enrolling"] is True


async def test_a_superadmin_who_works_for_the_hotel_is_asked_too(desk: Desk, hotel: Hotel) -> None:
    root = "root@platform.example"
    member = {"email": root, "name": "Robin Root", "role": "admin", "password": PASSWORD}
    body(await desk.root.post(f"/hotels/{hotel.id}/users", json=member), 201)
    await asks_for_it(hotel)
    await can_only_enrol(await desk.person(root, hotel=hotel.slug))
    assert (await desk.person(root)).session["hotel"] is None, "platform work is no hotel's"


async def test_a_hotel_that_does_not_ask_is_not_concerned(desk: Desk, hotel: Hotel, other_hotel: Hotel) -> None:
    body(
        await desk.root.post(
            f"/hotels/{other_hotel.id}/users",
            json={"email": hotel.admin.email, "name": "Ada", "role": "viewer", "password": PASSWORD},
        ),
        201,
    )
    await asks_for_it(hotel)
    elsewhere = await desk.person(hotel.admin.email, hotel=other_hotel.slug)
    assert not elsewhere.session["second_factor_needed"]
    body(await elsewhere.api.get("/users"))
