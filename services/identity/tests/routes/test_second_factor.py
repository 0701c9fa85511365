"""One's own second factor: how it is switched on and off, what it leaves behind, and who else may take it away."""

import json
import logging
import re
from typing import Any

import pytest
from identity_play import PASSWORD, Authenticator, Clock, Desk, Hotel, Person, body, refusal, with_app
from sqlalchemy import text

from identity.accounts import account_scope
from identity.tables_second_factor import TotpRow


async def second_factor(person: Person) -> dict[str, Any]:  # Any: JSON
    return body(await person.api.get("/me"))["second_factor"]


async def actions(person: Person) -> list[str]:
    """What the account's own actions on its second factor are called in its transactions' audit entries, in order."""
    async with person.desk.app.runtime.worker_db.transaction(None) as tx:
        told = await tx.scalars(
            text("select payload from outbox where type = 'frontdesk.audit.recorded.v1' order by seq")
        )
    entries = [entry if isinstance(entry, dict) else json.loads(entry) for entry in told]
    mine = [entry for entry in entries if entry["object_id"] == str(person.id)]
    return [entry["action"] for entry in mine if entry["action"].startswith("second_factor.")]


async def test_nothing_is_asked_for_before_a_code_confirmed_the_app(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    admin = hotel.admin
    assert await second_factor(admin) == {"enabled": False, "since": None, "recovery_codes_left": 0}
    enrolled = await admin.api.post("/me/totp", json={"current_password": PASSWORD})
    assert enrolled.headers["cache-control"] == "no-store"
    uri = body(enrolled)["uri"]
    assert uri.startswith("otpauth://totp/AI%20Front%20Desk:admin%40")
    assert f"secret={body(enrolled)['secret']}" in uri
    body(await desk.sign_in(admin.email), 201)

    app = Authenticator(body(enrolled)["secret"], clock)
    assert refusal(await admin.api.post("/me/totp/confirm", json={"code": app.wrong_code()}), 422) == (
        "wrong-second-factor"
    )
    confirmed = await admin.api.post("/me/totp/confirm", json={"code": app.code()})
    assert confirmed.headers["cache-control"] == "no-store"
    codes = body(confirmed)["recovery_codes"]
    assert len(set(codes)) == 10
    assert refusal(await desk.sign_in(admin.email), 401) == "second-factor-required"
    shown = await second_factor(admin)
    assert (shown["enabled"], shown["recovery_codes_left"]) == (True, 10)
    assert shown["since"]
    assert await actions(admin) == ["second_factor.enrol", "second_factor.refuse", "second_factor.enable"]


async def test_beginning_takes_the_password(hotel: Hotel) -> None:
    answer = await hotel.admin.api.post("/me/totp", json={"current_password": "not this one at all"})
    assert refusal(answer, 422) == "wrong-password"
    assert answer.json()["errors"][0]["pointer"] == "/current_password"


async def test_an_enrolment_waits_a_quarter_of_an_hour(clock: Clock, hotel: Hotel) -> None:
    api = hotel.admin.api
    assert refusal(await api.post("/me/totp/confirm", json={"code": "123456"}), 409) == "no-enrolment"
    app = Authenticator(body(await api.post("/me/totp", json={"current_password": PASSWORD}))["secret"], clock)
    clock.pass_(15 * 60 + 1)
    assert refusal(await api.post("/me/totp/confirm", json={"code": app.code()}), 409) == "no-enrolment"


async def test_a_second_beginning_voids_the_first_secret_and_a_confirmed_one_stays(clock: Clock, hotel: Hotel) -> None:
    api = hotel.admin.api
    key = {"Idempotency-Key": "the-same-request"}
    first, second = [
        Authenticator(
            body(await api.post("/me/totp", json={"current_password": PASSWORD}, headers=key))["secret"], clock
        )
        for _ in range(2)
    ]
    assert first.secret != second.secret, "an answer with a secret is not kept for its Idempotency-Key"
    assert refusal(await api.post("/me/totp/confirm", json={"code": first.code()}), 422) == "wrong-second-factor"
    body(await api.post("/me/totp/confirm", json={"code": second.code()}))
    assert refusal(await api.post("/me/totp", json={"current_password": PASSWORD}), 409) == "second-factor-on"
    clock.pass_(30)
    assert refusal(await api.post("/me/totp/confirm", json={"code": second.code()}), 409) == "second-factor-on"


async def test_switching_it_on_or_off_ends_every_session_but_the_one_it_is_done_from(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    mine, other = hotel.admin, await desk.person(hotel.admin.email)
    app = await with_app(mine, clock)
    assert await other.is_refused()
    assert refusal(await desk.refresh(other.refresh_token), 401) == "session-over"
    body(await mine.api.get("/me"))

    third = await desk.person(mine.email, second_factor=app.code())
    clock.pass_(30)
    off = {"current_password": PASSWORD, "second_factor": app.code()}
    assert (await mine.api.post("/me/totp/disable", json=off)).status_code == 204
    assert await third.is_refused()
    body(await mine.api.get("/me"))
    body(await desk.refresh(mine.refresh_token))


async def test_switching_it_off_takes_the_password_and_a_code(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    api = hotel.admin.api
    off = {"current_password": PASSWORD, "second_factor": "123456"}
    assert refusal(await api.post("/me/totp/disable", json=off), 409) == "second-factor-off"
    app = await with_app(hotel.admin, clock)
    wrong = await api.post(
        "/me/totp/disable", json={**off, "current_password": "not this one", "second_factor": app.code()}
    )
    assert refusal(wrong, 422) == "wrong-password"
    wrong = await api.post("/me/totp/disable", json={**off, "second_factor": app.wrong_code()})
    assert (refusal(wrong, 422), wrong.json()["errors"][0]["pointer"]) == ("wrong-second-factor", "/second_factor")
    assert (await second_factor(hotel.admin))["enabled"]

    assert (await api.post("/me/totp/disable", json={**off, "second_factor": app.code()})).status_code == 204
    assert await second_factor(hotel.admin) == {"enabled": False, "since": None, "recovery_codes_left": 0}
    body(await desk.sign_in(hotel.admin.email), 201)
    assert (await actions(hotel.admin))[-2:] == ["second_factor.refuse", "second_factor.disable"]


async def test_whoever_lost_the_app_switches_it_off_with_a_recovery_code(clock: Clock, hotel: Hotel) -> None:
    app = await with_app(hotel.admin, clock)
    off = {"current_password": PASSWORD, "second_factor": app.recovery_codes[0]}
    assert (await hotel.admin.api.post("/me/totp/disable", json=off)).status_code == 204
    async with hotel.desk.app.runtime.db.transaction(None) as tx, account_scope(tx, hotel.admin.id):
        assert await tx.find(TotpRow, hotel.admin.id) is None
        assert await tx.scalar(text("select count(*) from recovery_codes")) == 0


async def test_new_recovery_codes_void_the_former_ones(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    api = hotel.admin.api
    renew = "/me/totp/recovery-codes"
    assert refusal(await api.post(renew, json={"code": "123456"}), 409) == "second-factor-off"
    app = await with_app(hotel.admin, clock)
    assert refusal(await api.post(renew, json={"code": app.wrong_code()}), 422) == "wrong-second-factor"
    assert refusal(await api.post(renew, json={"code": app.recovery_codes[0]}), 422) == "wrong-second-factor"
    renewed = await api.post(renew, json={"code": app.code()})
    assert renewed.headers["cache-control"] == "no-store"
    codes = body(renewed)["recovery_codes"]
    assert not set(codes) & set(app.recovery_codes)
    former = await desk.sign_in(hotel.admin.email, second_factor=app.recovery_codes[0])
    assert refusal(former, 401) == "bad-second-factor"
    body(await desk.sign_in(hotel.admin.email, second_factor=codes[0]), 201)
    assert (await second_factor(hotel.admin))["recovery_codes_left"] == 9


async def test_wrong_codes_of_somebody_signed_in_are_counted_too(clock: Clock, hotel: Hotel) -> None:
    app = await with_app(hotel.admin, clock)
    renew, wrong = "/me/totp/recovery-codes", {"code": app.wrong_code()}
    for _ in range(5):
        assert refusal(await hotel.admin.api.post(renew, json=wrong), 422) == "wrong-second-factor"
    locked = await hotel.admin.api.post(renew, json={"code": app.code()})
    assert (refusal(locked, 429), locked.headers["retry-after"]) == ("second-factor-locked", "30")


async def test_a_superadmin_takes_away_what_somebody_lost_and_all_their_sessions_end(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    await with_app(hotel.admin, clock)
    reset = f"/users/{hotel.admin.id}/totp/reset"
    assert (await desk.root.post(reset)).status_code == 204
    assert await hotel.admin.is_refused()
    body(await desk.sign_in(hotel.admin.email), 201)
    assert (await actions(hotel.admin))[-1] == "second_factor.reset"
    back = await desk.person(hotel.admin.email)
    assert (await desk.root.post(reset)).status_code == 204, "there is none any more: nothing is done"
    body(await back.api.get("/me"))


async def test_a_hotels_admin_resets_nobodys_and_a_superadmin_not_their_own(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    assert refusal(await hotel.admin.api.post(f"/users/{member.id}/totp/reset"), 403) == "missing-permission"
    root = body(await desk.root.get("/me"))["user"]["id"]
    assert refusal(await desk.root.post(f"/users/{root}/totp/reset"), 409) == "own-second-factor"
    nobody = "01900000-0000-7000-8000-00000000dead"
    assert refusal(await desk.root.post(f"/users/{nobody}/totp/reset"), 404) == "not-found"


async def test_secrets_and_codes_are_nowhere_but_in_the_answers_that_say_them_once(
    desk: Desk, clock: Clock, hotel: Hotel, caplog: pytest.LogCaptureFixture
) -> None:
    admin = hotel.admin
    with caplog.at_level(logging.DEBUG):
        app = await with_app(admin, clock)
        used = [app.code(), app.wrong_code(), "654-321-0", app.recovery_codes[0], app.recovery_codes[1]]
        answers = [await desk.sign_in(admin.email, second_factor=code) for code in (used[1], used[2], used[3])]
        answers.append(await desk.sign_in(admin.email, second_factor=used[0]))
        answers.append(await desk.sign_in(admin.email, second_factor=used[0]))
        answers.append(await admin.api.post("/me/totp/recovery-codes", json={"code": used[0], "extra": used[4]}))
        answers.append(await desk.sign_in(admin.email, second_factor=used[4] * 9))
    assert [answer.status_code for answer in answers] == [401, 401, 201, 201, 401, 422, 422]
    unsaid = {app.secret, *app.recovery_codes, *used} | {code.replace("-", "") for code in app.recovery_codes}
    said = [answer.text for answer in answers if not answer.is_success]
    async with desk.app.runtime.worker_db.transaction(None, platform=True) as tx:
        for table in ("outbox", "audit_entries", "sessions"):
            said += await tx.scalars(text(f"select to_jsonb(t)::text from {table} t"))
    async with desk.app.runtime.db.transaction(None) as tx, account_scope(tx, admin.id):
        row = await tx.get(TotpRow, admin.id)
        hashes = await tx.scalars(text("select code_hash from recovery_codes"))
    said += [str(row), str(hashes), caplog.text]
    for secret in unsaid:
        alone = re.compile(
            rf"(?<![0-9a-f.-]){re.escape(secret)}(?![0-9a-f-])"
        )  # six digits are part of many an id and time
        assert not [where for where in said if alone.search(where)], secret
    assert len(said) > 20
    assert len(hashes) == 9


async def test_a_secret_copied_from_another_account_opens_nothing(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    thief, victim = await hotel.member(), hotel.admin
    thiefs = await with_app(thief, clock)
    await with_app(victim, clock)
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:
        stolen, target = await tx.get(TotpRow, thief.id), await tx.get(TotpRow, victim.id)
        target.secret = stolen.secret
    answer = await desk.sign_in(victim.email, second_factor=thiefs.code(1))
    assert refusal(answer, 500) == "internal"
