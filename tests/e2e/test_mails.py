"""The mails that the system sends, as whoever gets them goes on from there: all at the public address."""

import secrets
import subprocess
import sys
from pathlib import Path

import httpx

from devstack.parts.mail import Letter
from devstack.stack import Stack
from kit.browsers import body, browser, operator, slug
from kit.people import PASSWORD, until

CHOSEN = "seven grey herons wait"


async def last_mail(stack: Stack, email: str, count: int = 1) -> Letter:
    """The newest mail to somebody, once there are that many."""

    async def there() -> Letter | None:
        found = stack.letters(email)
        return found[-1] if len(found) >= count else None

    return await until(there, what=f"mail {count} to {email}")


def printed(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the command says."""
    command = [
        str(Path(sys.executable).parent / "frontdesk"),
        "mails",
        "--state-dir",
        str(stack.state.folder),
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_somebody_is_invited_finds_the_mail_joins_and_signs_in(stack: Stack) -> None:
    email = f"noor-{secrets.token_hex(4)}@new.example"
    async with browser(stack, "anna.admin@lindenhof.example") as anna:
        someone = {"email": email, "name": "Noor Neumann", "role": "staff", "languages": ["en"]}
        made = body(await anna.post("/api/invitations", json=someone), 201)
        mail = await last_mail(stack, email)
        assert mail.link == f"{stack.url('gateway')}/invitation#{mail.token}"

        said = printed(stack, "--to", email)
        assert (said.returncode, said.stderr) == (0, "")
        assert all(part in said.stdout for part in (email, mail.subject, mail.link or "no link"))
        nobody = printed(stack, "--to", "nobody@new.example")
        assert nobody.returncode == 1
        assert "There is no mail to nobody@new.example" in nobody.stderr

        async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as noor:
            shown = body(await noor.post("/api/invitations/show", json={"token": mail.token}))
            assert (shown["email"], shown["role"], shown["has_account"]) == (email, "staff", False)
            accepting = {"token": mail.token, "password": CHOSEN}
            joined = body(await noor.post("/api/invitations/accept", json=accepting), 201)
            again = await noor.post("/api/invitations/accept", json=accepting)
            assert (again.status_code, slug(again)) == (410, "link-void")
            view = body(await noor.post("/api/session", json={"email": email, "password": CHOSEN}), 201)
        assert (view["user"]["id"], view["role"]) == (joined["user_id"], "staff")
        listed = body(await anna.get("/api/invitations", params={"status": "accepted"}))["items"]
        assert made["id"] in [item["id"] for item in listed]


async def test_an_invitation_of_somebody_who_was_demoted_is_refused_and_shown_to_admins(stack: Stack) -> None:
    email = f"noor-{secrets.token_hex(4)}@new.example"
    async with operator(stack) as root:
        hotel = {
            "slug": f"mail-{secrets.token_hex(4)}",
            "name": "Mail Inn",
            "time_zone": "Europe/Vienna",
            "default_language": "en",
            "languages": ["en"],
        }
        hotel_id = body(await root.post("/hotels", json=hotel), 201)["id"]
        people = [
            {"email": f"{name}@{hotel['slug']}.example", "name": name.title(), "role": "admin", "password": PASSWORD}
            for name in ("ada", "sid")
        ]
        for person in people:
            body(await root.post(f"/hotels/{hotel_id}/users", json=person), 201)
    async with browser(stack, people[0]["email"]) as ada, browser(stack, people[1]["email"]) as sid:
        made = body(await sid.post("/api/invitations", json={"email": email, "name": "Noor", "role": "admin"}), 201)
        mail = await last_mail(stack, email)
        sids = body(await sid.get("/api/session"))["user"]["id"]
        body(await ada.post(f"/api/users/{sids}/role", json={"role": "viewer"}))
        async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as noor:
            accepting = {"token": mail.token, "password": CHOSEN}
            refused = await noor.post("/api/invitations/accept", json=accepting)
            assert (refused.status_code, slug(refused)) == (410, "invitation-unbacked")
            [listed] = body(await ada.get("/api/invitations", params={"status": "unbacked"}))["items"]
            assert listed["id"] == made["id"]
            body(await ada.post(f"/api/invitations/{made['id']}/resend"))
            accepting["token"] = (await last_mail(stack, email, 2)).token
            body(await noor.post("/api/invitations/accept", json=accepting), 201)


async def test_a_forgotten_password_is_replaced_by_the_link_of_a_mail(stack: Stack) -> None:
    email = f"vera-{secrets.token_hex(4)}@new.example"
    async with browser(stack, "anna.admin@lindenhof.example") as anna:
        vera = {"email": email, "name": "Vera", "role": "viewer", "password": PASSWORD}
        body(await anna.post("/api/users", json=vera), 201)
    async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as forgetful:
        assert (await forgetful.post("/api/password-reset", json={"email": email})).status_code == 202
        mail = await last_mail(stack, email)
        assert mail.link == f"{stack.url('gateway')}/password-reset#{mail.token}"
        body(await forgetful.post("/api/password-reset/confirm", json={"token": mail.token, "password": CHOSEN}), 204)
        refused = await forgetful.post("/api/session", json={"email": email, "password": PASSWORD})
        assert slug(refused) == "bad-credentials"
        body(await forgetful.post("/api/session", json={"email": email, "password": CHOSEN}), 201)
