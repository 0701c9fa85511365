"""The end of an account: what is left of the person, and who cannot go."""

import asyncio
import secrets

from identity_play import PASSWORD, Clock, Desk, Hotel, Person, body, refusal, with_app
from sqlalchemy import text

from contracts.events import MembershipRevoked, UserDeleted
from servicekit.testing import eventually

ME = {"current_password": PASSWORD}
LINKED = "update users set clerk_id = 'user_' || cast(id as text) where id = :id"
IDENTITY = (
    "insert into oidc_identities (id, user_id, issuer, subject, linked_at)"
    " values (gen_random_uuid(), :id, 'https://login.example.com', cast(gen_random_uuid() as text), now())"
)
INVITED = (
    "insert into invitations (id, hotel_id, version, created_at, updated_at, email, name, role, languages, status,"
    " token_hash, expires_at, accepted_by) values (gen_random_uuid(), :hotel, 1, now(), now(), :email, 'Wilma Weg', 'staff',"
    " '{}', 'accepted', md5(:email) || md5(:email), now(), :id)"
)
ASKED = (
    "insert into invitations (id, hotel_id, version, created_at, updated_at, email, name, role, languages, status,"
    " token_hash, expires_at) values (gen_random_uuid(), :hotel, 1, now(), now(), :email, 'Wilma Weg', 'staff', '{}',"
    " 'open', md5(:email || 1) || md5(:email), now() + interval '1 day')"
)
TOTP = "insert into totp (user_id, secret, started_at, last_step, failures) values (:id, convert_to('sealed', 'UTF8'), now(), 0, 0)"
RECOVERY_CODE = "insert into recovery_codes (user_id, code_hash) values (:id, repeat('0', 64))"
CODE = (
    "insert into oidc_codes (code_hash, user_id, binder_hash, confined, created_at, expires_at)"
    " values (md5(:id) || md5(:id), cast(:id as uuid), repeat('0', 64), false, now(), now() + interval '1 day')"
)
MAIL = (
    "insert into mails (id, user_id, kind, language, status, sealed, tries, why, created_at, valid_until)"
    " values (gen_random_uuid(), :id, 'password_changed', 'en', 'waiting', convert_to('sealed', 'UTF8'), 0, '', now(),"
    " now() + interval '1 day')"
)
"""What else knows the person."""
KNOWING = ("credentials", "totp", "recovery_codes", "preferences", "oidc_identities", "oidc_codes", "password_resets")
MAILS = "select status, sealed from mails where user_id = :id and status in ('waiting', 'dropped')"


async def knows(desk: Desk, person: Person, table: str) -> bool:
    """Whether the table has something of theirs."""
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        rows = text(f"select count(*) from {table} where user_id = :id")
        return await tx.scalar(rows, {"id": person.id}) > 0


