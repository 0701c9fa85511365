"""Somebody is invited by mail and joins with a password of their own."""

import secrets

from identity_play import PASSWORD, Desk, Hotel, body, refusal
from mail_play import Postbox


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
