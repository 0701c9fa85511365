"""The keys that sign: rotated while everything runs, by whoever comes first, and kept for what they signed."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import jwt
import pytest
import typer
from audit_play import arrive, verify
from identity_play import SECRET_KEY, Desk, Hotel, Json, body, new_key, refusal
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select, update

from contracts.events import SigningKeyWithdrawn
from identity.adapters.signing import parts_of
from identity.commands.signing_keys import HINT, ensure_keys, rotate_keys
from identity.domain.signing_keys import KeyState, NextKeyTooYoung
from identity.jobs import rotate_signing_keys, sign_audit_chains
from identity.operators_keys import rotate_keys as rotate_keys_command
from identity.operators_keys import withdraw_key as withdraw_key_command
from identity.resources import resources, resources_of
from identity.settings import settings_of
from identity.tables_signing_keys import SigningKeyRow
from servicekit import Runtime, new_id
from servicekit.settings import BadSettings
from servicekit.testing import eventually


@pytest.fixture(autouse=True)
async def tokens_of_other_tests_hold(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """Unknown keys are asked for at once, and what a test has withdrawn holds again after it."""
    rt = desk.app.runtime
    verifiers = rt.tokens._keys  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(verifiers, "_min_interval_seconds", 0)
    yield
    async with rt.db.transaction(None, platform=True) as tx:
        gone = await tx.scalars(select(col(SigningKeyRow.kid)).where(col(SigningKeyRow.withdrawn_at).is_not(None)))
        assert await eventually(lambda: all(map(rt.deny.is_withdrawn, gone)), timeout=5)
        rt.deny._keys.clear()  # pyright: ignore[reportPrivateUsage]
        former = update(SigningKeyRow).where(col(SigningKeyRow.state) == KeyState.FORMER)
        await tx.execute(former.values(withdrawn_at=None, replaced_at=tx.now))
        tx.hint(HINT)
        every = set(await tx.scalars(select(col(SigningKeyRow.kid))))

    async def are_published() -> bool:
        return every <= await published(desk)

    await eventually(are_published, timeout=5)
    await verifiers.key(resources_of(rt).keys.keys.kid)


@pytest.fixture
async def known(desk: Desk) -> None:
    """The present keys have been known, and signing, for long."""
    rt = desk.app.runtime
    async with rt.db.transaction(None, platform=True) as tx:
        long_ago = tx.now - timedelta(days=100)
        await tx.execute(update(SigningKeyRow).values(published_at=long_ago))
        await tx.execute(
            update(SigningKeyRow).where(col(SigningKeyRow.state) == KeyState.CURRENT).values(signs_since=long_ago)
        )


@pytest.fixture
async def second(desk: Desk) -> AsyncGenerator[Runtime]:
    """What another instance of the service has at hand."""
    rt = replace(desk.app.runtime)
    async with resources(rt) as kept:
        rt.resources = kept
        yield rt


async def keys(desk: Desk) -> dict[str, Json]:
    """The keys that are there, by state; former ones are left out."""
    items = body(await desk.root.get("/signing-keys"))["items"]
    return {key["state"]: key for key in items if key["state"] != "former"}


def kid_of(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


async def published(desk: Desk) -> set[str]:
    return {key["kid"] for key in body(await desk.anybody.get("/.well-known/jwks.json"))["keys"]}


async def test_a_rotation_is_picked_up_by_every_instance_and_refuses_no_token(
    desk: Desk, hotel: Hotel, known: None, second: Runtime
) -> None:
    before = await keys(desk)
    current, following = before["current"]["kid"], before["next"]["kid"]
    assert kid_of(hotel.admin.session["access_token"]) == current
    assert {current, following} <= await published(desk), "the next key is known before it signs"
    rotated = body(await desk.root.post("/signing-keys/rotate"))
    assert (rotated["kid"], rotated["state"]) == (following, "current")

    async def signs() -> bool:
        return all(resources_of(rt).keys.keys.kid == following for rt in (desk.app.runtime, second))

    assert await eventually(signs, timeout=5)
    body(await hotel.admin.api.get("/me"))
    fresh = await desk.person(hotel.admin.email)
    assert kid_of(fresh.session["access_token"]) == following
    body(await fresh.api.get("/me"))
    after = await keys(desk)
    assert after["next"]["kid"] not in (current, following)
    assert {current, following, after["next"]["kid"]} <= await published(desk)


async def test_of_two_who_rotate_at_once_one_does(desk: Desk, known: None) -> None:
    rt = desk.app.runtime

    async def one(every: timedelta | None) -> str | None:
        async with rt.worker_db.transaction(None, platform=True) as tx:
            row = await rotate_keys(resources_of(rt).vault, tx, every=every)
            return row and row.kid

    before = await keys(desk)
    outcomes = await asyncio.gather(*(one(timedelta(days=90)) for _ in range(3)))
    assert sorted(outcomes, key=str) == sorted([before["next"]["kid"], None, None], key=str)
    with pytest.raises(NextKeyTooYoung):
        await one(None)


async def test_by_the_clock_a_key_gives_way_when_it_signed_for_as_long_as_was_asked(
    desk: Desk, known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await keys(desk)
    for days, signer in ((0, "current"), (101, "current"), (99, "next")):
        monkeypatch.setattr(desk.app.settings, "key_rotation_days", days)
        await rotate_signing_keys(desk.app.runtime)
        assert (await keys(desk))["current"]["kid"] == before[signer]["kid"], days


async def test_a_process_that_dies_in_the_middle_of_a_rotation_leaves_the_keys_as_they_were(
    desk: Desk, known: None
) -> None:
    before = await keys(desk)
    rt = desk.app.runtime
    try:
        async with rt.db.transaction(None, platform=True) as tx:
            await rotate_keys(resources_of(rt).vault, tx)
            await tx.execute(text("select pg_terminate_backend(pg_backend_pid())"))
    except DBAPIError:
        pass
    else:
        raise AssertionError("the connection was not cut")
    assert await keys(desk) == before
    body(await desk.root.post("/signing-keys/rotate"))


async def test_a_withdrawn_key_signs_no_more_and_its_tokens_are_refused(
    desk: Desk, hotel: Hotel, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one takes over however young it is. Verifiers keep the key set for five minutes."""
    before = await keys(desk)
    leaked = before["current"]["kid"]
    await withdraw_key_command(desk.app.runtime, leaked)
    await withdraw_key_command(desk.app.runtime, leaked)
    assert capsys.readouterr().out == f"{leaked} is withdrawn\n" * 2

    async def withdrawn() -> bool:
        return leaked not in await published(desk)

    assert await eventually(withdrawn, timeout=5)
    fresh = await desk.person(hotel.admin.email)
    assert kid_of(fresh.session["access_token"]) == before["next"]["kid"]
    body(await fresh.api.get("/me"))
    assert await hotel.admin.is_refused()
    [told] = [e for e in await desk.app.events(SigningKeyWithdrawn, 1) if e.kid == leaked]
    assert told.version == 1, "said once, though it was withdrawn twice"
    root = (await desk.person("root@platform.example")).api
    monkeypatch.setattr(desk, "root", root)
    after = await keys(desk)
    assert (after["current"]["kid"], leaked in {key["kid"] for key in after.values()}) == (before["next"]["kid"], False)
    young = after["next"]["kid"]
    body(await desk.root.post(f"/signing-keys/{young}/withdraw"))
    assert (await keys(desk))["next"]["kid"] != young
    assert refusal(await desk.root.post(f"/signing-keys/{'x' * 43}/withdraw"), 404) == "not-found"
    with pytest.raises(typer.Exit):
        await withdraw_key_command(desk.app.runtime, "nobody's")


