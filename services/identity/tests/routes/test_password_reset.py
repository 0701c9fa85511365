"""A password that was forgotten is chosen anew with the link of a mail."""

import asyncio

from identity_play import PASSWORD, Clock, Desk, Hotel, Json, body, refusal, with_app
from mail_play import Postbox, text_of
from sqlalchemy import event
from sqlmodel import col, select

from contracts.events import AuditRecorded
from identity.domain.mail import MailStatus
from identity.tables_mail import MailRow
from servicekit.testing import eventually

OTHER = "seven herons at the pond"


async def ask(desk: Desk, email: str) -> None:
    answer = await desk.anybody.post("/password-reset", json={"email": email})
    assert (answer.status_code, answer.content) == (202, b"null")


async def choose(desk: Desk, token: str, password: str = OTHER) -> int | str:
    answer = await desk.anybody.post("/password-reset/confirm", json={"token": token, "password": password})
    return 204 if answer.status_code == 204 else refusal(answer, answer.status_code)


async def test_who_forgot_the_password_chooses_another_and_every_session_ends(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    member = await standing_hotel.member()
    await ask(desk, member.email.upper())
    token = await postbox.token(member.email)
    (mail,) = await postbox.to(member.email)
    assert (mail["Subject"], "30 Minuten" in text_of(mail)) == ("Neues Passwort wählen", True)
    assert await choose(desk, token, "password1234") == "weak-password"
    assert await choose(desk, token) == 204
    assert await member.is_refused()
    assert refusal(await desk.sign_in(member.email), 401) == "bad-credentials"
    await desk.person(member.email, OTHER)
    assert await choose(desk, token) == "link-void"
    told = (await postbox.to(member.email, 2))[-1]
    assert told["Subject"] == "Ihr Passwort wurde geändert"
    assert "http" not in text_of(told)


async def test_an_address_without_an_account_gets_the_same_answer_and_no_mail(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    switched_off = await standing_hotel.member()
    body(await desk.root.post(f"/users/{switched_off.id}/deactivate"))
    nobody = [f"nobody@{standing_hotel.slug}.example", switched_off.email]
    for email in nobody:
        await ask(desk, email)

    async def all_looked_at() -> bool:
        async with desk.app.runtime.db.transaction(None, platform=True) as tx:
            waiting = select(MailRow.id).where(col(MailRow.status) == MailStatus.WAITING)
            return not await tx.scalars(waiting)

    await eventually(all_looked_at, timeout=10)
    assert not [mail for email in nobody for mail in postbox.of(email)]


async def test_the_answer_is_given_before_anybody_looks_for_the_account(desk: Desk, standing_hotel: Hotel) -> None:
    """What the request itself does is the same, statement by statement, for every address."""
    done: list[list[str]] = []
    engine = desk.app.runtime.db.engine.sync_engine
    for email in (standing_hotel.admin.email, f"nobody2@{standing_hotel.slug}.example"):
        seen: list[str] = []

        def note(_: object, __: object, statement: str, *___: object, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        await ask(desk, email)
        event.remove(engine, "before_cursor_execute", note)
        done.append(seen)
    assert done[0] == done[1]
    assert not [statement for statement in done[0] if "users" in statement or "account_of_email" in statement]


async def test_a_newer_link_voids_the_older_and_so_does_another_password(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    member = await standing_hotel.member()
    await ask(desk, member.email)
    older = await postbox.token(member.email)
    await ask(desk, member.email)
    newer = await postbox.token(member.email, 2)
    assert await choose(desk, older) == "link-void"
    changed = await member.api.post("/me/password", json={"current_password": PASSWORD, "password": OTHER})
    assert changed.status_code == 204
    assert await choose(desk, newer, "another seven herons") == "link-void"
    assert (await postbox.to(member.email, 3))[-1]["Subject"] == "Ihr Passwort wurde geändert"


async def test_a_link_holds_half_an_hour_and_of_two_uses_at_once_one_wins(
    desk: Desk, clock: Clock, standing_hotel: Hotel, postbox: Postbox
) -> None:
    member = await standing_hotel.member()
    await ask(desk, member.email)
    token = await postbox.token(member.email)
    clock.pass_(30 * 60)
    assert await choose(desk, token) == "link-void"
    clock.pass_(-1)
    outcomes = await asyncio.gather(*(choose(desk, token) for _ in range(3)))
    assert sorted(outcomes, key=str) == [204, "link-void", "link-void"]


async def test_the_second_factor_stays(desk: Desk, clock: Clock, hotel: Hotel, postbox: Postbox) -> None:
    app = await with_app(hotel.admin, clock)
    await ask(desk, hotel.admin.email)
    assert await choose(desk, await postbox.token(hotel.admin.email)) == 204
    assert refusal(await desk.sign_in(hotel.admin.email, OTHER), 401) == "second-factor-required"
    body(await desk.sign_in(hotel.admin.email, OTHER, second_factor=app.code()), 201)


async def test_resets_of_one_address_are_limited_whether_or_not_it_has_an_account(
    desk: Desk, standing_hotel: Hotel
) -> None:
    for email in ((await standing_hotel.member()).email, f"nobody3@{standing_hotel.slug}.example"):
        for _ in range(5):
            await ask(desk, email)
        over = await desk.anybody.post("/password-reset", json={"email": email})
        assert refusal(over, 429) == "too-many-requests"


async def test_the_log_of_a_reset_names_nobody_and_holds_no_link(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    member = await standing_hotel.member()
    await ask(desk, member.email)
    token = await postbox.token(member.email)
    assert await choose(desk, token) == 204

    async def both() -> list[AuditRecorded]:
        mine = [e for e in await desk.app.events(AuditRecorded) if e.object_id == str(member.id)]
        return mine if [e for e in mine if e.action == "password_reset.confirm"] else []

    entries = await eventually(both, timeout=10)
    assert [e.action for e in entries if e.action.startswith("password_reset")] == [
        "password_reset.issue",
        "password_reset.confirm",
    ]
    assert entries[-1].actor.id == member.id
    everything: list[Json] = [e.model_dump() for e in await desk.app.events(AuditRecorded)]
    assert token not in str(everything)
    assert member.email not in str(everything)