async def test_of_a_deleted_account_nothing_personal_is_left_and_its_address_is_free(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    gone = await hotel.member(name="Wilma Weg")
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{gone.id}", json={"role": "viewer"}))
    body(await gone.api.put("/me/preferences", json={"language": "de"}))
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:
        await tx.execute(text(LINKED), {"id": gone.id})
        await tx.execute(text(IDENTITY), {"id": gone.id})
        for statement in (TOTP, RECOVERY_CODE, MAIL):
            await tx.execute(text(statement), {"id": gone.id})
        await tx.execute(text(CODE), {"id": str(gone.id)})
        await tx.execute(text(INVITED), {"id": gone.id, "hotel": hotel.id, "email": gone.email})
        await tx.execute(text(ASKED), {"hotel": other_hotel.id, "email": gone.email})
    assert (await desk.anybody.post("/password-reset", json={"email": gone.email})).status_code == 202
    await eventually(lambda: knows(desk, gone, "password_resets"))
    assert [table for table in KNOWING if not await knows(desk, gone, table)] == []
    body(await gone.api.post("/me/views", json={"list_kind": "guests", "name": "Shared", "shared": True}), 201)
    assert (await desk.root.delete(f"/users/{gone.id}")).status_code == 204
    assert await gone.is_refused()
    assert refusal(await desk.sign_in(gone.email), 401) == "bad-credentials"
    assert refusal(await desk.refresh(gone.refresh_token), 401) == "session-over"
    for place in (hotel, other_hotel):
        left = body(await place.admin.api.get(f"/users/{gone.id}"))
        assert (left["name"], left["email"], left["status"]) == ("", f"{gone.id}@deleted.invalid", "deleted")
        assert str(gone.id) not in [user["id"] for user in body(await place.admin.api.get("/users"))["items"]]
        told = await desk.app.events(MembershipRevoked, hotel_id=place.id)
        assert [(event.user_id, event.display_name) for event in told] == [(gone.id, "")]
    told = [event for event in await desk.app.events(UserDeleted) if event.user_id == gone.id]
    assert [(event.status, event.name, event.languages) for event in told] == [("deleted", "", ())]
    assert body(await hotel.admin.api.get("/me/views"))["items"] == []
    rt = desk.app.runtime
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        assert {tuple(row) for row in await tx.execute(text(MAILS), {"id": gone.id})} == {("dropped", None)}
        assert await tx.scalar(text("select clerk_id from users where id = :id"), {"id": gone.id}) is None
        nobody = f"{gone.id}@deleted.invalid"
        asked = text("select status, email, name from invitations where hotel_id in (:hotel, :other) order by status")
        left = await tx.execute(asked, {"hotel": hotel.id, "other": other_hotel.id})
        assert [tuple(row) for row in left] == [("accepted", nobody, ""), ("withdrawn", nobody, "")]
    assert [table for table in KNOWING if await knows(desk, gone, table)] == []
    assert (await desk.root.delete(f"/users/{gone.id}")).status_code == 204, "once more is no error"
    again = await desk.add(hotel.admin.api, "/users", {"email": gone.email, "role": "staff"})
    assert again.id != gone.id


async def test_nobody_does_anything_for_a_deleted_account(desk: Desk, hotel: Hotel) -> None:
    gone = await hotel.member()
    assert (await gone.api.post("/me/delete", json=ME)).status_code == 204
    url = f"/users/{gone.id}"
    assert refusal(await hotel.admin.api.post(f"{url}/activate"), 409) == "account-deleted"
    assert refusal(await hotel.admin.api.patch(url, json={"name": "Again"}), 409) == "account-deleted"
    assert refusal(await desk.root.patch(url, json={"name": "Again"}), 409) == "account-deleted"
    assert refusal(await desk.root.post(f"{url}/activate"), 409) == "move-not-allowed"
    back = await desk.root.put(f"/hotels/{hotel.id}/users/{gone.id}", json={"role": "staff"})
    assert refusal(back, 409) == "account-deleted"


async def test_ones_own_account_ends_with_the_password_and_the_second_factor(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    member = await hotel.member()
    app = await with_app(member, clock)
    assert refusal(await member.api.post("/me/delete", json={"current_password": "not it"}), 422) == "wrong-password"
    assert refusal(await member.api.post("/me/delete", json=ME), 422) == "wrong-second-factor"
    wrong = await member.api.post("/me/delete", json=ME | {"second_factor": app.wrong_code()})
    assert refusal(wrong, 422) == "wrong-second-factor"
    body(await member.api.get("/me"))
    assert (await member.api.post("/me/delete", json=ME | {"second_factor": app.code()})).status_code == 204
    assert refusal(await desk.sign_in(member.email), 401) == "bad-credentials"


async def test_a_hotels_last_admin_is_not_deleted_nor_switched_off_by_anybody(desk: Desk, hotel: Hotel) -> None:
    url = f"/users/{hotel.admin.id}"
    assert refusal(await hotel.admin.api.post("/me/delete", json=ME), 409) == "last-admin"
    assert refusal(await desk.root.delete(url), 409) == "last-admin"
    assert refusal(await desk.root.post(f"{url}/deactivate"), 409) == "last-admin"
    assert refusal(await desk.root.delete(f"/hotels/{hotel.id}/users/{hotel.admin.id}"), 409) == "last-admin"
    body(await hotel.admin.api.get("/me"))
    await hotel.member("admin")
    assert (await hotel.admin.api.post("/me/delete", json=ME)).status_code == 204


async def test_two_admins_who_delete_themselves_at_once_leave_one(desk: Desk) -> None:
    for _ in range(3):
        hotel = await desk.hotel()
        both = [hotel.admin, await hotel.member("admin")]
        answers = await asyncio.gather(*(admin.api.post("/me/delete", json=ME) for admin in both))
        assert sorted(answer.status_code for answer in answers) == [204, 409], [answer.text for answer in answers]


async def test_whoever_ends_the_last_two_admins_at_once_and_however_one_stays(desk: Desk) -> None:
    for _ in range(2):
        hotel = await desk.hotel()
        one, two = hotel.admin, await hotel.member("admin")
        answers = await asyncio.gather(
            desk.root.delete(f"/users/{one.id}"),
            desk.root.delete(f"/hotels/{hotel.id}/users/{two.id}"),
            two.api.post(f"/users/{two.id}/role", json={"role": "staff"}),
            two.api.post(f"/users/{two.id}/deactivate"),
        )
        assert {answer.status_code for answer in answers} <= {200, 204, 409, 403, 401, 404}, [a.text for a in answers]
        admins = await desk.root.get(f"/hotels/{hotel.id}/users", params={"role": "admin", "active": True})
        assert len(body(admins)["items"]) == 1


async def test_the_platforms_people_do_not_delete_themselves_nor_the_last_of_them(desk: Desk) -> None:
    me = body(await desk.root.get("/me"))["user"]["id"]
    assert refusal(await desk.root.delete(f"/users/{me}"), 409) == "own-account"
    assert refusal(await desk.root.post("/me/delete", json=ME), 409) == "own-account"


async def test_a_hotels_admin_deletes_no_accounts(hotel: Hotel) -> None:
    member = await hotel.member()
    assert refusal(await hotel.admin.api.delete(f"/users/{member.id}"), 403) == "missing-permission"
    extra = await member.api.post("/me/delete", json=ME | {"user_id": str(hotel.admin.id)})
    assert refusal(extra, 422) == "validation"
    assert refusal(await member.api.post("/me/delete", json={}), 403) == "fresh-sign-in-needed"


async def test_somebody_who_signs_in_again_and_again_while_they_are_deleted_is_out_in_the_end(
    desk: Desk, hotel: Hotel
) -> None:
    member = await hotel.member()
    answers = await asyncio.gather(
        *(desk.sign_in(member.email) for _ in range(3)),
        desk.root.delete(f"/users/{member.id}"),
        hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "viewer"}),
        hotel.admin.api.patch(f"/users/{member.id}", json={"name": secrets.token_hex(4)}),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 401, 409}, [a.text for a in answers]
    assert refusal(await desk.sign_in(member.email), 401) == "bad-credentials"
    assert body(await desk.root.get(f"/users/{member.id}"))["name"] == ""
    assert body(await hotel.admin.api.get(f"/users/{member.id}"))["name"] == ""
