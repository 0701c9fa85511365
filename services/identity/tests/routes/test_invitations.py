"""Somebody is invited by mail and joins with a password of their own."""

import asyncio
import secrets
from uuid import UUID

import pytest
from identity_play import PASSWORD, Desk, Hotel, body, refusal
from mail_play import Postbox, text_of

from contracts.events import AuditRecorded, MembershipGranted
from identity.tables_mail import InvitationRow


def invited(**more: object) -> dict[str, object]:
    return {"email": f"{secrets.token_hex(4)}@new.example", "name": "Noor Neumann", "role": "staff", **more}


async def test_who_is_invited_joins_with_a_password_of_their_own(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    someone = invited(languages=["de"])
    email = str(someone["email"])
    made = body(await standing_hotel.admin.api.post("/invitations", json=someone), 201)
    assert (made["status"], made["role"]) == ("open", "staff")
    token = await postbox.token(email)
    (mail,) = await postbox.to(email)
    assert mail["Subject"] == "Ihre Einladung zu Hotel Test"
    shown = body(await desk.anybody.post("/invitations/show", json={"token": token}))
    assert shown == {
        "hotel": "Hotel Test",
        "email": email,
        "name": "Noor Neumann",
        "role": "staff",
        "has_account": False,
    }
    joined = body(await desk.anybody.post("/invitations/accept", json={"token": token, "password": PASSWORD}), 201)
    noor = await desk.person(email)
    assert (noor.claims["role"], noor.claims["hotel_id"]) == ("staff", str(standing_hotel.id))
    assert joined == {"user_id": str(noor.id), "hotel_id": str(standing_hotel.id), "role": "staff"}
    (listed,) = [
        entry
        for entry in body(await standing_hotel.admin.api.get("/invitations?status=accepted"))["items"]
        if entry["email"] == email
    ]
    assert listed["mail"] == "sent"
    again = await desk.anybody.post("/invitations/accept", json={"token": token, "password": PASSWORD})
    assert refusal(again, 410) == "link-void"


async def _invite(hotel: Hotel, postbox: Postbox, **more: object) -> tuple[dict[str, object], str]:
    """An open invitation as the hotel sees it, and the token of its mail."""
    someone = invited(**more)
    before = len(postbox.of(str(someone["email"])))
    made = body(await hotel.admin.api.post("/invitations", json=someone), 201)
    return made, await postbox.token(made["email"], before + 1)


async def _accept(desk: Desk, token: str, password: str | None = PASSWORD) -> tuple[int, str]:
    answer = await desk.anybody.post(
        "/invitations/accept", json={"token": token} | ({"password": password} if password else {})
    )
    return answer.status_code, answer.json().get("type", "").removeprefix("urn:frontdesk:problem:")


async def test_of_two_who_accept_at_once_one_joins_and_the_other_is_told_plainly(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    made, token = await _invite(standing_hotel, postbox)
    outcomes = await asyncio.gather(*(_accept(desk, token) for _ in range(4)))
    assert min(outcomes) == (201, "")
    assert set(sorted(outcomes)[1:]) <= {(410, "link-void"), (409, "email-taken")}
    await desk.person(str(made["email"]))
    granted = await desk.app.events(MembershipGranted, 2, hotel_id=standing_hotel.id)
    assert len([event for event in granted if event.display_name == "Noor Neumann"]) >= 1


async def test_unknown_used_withdrawn_replaced_and_expired_links_give_one_answer(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    _, used = await _invite(hotel, postbox)
    assert await _accept(desk, used) == (201, "")
    withdrawn_made, withdrawn = await _invite(hotel, postbox)
    body(await hotel.admin.api.post(f"/invitations/{withdrawn_made['id']}/withdraw"))
    replaced_made, replaced = await _invite(hotel, postbox)
    body(await hotel.admin.api.post(f"/invitations/{replaced_made['id']}/resend"))
    late_made, late = await _invite(hotel, postbox)
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        row = await tx.get(InvitationRow, UUID(str(late_made["id"])))
        row.expires_at = tx.now
    answers = [
        (await desk.anybody.post(path, json={"token": token, **more})).json()
        for token in ("fdi_" + "x" * 43, used, withdrawn, replaced, late)
        for path, more in (("/invitations/show", {}), ("/invitations/accept", {"password": PASSWORD}))
    ]
    assert len({(answer["type"], answer["title"], answer["status"], answer.get("detail")) for answer in answers}) == 1
    listed = {
        status: [entry["id"] for entry in body(await hotel.admin.api.get(f"/invitations?status={status}"))["items"]]
        for status in ("open", "expired", "withdrawn")
    }
    assert listed == {
        "open": [replaced_made["id"]],
        "expired": [late_made["id"]],
        "withdrawn": [withdrawn_made["id"]],
    }
    body(await hotel.admin.api.post(f"/invitations/{late_made['id']}/resend"))
    assert await _accept(desk, await postbox.token(str(late_made["email"]), 2)) == (201, "")


async def test_an_account_joins_with_its_own_password_or_signed_in_and_keeps_it(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel, postbox: Postbox
) -> None:
    known = await standing_hotel.member()
    _, token = await _invite(other_hotel, postbox, email=known.email, role="viewer")
    assert body(await desk.anybody.post("/invitations/show", json={"token": token}))["has_account"] is True
    assert await _accept(desk, token, "not the password") == (422, "wrong-password")
    assert await _accept(desk, token, None) == (422, "invalid")
    stranger = await standing_hotel.member()
    foreign = await stranger.api.post("/invitations/accept", json={"token": token})
    assert refusal(foreign, 403) == "invited-somebody-else"
    body(await known.api.post("/invitations/accept", json={"token": token}), 201)
    assert (await desk.person(known.email, hotel=other_hotel.slug)).claims["role"] == "viewer"
    third = await desk.hotel()
    _, token = await _invite(third, postbox, email=known.email)
    assert await _accept(desk, token) == (201, "")


async def test_who_left_comes_back_in_the_role_they_are_invited_to(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    former = await standing_hotel.member("staff")
    again = invited(email=former.email, role="viewer")
    assert refusal(await standing_hotel.admin.api.post("/invitations", json=again), 409) == "already-member"
    body(await standing_hotel.admin.api.post(f"/users/{former.id}/deactivate"))
    _, token = await _invite(standing_hotel, postbox, email=former.email, role="viewer")
    assert await _accept(desk, token) == (201, "")
    assert (await desk.person(former.email)).claims["role"] == "viewer"


async def test_a_weak_password_leaves_the_link_as_it_is(desk: Desk, standing_hotel: Hotel, postbox: Postbox) -> None:
    _, token = await _invite(standing_hotel, postbox)
    assert await _accept(desk, token, "Noor.Neumann.1") == (422, "weak-password")
    assert await _accept(desk, token, None) == (422, "invalid")
    assert await _accept(desk, token) == (201, "")


async def test_an_address_is_invited_once_and_then_sent_to_again(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    made, first = await _invite(standing_hotel, postbox)
    twice = invited(email=made["email"])
    assert refusal(await standing_hotel.admin.api.post("/invitations", json=twice), 409) == "already-invited"
    body(await standing_hotel.admin.api.post(f"/invitations/{made['id']}/resend"))
    second = await postbox.token(str(made["email"]), 2)
    assert first != second
    assert await _accept(desk, second) == (201, "")
    for path in ("resend", "withdraw"):
        closed = await standing_hotel.admin.api.post(f"/invitations/{made['id']}/{path}")
        assert refusal(closed, 409) == "invitation-closed"


async def test_another_hotel_sees_and_moves_nothing_of_it(
    standing_hotel: Hotel, other_hotel: Hotel, postbox: Postbox
) -> None:
    made, _ = await _invite(standing_hotel, postbox)
    assert body(await other_hotel.admin.api.get("/invitations"))["items"] == []
    for path in ("resend", "withdraw"):
        assert refusal(await other_hotel.admin.api.post(f"/invitations/{made['id']}/{path}"), 404) == "not-found"
    foreign = await other_hotel.admin.api.post(f"/hotels/{standing_hotel.id}/invitations", json=invited())
    assert refusal(foreign, 404) == "not-found"


@pytest.mark.parametrize("more", [{"role": "superadmin"}, {"superadmin": True}, {"hotel_id": secrets.token_hex(8)}])
async def test_nobody_is_invited_to_more_than_a_hotel_gives(standing_hotel: Hotel, more: dict[str, object]) -> None:
    assert refusal(await standing_hotel.admin.api.post("/invitations", json=invited(**more)), 422) == "validation"


async def test_only_who_runs_the_hotel_invites(desk: Desk, standing_hotel: Hotel) -> None:
    staff = await standing_hotel.member("staff")
    for answer in (await staff.api.post("/invitations", json=invited()), await staff.api.get("/invitations")):
        assert refusal(answer, 403) == "missing-permission"


async def test_a_superadmin_invites_a_new_hotels_first_admin(desk: Desk, hotel: Hotel, postbox: Postbox) -> None:
    first = invited(role="admin")
    body(await desk.root.post(f"/hotels/{hotel.id}/invitations", json=first), 201)
    assert await _accept(desk, await postbox.token(str(first["email"]))) == (201, "")
    assert (await desk.person(str(first["email"]))).claims["role"] == "admin"


async def test_the_link_is_in_the_mail_alone_and_the_log_names_nobody(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    made, token = await _invite(hotel, postbox)
    assert token not in str(made)
    body(await hotel.admin.api.post(f"/invitations/{made['id']}/resend"))
    second = await postbox.token(str(made["email"]), 2)
    assert await _accept(desk, second) == (201, "")
    entries = await desk.app.events(AuditRecorded, 3, hotel_id=hotel.id)
    about = [entry.action for entry in entries if entry.object_id == str(made["id"])]
    assert about == ["invitation.create", "invitation.resend", "invitation.accept"]
    written = str(entries)
    assert not [secret for secret in (token, second, str(made["email"]), "Noor") if secret in written]


async def test_a_hotels_name_breaks_no_header_and_is_no_markup(desk: Desk, postbox: Postbox) -> None:
    hotel = await desk.hotel(name="Grand <b>Hotel</b>\r\nBcc: everybody@there.example")
    made, _ = await _invite(hotel, postbox, name="Eva\r\nBcc: everybody@there.example", languages=["en"])
    (mail,) = await postbox.to(str(made["email"]))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Your invitation to Grand <b>Hotel</b> Bcc: everybody@there.example"
    assert "&lt;b&gt;Hotel&lt;/b&gt;" in text_of(mail, "html")
    assert "Bcc: everybody@there.example" not in text_of(mail).split("\n")[0]


async def test_an_invitation_is_no_second_place_to_guess_a_password_at(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel, postbox: Postbox
) -> None:
    known = await standing_hotel.member()
    _, token = await _invite(other_hotel, postbox, email=known.email)
    outcomes = [await _accept(desk, token, f"guess number {n}") for n in range(10)]
    assert outcomes[0] == (422, "wrong-password")
    assert outcomes[-1] == (429, "too-many-requests"), "the sign-in before counts too"
    assert refusal(await desk.sign_in(known.email), 429) == "too-many-requests"


async def test_an_invitation_gives_a_role_of_the_hotels_own_as_long_as_there_is_one(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    duty = {"name": "duty", "display_name": "Duty", "permissions": ["user:read", "user:write"]}
    body(await hotel.admin.api.post("/roles", json=duty), 201)
    assert refusal(await hotel.admin.api.post("/invitations", json=invited(role="none")), 422) == "unknown-role"
    made, token = await _invite(hotel, postbox, role="duty")
    _, late = await _invite(hotel, postbox, role="duty")
    assert await _accept(desk, token) == (201, "")
    noor = await desk.person(str(made["email"]))
    assert (noor.claims["role"], noor.claims["scopes"]) == ("duty", ["user:read", "user:write"])
    beyond = await noor.api.post("/invitations", json=invited(role="viewer"))
    assert refusal(beyond, 403) == "beyond-own-permissions"
    body(await hotel.admin.api.post(f"/users/{noor.id}/role", json={"role": "staff"}))
    assert (await hotel.admin.api.delete("/roles/duty")).status_code == 204
    assert await _accept(desk, late) == (410, "link-void")
