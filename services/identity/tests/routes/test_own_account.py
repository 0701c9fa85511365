"""One's own account: signing out here and everywhere, another password."""

from identity_play import PASSWORD, Desk, Hotel, body, refusal

from contracts.events import SessionRevoked


async def test_after_signing_out_neither_token_holds(desk: Desk, hotel: Hotel) -> None:
    gone, stays = hotel.admin, await desk.person(hotel.admin.email)
    body(await gone.api.get("/me"))
    answer = await desk.anybody.post("/tokens/revoke", json={"refresh_token": gone.refresh_token})
    assert answer.status_code == 204
    assert await gone.is_refused()
    assert refusal(await desk.refresh(gone.refresh_token), 401) == "session-over"
    body(await stays.api.get("/me"))


async def test_signing_out_twice_or_with_a_made_up_token_is_no_error(desk: Desk, hotel: Hotel) -> None:
    for token in (hotel.admin.refresh_token, hotel.admin.refresh_token, "fdr_" + "y" * 43):
        answer = await desk.anybody.post("/tokens/revoke", json={"refresh_token": token})
        assert answer.status_code == 204
    assert len(await desk.app.events(SessionRevoked, hotel_id=hotel.id)) == 1


async def test_signing_out_everywhere_ends_every_session_and_the_next_sign_in_works(desk: Desk, hotel: Hotel) -> None:
    first, second = hotel.admin, await desk.person(hotel.admin.email)
    assert (await second.api.post("/sessions/revoke-all")).status_code == 204
    assert await first.is_refused()
    assert await second.is_refused()
    assert refusal(await desk.refresh(first.refresh_token), 401) == "session-over"
    body(await (await desk.person(hotel.admin.email)).api.get("/me"))


async def test_a_lost_phone_is_signed_out_from_the_list_of_sessions(desk: Desk, hotel: Hotel) -> None:
    phone, desktop = hotel.admin, await desk.person(hotel.admin.email)
    listed = body(await desktop.api.get("/sessions"))["items"]
    assert {item["id"]: item["current"] for item in listed} == {
        phone.claims["sid"]: False,
        desktop.claims["sid"]: True,
    }
    assert (await desktop.api.delete(f"/sessions/{phone.claims['sid']}")).status_code == 204
    assert await phone.is_refused()
    assert [item["id"] for item in body(await desktop.api.get("/sessions"))["items"]] == [desktop.claims["sid"]]


async def test_nobody_ends_a_colleagues_session(standing_hotel: Hotel) -> None:
    member = await standing_hotel.member()
    answer = await member.api.delete(f"/sessions/{standing_hotel.admin.claims['sid']}")
    assert refusal(answer, 404) == "not-found"


async def test_another_password_ends_every_session(desk: Desk, hotel: Hotel) -> None:
    change = {"current_password": PASSWORD, "password": "four new kettles whistle"}
    assert (await hotel.admin.api.post("/me/password", json=change)).status_code == 204
    assert await hotel.admin.is_refused()
    assert refusal(await desk.sign_in(hotel.admin.email), 401) == "bad-credentials"
    body(await desk.sign_in(hotel.admin.email, "four new kettles whistle"), 201)


async def test_another_password_needs_the_present_one_and_must_be_strong(standing_hotel: Hotel) -> None:
    wrong = {"current_password": "not this one at all", "password": "four new kettles whistle"}
    assert refusal(await standing_hotel.admin.api.post("/me/password", json=wrong), 422) == "wrong-password"
    weak = {"current_password": PASSWORD, "password": "password1234"}
    assert refusal(await standing_hotel.admin.api.post("/me/password", json=weak), 422) == "weak-password"


async def test_me_says_who_is_signed_in_and_where(standing_hotel: Hotel) -> None:
    me = body(await standing_hotel.admin.api.get("/me"))
    assert me["user"]["email"] == standing_hotel.admin.email
    assert me["hotel"]["slug"] == standing_hotel.slug
    assert me["role"] == "admin"
    assert me["scopes"] == standing_hotel.admin.claims["scopes"]


async def test_a_superadmin_is_somebody_without_a_hotel(desk: Desk) -> None:
    me = body(await desk.root.get("/me"))
    assert (me["hotel"], me["role"]) == (None, "superadmin")
