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
    assert (await second.api.post("/me/sessions/revoke-all")).status_code == 204
    assert await first.is_refused()
    assert await second.is_refused()
    assert refusal(await desk.refresh(first.refresh_token), 401) == "session-over"
    body(await (await desk.person(hotel.admin.email)).api.get("/me"))


async def test_a_lost_phone_is_signed_out_from_the_list_of_sessions(desk: Desk, hotel: Hotel) -> None:
    phone, desktop = hotel.admin, await desk.person(hotel.admin.email)
    listed = body(await desktop.api.get("/me/sessions"))["items"]
    assert {item["id"]: item["current"] for item in listed} == {
        phone.claims["sid"]: False,
        desktop.claims["sid"]: True,
    }
    assert (await desktop.api.delete(f"/me/sessions/{phone.claims['sid']}")).status_code == 204
    assert await phone.is_refused()
    assert [item["id"] for item in body(await desktop.api.get("/me/sessions"))["items"]] == [desktop.claims["sid"]]


async def test_all_others_are_signed_out_and_this_one_goes_on(desk: Desk, hotel: Hotel) -> None:
    here, others = hotel.admin, [await desk.person(hotel.admin.email) for _ in range(2)]
    assert (await here.api.post("/me/sessions/revoke-others")).status_code == 204
    for other in others:
        assert await other.is_refused()
        assert refusal(await desk.refresh(other.refresh_token), 401) == "session-over"
    assert [item["id"] for item in body(await here.api.get("/me/sessions"))["items"]] == [here.claims["sid"]]
    body(await desk.refresh(here.refresh_token))


async def test_a_session_shows_where_it_was_used_last(desk: Desk, hotel: Hotel) -> None:
    chrome = {
        "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0",
        "x-forwarded-for": "192.0.2.7",
    }
    safari = {
        "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) Version/18.5 Safari/604.1",
        "x-forwarded-for": "2001:db8:17:42::7",
    }
    credentials = {"email": hotel.admin.email, "password": PASSWORD}
    begun = body(await desk.anybody.post("/tokens", json=credentials, headers=chrome), 201)
    api = desk.app.client(begun["access_token"])

    async def shown() -> tuple[str, str, str]:
        [item] = [item for item in body(await api.get("/me/sessions"))["items"] if item["current"]]
        return item["browser"], item["system"], item["network"]

    assert await shown() == ("Chrome", "Windows", "192.0.2.0/24")
    token = {"refresh_token": begun["refresh_token"]}
    body(await desk.anybody.post("/tokens/refresh", json=token, headers=safari))
    assert await shown() == ("Safari", "iOS", "2001:db8:17::/48")


async def test_nobody_ends_a_colleagues_session(standing_hotel: Hotel) -> None:
    member = await standing_hotel.member()
    answer = await member.api.delete(f"/me/sessions/{standing_hotel.admin.claims['sid']}")
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
