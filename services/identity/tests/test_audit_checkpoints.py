"""Signed checkpoints: whoever rewrites the whole log is found out; and the retention cuts what was checked, and no more."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from audit_play import REHASH, arrive, ask, tamper, verify
from identity_play import Desk, body, new_key

from identity.adapters.checkpoints import CheckpointKeys
from identity.adapters.signing import KeyRing, SigningKeys
from identity.commands.audit import keep_checkpoint
from identity.domain.audit_chain import Mark
from identity.jobs import cut_audit_chains, jobs, sign_audit_chains, verify_audit_chains
from identity.queries.audit_chain import check_newest
from identity.resources import resources_of
from servicekit import new_id
from servicekit.metrics import REGISTRY
from servicekit.testing import eventually

CHECKPOINTS = "select position, cut, jws from audit_checkpoints where hotel_id = $1 order by position, cut"


async def checkpoints(desk: Desk, hotel_id: UUID) -> list[tuple[int, bool]]:
    return [(row["position"], row["cut"]) for row in await ask(desk, CHECKPOINTS, hotel_id)]


async def test_a_chain_that_has_grown_is_signed_and_one_that_has_not_is_not_signed_again(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id, rt = new_id(), desk.app.runtime
    await arrive(desk, hotel_id, 3)
    await sign_audit_chains(rt)
    await sign_audit_chains(rt)
    assert await checkpoints(desk, hotel_id) == [(3, False)]
    await arrive(desk, hotel_id, 2)
    await sign_audit_chains(rt)
    assert await checkpoints(desk, hotel_id) == [(3, False), (5, False)]
    assert await verify(desk, capsys, hotel_id) == (
        0,
        f"hotel {hotel_id}: sound, 5 entries, up to position 5, signed up to 5\n",
    )


async def test_a_log_that_was_written_anew_and_is_sound_in_itself_is_not_what_was_signed(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 4)
    change = ("update audit_entries set action = 'nothing.happened' where event_id = $1", ids[1])
    await tamper(desk, change, REHASH.format(chain=hotel_id))
    assert (await verify(desk, capsys, hotel_id))[0] == 0, (
        "nothing was signed yet: the rewriting itself leaves no trace"
    )
    await sign_audit_chains(desk.app.runtime)
    await arrive(desk, hotel_id, 2)
    await tamper(desk, (change[0], ids[2]), REHASH.format(chain=hotel_id))
    code, said = await verify(desk, capsys, hotel_id)
    assert code == 1
    assert "  rewritten at position 4: what was signed has another hash" in said


async def test_a_tail_that_is_cut_off_with_its_checkpoint_is_told_by_a_checkpoint_kept_elsewhere(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id = new_id()
    await arrive(desk, hotel_id, 2)
    await sign_audit_chains(desk.app.runtime)
    await arrive(desk, hotel_id, 3)
    await sign_audit_chains(desk.app.runtime)
    kept = (await ask(desk, CHECKPOINTS, hotel_id))[-1]["jws"]
    await tamper(
        desk,
        ("delete from audit_entries e using audit_links l where e.event_id = l.event_id and l.hotel_id = $1"
         " and l.position > 3", hotel_id),
        ("delete from audit_links where hotel_id = $1 and position > 3", hotel_id),
        ("delete from audit_checkpoints where hotel_id = $1 and position > 3", hotel_id),
        REHASH.format(chain=hotel_id),
    )  # fmt: skip
    assert (await verify(desk, capsys, hotel_id))[0] == 0
    code, said = await verify(desk, capsys, hotel_id, [kept])
    assert (code, said.splitlines()[1:]) == (1, ["  missing at position 5: it was signed and is not there"])
    code, said = await verify(desk, capsys, hotel_id, [kept[:-4] + "AAAA"])
    assert (code, said) == (1, "the checkpoint cannot be used: the signature does not hold\n")


async def test_growth_that_was_tampered_with_is_not_signed(desk: Desk) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 3)
    await tamper(desk, ("update audit_entries set action = 'nothing.happened' where event_id = $1", ids[1]))
    await sign_audit_chains(desk.app.runtime)
    assert await checkpoints(desk, hotel_id) == []


async def test_a_checkpoint_that_was_changed_or_signed_by_somebody_else_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id = new_id()
    await arrive(desk, hotel_id, 3)
    await sign_audit_chains(desk.app.runtime)
    await tamper(desk, ("update audit_checkpoints set position = 2 where hotel_id = $1", hotel_id))
    code, said = await verify(desk, capsys, hotel_id)
    assert code == 1
    assert "  forged at position 2: checkpoint: another checkpoint was signed than the one that stands there" in said
    strangers = CheckpointKeys(KeyRing(SigningKeys(new_key())))
    jws = strangers.sign(Mark(hotel_id, 2, bytes(32)), datetime.now(UTC))
    await tamper(desk, ("update audit_checkpoints set jws = $2 where hotel_id = $1", hotel_id, jws))
    code, said = await verify(desk, capsys, hotel_id)
    assert code == 1
    assert "is not known; its public half belongs in FRONTDESK_AUDIT_KEYS" in said


async def test_nobody_changes_links_or_checkpoints_and_nothing_is_deleted_above_a_cut(desk: Desk) -> None:
    hotel_id, settings = new_id(), desk.app.settings
    await arrive(desk, hotel_id, 3)
    await sign_audit_chains(desk.app.runtime)
    for url in (settings.database_url, settings.database_worker_url, settings.database_owner_url):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("select set_config('app.platform', 'on', false)")
            for cutting in ("", "on"):
                await connection.execute("select set_config('app.audit_cut', $1, false)", cutting)
                for statement in (
                    "update audit_links set position = position + 1000",
                    "update audit_checkpoints set cut = true",
                    "update audit_entries set action = 'nothing.happened'",
                    f"delete from audit_links where hotel_id = '{hotel_id}'",
                    f"delete from audit_checkpoints where hotel_id = '{hotel_id}'",
                    f"delete from audit_entries where hotel_id = '{hotel_id}'",
                    "truncate audit_links",
                    "truncate audit_checkpoints",
                    "truncate audit_entries",
                ):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
        finally:
            await connection.close()
    assert await checkpoints(desk, hotel_id) == [(3, False)]


async def test_the_app_role_neither_links_nor_signs_nor_moves_a_head(desk: Desk) -> None:
    connection = await asyncpg.connect(desk.app.settings.database_url)
    try:
        await connection.execute("select set_config('app.platform', 'on', false)")
        for statement in (
            "update audit_chains set position = 0",
            "delete from audit_chains",
            "insert into audit_chains values (gen_random_uuid(), 0, sha256(''))",
            "insert into audit_links values (gen_random_uuid(), 1, gen_random_uuid(), sha256(''))",
            "insert into audit_checkpoints values (gen_random_uuid(), 1, true, sha256(''), now(), '')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def signed_days_ago(desk: Desk, hotel_id: UUID, days: float) -> None:
    """As the job signs, of this chain alone: what other tests look at is not to be cut."""
    rt, at = desk.app.runtime, datetime.now(UTC) - timedelta(days=days)
    keys = resources_of(rt).checkpoints
    async with rt.worker_db.transaction(None, platform=True) as tx:
        checked = await check_newest(hotel_id, keys, tx)
        await keep_checkpoint(checked.newest, keys.sign(checked.newest, at), at, tx)


async def test_the_retention_cuts_what_is_old_and_the_rest_is_sound_and_grows_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id, rt = new_id(), desk.app.runtime
    for days, count in ((40, 3), (31, 2), (29, 2)):
        await arrive(desk, hotel_id, count)
        await signed_days_ago(desk, hotel_id, days)
    await arrive(desk, hotel_id, 1)
    await cut_audit_chains(rt)
    assert (await verify(desk, capsys, hotel_id))[1].startswith(f"hotel {hotel_id}: sound, 8 entries"), "for ever"
    monkeypatch.setattr(desk.app.settings, "audit_retention_days", 30)
    await cut_audit_chains(rt)
    await cut_audit_chains(rt)
    assert await checkpoints(desk, hotel_id) == [(5, True), (7, False)]
    left = await ask(
        desk,
        "select l.position, e.hotel_id from audit_entries e left join audit_links l using (event_id)"
        " where e.hotel_id = $1 order by 1",
        hotel_id,
    )
    assert [row["position"] for row in left] == [6, 7, 8]
    await arrive(desk, hotel_id, 2)
    said = f"hotel {hotel_id}: sound, 5 entries, up to position 10, signed up to 7\n"
    assert await verify(desk, capsys, hotel_id) == (0, said)

    async def noted() -> bool:
        found = body(await desk.root.get("/audit", params={"action": "audit.cut", "object_id": str(hotel_id)}))["items"]
        return [entry["object_type"] for entry in found] == ["audit_log"]

    assert await eventually(noted)


async def test_a_chain_that_was_cut_to_its_last_entry_grows_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id = new_id()
    await arrive(desk, hotel_id, 2)
    await signed_days_ago(desk, hotel_id, 40)
    monkeypatch.setattr(desk.app.settings, "audit_retention_days", 30)
    await cut_audit_chains(desk.app.runtime)
    assert (await verify(desk, capsys, hotel_id))[1].startswith(f"hotel {hotel_id}: sound, 0 entries")
    await arrive(desk, hotel_id, 1)
    await sign_audit_chains(desk.app.runtime)
    assert await checkpoints(desk, hotel_id) == [(2, True), (3, False)]
    assert (await verify(desk, capsys, hotel_id))[0] == 0


async def test_what_was_tampered_with_is_not_cut_so_that_it_can_be_looked_into(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 3)
    await signed_days_ago(desk, hotel_id, 40)
    await tamper(desk, ("update audit_entries set action = 'nothing.happened' where event_id = $1", ids[0]))
    monkeypatch.setattr(desk.app.settings, "audit_retention_days", 30)
    await cut_audit_chains(desk.app.runtime)
    assert await checkpoints(desk, hotel_id) == [(3, False)]
    assert len(await ask(desk, "select 1 from audit_links where hotel_id = $1", hotel_id)) == 3


async def test_a_cut_that_nobody_signed_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows below a sound checkpoint are deleted, and the checkpoint is called a cut."""
    hotel_id = new_id()
    await arrive(desk, hotel_id, 4)
    await sign_audit_chains(desk.app.runtime)
    await arrive(desk, hotel_id, 1)
    await tamper(
        desk,
        ("delete from audit_entries e using audit_links l where e.event_id = l.event_id and l.hotel_id = $1"
         " and l.position <= 4", hotel_id),
        ("delete from audit_links where hotel_id = $1 and position <= 4", hotel_id),
        ("update audit_checkpoints set cut = true where hotel_id = $1", hotel_id),
    )  # fmt: skip
    code, said = await verify(desk, capsys, hotel_id)
    assert code == 1
    assert "  forged at position 4: checkpoint: another checkpoint was signed" in said


