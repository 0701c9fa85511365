"""Signing in with a second factor: what is accepted, once, and what those who guess can learn or do."""

import asyncio
from typing import Any

import asyncpg
from identity_play import Clock, Desk, Hotel, Json, body, refusal, with_app

from identity.accounts import account_scope
from identity.tables import UserRow
from identity.tables_second_factor import TotpRow
from servicekit.testing import RunningService, eventually


def said(answer_json: Json) -> Json:
    return {name: value for name, value in answer_json.items() if name != "trace_id"}


async def waiting(desk: Desk, count: int) -> bool:
    """Whether that many transactions of the service wait for a lock."""
    connection: Any = await asyncpg.connect(desk.app.settings.database_url)  # Any: asyncpg has no types
    try:
        held_up = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return await connection.fetchval(held_up) == count
    finally:
        await connection.close()


async def test_the_password_alone_is_answered_with_the_question_for_a_code(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    app = await with_app(hotel.admin, clock)
    assert refusal(await desk.sign_in(hotel.admin.email), 401) == "second-factor-required"
    assert refusal(await desk.sign_in(hotel.admin.email, second_factor=app.wrong_code()), 401) == "bad-second-factor"
    assert refusal(await desk.sign_in(hotel.admin.email, second_factor=""), 401) == "bad-second-factor"
    session = body(await desk.sign_in(hotel.admin.email, second_factor=f" {app.code()[:3]} {app.code()[3:]}"), 201)
    assert session["user"]["id"] == str(hotel.admin.id)


async def test_who_has_no_second_factor_may_send_what_they_like(desk: Desk, hotel: Hotel) -> None:
    body(await desk.sign_in(hotel.admin.email, second_factor="123456"), 201)


async def test_without_the_right_password_nobody_hears_of_a_second_factor(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    app = await with_app(hotel.admin, clock)
    plain = await hotel.member()
    answers = [
        await desk.sign_in(hotel.admin.email, "wrong password here"),
        await desk.sign_in(hotel.admin.email, "wrong password here", second_factor=app.code()),
        await desk.sign_in(hotel.admin.email, "wrong password here", second_factor=app.recovery_codes[0]),
        await desk.sign_in(plain.email, "wrong password here", second_factor="123456"),
        await desk.sign_in("nobody@nowhere.example", second_factor="123456"),
    ]
    assert {refusal(answer, 401) for answer in answers} == {"bad-credentials"}
    assert all(said(answer.json()) == said(answers[0].json()) for answer in answers)
    assert len({tuple(sorted(set(answer.headers) - {"date"})) for answer in answers}) == 1
    body(await desk.sign_in(hotel.admin.email, second_factor=app.code()), 201)
    body(await desk.sign_in(hotel.admin.email, second_factor=app.recovery_codes[0]), 201)


async def test_a_code_opens_once(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    app = await with_app(hotel.admin, clock)
    code = app.code()
    body(await desk.sign_in(hotel.admin.email, second_factor=code), 201)
    assert refusal(await desk.sign_in(hotel.admin.email, second_factor=code), 401) == "bad-second-factor"
    earlier = await desk.sign_in(hotel.admin.email, second_factor=app.code(-1))
    assert refusal(earlier, 401) == "bad-second-factor", "the code that confirmed the app, too"
    body(await desk.sign_in(hotel.admin.email, second_factor=app.code(1)), 201)


async def test_an_app_whose_clock_is_half_a_minute_off_still_opens_and_no_more(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    app = await with_app(hotel.admin, clock)
    clock.pass_(120)
    for steps in (-2, 2):
        answer = await desk.sign_in(hotel.admin.email, second_factor=app.code(steps))
        assert refusal(answer, 401) == "bad-second-factor"
    for steps in (-1, 1):
        body(await desk.sign_in(hotel.admin.email, second_factor=app.code(steps)), 201)


async def test_of_two_sign_ins_with_the_same_code_at_the_same_moment_one_gets_in(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    app = await with_app(hotel.admin, clock)
    for code in (app.code(), app.recovery_codes[0]):
        async with desk.app.runtime.db.transaction(None, platform=True) as tx:
            await tx.lock(UserRow, hotel.admin.id)  # holds them up, so that they meet
            signing_in = [asyncio.create_task(desk.sign_in(hotel.admin.email, second_factor=code)) for _ in range(3)]
            await eventually(lambda: waiting(desk, 3))
        answers = await asyncio.gather(*signing_in)
        assert sorted(answer.status_code for answer in answers) == [201, 401, 401]
        assert {refusal(answer, 401) for answer in answers if answer.status_code == 401} == {"bad-second-factor"}


async def test_a_recovery_code_opens_once_however_it_is_typed(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    app = await with_app(hotel.admin, clock)
    first, second = app.recovery_codes[:2]
    body(await desk.sign_in(hotel.admin.email, second_factor=first), 201)
    assert refusal(await desk.sign_in(hotel.admin.email, second_factor=first), 401) == "bad-second-factor"
    body(await desk.sign_in(hotel.admin.email, second_factor=second.upper().replace("-", " ")), 201)
    assert body(await hotel.admin.api.get("/me"))["second_factor"]["recovery_codes_left"] == 8


async def test_ones_own_recovery_codes_open_nobody_elses_account(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    member = await hotel.member()
    mine = await with_app(member, clock)
    await with_app(hotel.admin, clock)
    answer = await desk.sign_in(hotel.admin.email, second_factor=mine.recovery_codes[0])
    assert refusal(answer, 401) == "bad-second-factor"
    body(await desk.sign_in(member.email, second_factor=mine.recovery_codes[0]), 201)


async def test_guessing_codes_is_slowed_down_and_a_recovery_code_opens_all_the_same(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    app = await with_app(hotel.admin, clock)
    guesses = [await desk.sign_in(hotel.admin.email, second_factor=app.wrong_code()) for _ in range(5)]
    assert {refusal(answer, 401) for answer in guesses} == {"bad-second-factor"}
    locked = await desk.sign_in(hotel.admin.email, second_factor=app.code())
    assert (refusal(locked, 429), locked.headers["retry-after"]) == ("second-factor-locked", "30")
    clock.pass_(30)
    answer = await desk.sign_in(hotel.admin.email, second_factor=app.wrong_code())
    assert refusal(answer, 401) == "bad-second-factor", "one more guess after the pause"
    locked = await desk.sign_in(hotel.admin.email, second_factor=app.code())
    assert (refusal(locked, 429), locked.headers["retry-after"]) == ("second-factor-locked", "60")
    body(await desk.sign_in(hotel.admin.email, second_factor=app.recovery_codes[0]), 201)
    async with desk.app.runtime.db.transaction(None) as tx, account_scope(tx, hotel.admin.id):
        row = await tx.get(TotpRow, hotel.admin.id)
    assert (row.failures, row.locked_until) == (0, None), "the owner is back, the count begins anew"


async def test_a_stranger_who_does_not_know_the_password_keeps_nobody_out(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    app = await with_app(hotel.admin, clock)
    for _ in range(6):
        answer = await desk.sign_in(hotel.admin.email, "wrong password here", second_factor=app.wrong_code())
        assert refusal(answer, 401) == "bad-credentials"
    body(await desk.sign_in(hotel.admin.email, second_factor=app.code()), 201)


async def test_a_suspended_hotels_staff_lose_no_code(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    app = await with_app(hotel.admin, clock)
    body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))
    suspended = await desk.sign_in(hotel.admin.email, second_factor=app.code())
    assert refusal(suspended, 403) == "hotel-suspended"
    body(await desk.root.post(f"/hotels/{hotel.id}/activate"))
    body(await desk.sign_in(hotel.admin.email, second_factor=app.code()), 201)


async def test_a_refresh_asks_for_no_code(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    await with_app(hotel.admin, clock)
    body(await desk.refresh(hotel.admin.refresh_token))


async def test_what_is_too_long_for_a_code_is_not_repeated(identity: RunningService, hotel: Hotel) -> None:
    answer = await hotel.desk.sign_in(hotel.admin.email, second_factor="7" * 65)
    assert refusal(answer, 422) == "validation"
    assert "777" not in answer.text