async def test_checkpoints_of_every_former_key_are_still_checked(
    desk: Desk, known: None, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id, rt = new_id(), desk.app.runtime
    await arrive(desk, hotel_id, 2)
    await sign_audit_chains(rt)
    signer = resources_of(rt).keys.keys.kid
    await rotate_keys_command(rt)
    assert capsys.readouterr().out.endswith(" signs\n")

    async def changed() -> bool:
        return resources_of(rt).keys.keys.kid != signer

    assert await eventually(changed, timeout=5)
    async with rt.db.transaction(None, platform=True) as tx:
        gone = update(SigningKeyRow).where(col(SigningKeyRow.kid) == signer)
        await tx.execute(gone.values(replaced_at=tx.now - timedelta(days=1)))
        tx.hint(HINT)

    async def unpublished() -> bool:
        return signer not in await published(desk)

    assert await eventually(unpublished, timeout=5)
    await arrive(desk, hotel_id, 1)
    await sign_audit_chains(rt)
    said = f"hotel {hotel_id}: sound, 3 entries, up to position 3, signed up to 3\n"
    assert await verify(desk, capsys, hotel_id) == (0, said)
    with pytest.raises(typer.Exit):
        await rotate_keys_command(rt)
    assert "not rotated" in capsys.readouterr().err


async def test_only_the_platform_sees_or_rotates_keys(desk: Desk, standing_hotel: Hotel) -> None:
    api = standing_hotel.admin.api
    for answer in (
        await api.get("/signing-keys"),
        await api.post("/signing-keys/rotate"),
        await api.post(f"/signing-keys/{'x' * 43}/withdraw"),
    ):
        assert refusal(answer, 403) == "missing-permission"
    connection = await asyncpg.connect(desk.app.settings.database_url)
    try:
        for scope in ("hotel_id", "account_id"):
            await connection.execute("select set_config($1, $2, false)", f"app.{scope}", str(standing_hotel.id))
            assert await connection.fetchval("select count(*) from signing_keys") == 0
        await connection.execute("select set_config('app.platform', 'on', false)")
        rows = await connection.fetch("select private, state from signing_keys")
    finally:
        await connection.close()
    assert all((row["private"] is None) == (row["state"] == "former") for row in rows)
    assert not [row for row in rows if b"PRIVATE KEY" in (row["private"] or b"")], "sealed"


async def test_the_first_key_is_the_one_that_was_brought_along_and_later_ones_are_not_looked_at(desk: Desk) -> None:
    rt = desk.app.runtime
    before = await keys(desk)
    brought = settings_of(rt).signing_key.get_secret_value()
    shown = {key["kid"] for key in body(await desk.root.get("/signing-keys"))["items"]}
    assert parts_of(brought)[0] in shown
    async with rt.db.transaction(None, platform=True) as tx:
        await ensure_keys(new_key(), resources_of(rt).vault, tx)
    assert {state: key["kid"] for state, key in (await keys(desk)).items()} == {
        state: key["kid"] for state, key in before.items()
    }


async def test_keys_that_this_process_cannot_open_stop_it_at_the_start(desk: Desk) -> None:
    other = SECRET_KEY[::-1].lstrip("=") + "="
    settings = desk.app.settings.model_copy(update={"secret_keys": SecretStr(other)})
    with pytest.raises(BadSettings, match="FRONTDESK_SECRET_KEYS: the signing key"):
        async with resources(replace(desk.app.runtime, settings=settings)):
            pass