async def test_a_checkpoint_is_no_access_token_and_an_access_token_no_checkpoint(desk: Desk) -> None:
    keys = resources_of(desk.app.runtime).checkpoints
    jws = keys.sign(Mark(new_id(), 1, bytes(32)), datetime.now(UTC))
    assert (await desk.app.client(jws).get("/me")).status_code == 401


async def test_a_row_that_was_changed_after_it_was_signed_is_found_by_the_clock(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The next checkpoint looks at what is new alone; the whole is checked beside it."""
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 3)
    await sign_audit_chains(desk.app.runtime)
    await verify_audit_chains(desk.app.runtime)
    before = REGISTRY.get_sample_value("identity_audit_chain_broken")
    assert before is not None
    assert str(hotel_id) not in "".join(line for line in caplog.text.splitlines() if "audit.broken" in line)
    await tamper(desk, ("update audit_entries set action = 'nothing.happened' where event_id = $1", ids[0]))
    await verify_audit_chains(desk.app.runtime)
    assert REGISTRY.get_sample_value("identity_audit_chain_broken") == before + 1
    [said] = [line for line in caplog.text.splitlines() if "audit.broken" in line and str(hotel_id) in line]
    assert f"changed at position 1, entry {ids[0]}" in said
    assert "ERROR" in said or "error" in said


def test_how_often_the_whole_log_is_checked_is_a_setting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    [job] = [job for job in jobs.periodic if job.run is verify_audit_chains]
    assert job.pause(desk.app.runtime) == 24 * 3600
    monkeypatch.setattr(desk.app.settings, "audit_verify_hours", 2)
    assert job.pause(desk.app.runtime) == 2 * 3600
