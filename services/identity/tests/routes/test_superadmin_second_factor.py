"""The platform asks its own people for a second factor: who has none can set one up, and do nothing else."""

import pytest
from identity_play import PASSWORD, Clock, Desk, Hotel, Person, body, refusal, with_app
from pydantic import SecretStr

from identity.commands.accounts import NewAccount, create_account
from identity.resources import resources_of
from identity.settings import IdentitySettings, settings_of
from servicekit import new_id


@pytest.fixture
def policy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The setting as it is where nobody says otherwise."""
    default = IdentitySettings.model_fields["superadmin_second_factor"].default
    monkeypatch.setattr(settings_of(desk.app.runtime), "superadmin_second_factor", default)
    return monkeypatch


async def superadmin(desk: Desk) -> Person:
    """One more of the platform's people, signed in."""
    email = f"{new_id()}@platform.example"
    account = NewAccount(email=email, name="Rita Root", password=SecretStr(PASSWORD))
    rt = desk.app.runtime
    async with rt.db.transaction(None, platform=True) as tx:
        await create_account(account, tx, resources_of(rt).passwords, superadmin=True)
    return await desk.person(email)


@pytest.mark.usefixtures("policy")
async def test_the_platforms_people_set_up_a_second_factor_first(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    rita = await superadmin(desk)
    assert (rita.session["second_factor_needed"], rita.session["scopes"]) == (True, [])
    assert rita.claims["aud"] == ["identity", "gateway"]
    for answer in (
        await rita.api.get("/hotels"),
        await rita.api.get("/users"),
        await rita.api.get(f"/hotels/{hotel.id}/roles"),
        await rita.api.post("/tokens/switch", json={"hotel": hotel.slug}),
        await rita.api.post(f"/hotels/{hotel.id}/deactivate"),
    ):
        assert refusal(answer, 403) == "second-factor-needed"
    still = body(await desk.refresh(rita.refresh_token))
    assert still["second_factor_needed"], "waiting does not help"
    await with_app(rita, clock)
    following = body(await desk.refresh(still["refresh_token"]))
    assert not following["second_factor_needed"]
    body(await desk.app.client(following["access_token"]).get("/hotels"))


async def test_a_session_from_before_is_not_refreshed_to_platform_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, hotel: Hotel
) -> None:
    rita = await superadmin(desk)
    assert not rita.session["second_factor_needed"]
    body(await desk.root.put(f"/hotels/{hotel.id}/users/{rita.id}", json={"role": "viewer"}))
    monkeypatch.setattr(settings_of(desk.app.runtime), "superadmin_second_factor", True)
    there = body(await rita.api.post("/tokens/switch", json={"hotel": hotel.slug}), 201)
    assert not there["second_factor_needed"], "a hotel asks for itself"
    back = await desk.app.client(there["access_token"]).post("/tokens/switch", json={"hotel": None})
    assert (body(back, 201)["second_factor_needed"], back.json()["scopes"]) == (True, [])
    following = body(await desk.refresh(rita.refresh_token))
    assert (following["second_factor_needed"], following["scopes"]) == (True, [])


@pytest.mark.usefixtures("policy")
async def test_a_hotels_people_are_asked_by_their_hotel_alone(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member("admin")
    assert not body(await desk.refresh(member.refresh_token))["second_factor_needed"]
