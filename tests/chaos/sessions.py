"""Who of a service's processes has which session at PostgreSQL: the relay's leader, and the sessions of one process."""

from __future__ import annotations

import asyncio
import re
import urllib.request
from collections.abc import Sequence

import asyncpg
import psutil

from chaos.mending import instances
from chaos.world import World
from servicekit.leader import RELAY_LOCK

_HOLDER = """
select a.client_port from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.objid = $1
and l.database = (select oid from pg_database where datname = current_database())
"""


async def leader_of(world: World, service: str) -> str:
    """The process whose connection holds the service's relay lock.

    Raises:
        TimeoutError: nobody holds it.
    """
    url = world.stack.database_urls(service)["owner"]
    database = url.rpartition("/")[2]
    connection = await asyncpg.connect(_as_superuser(world, database))
    try:
        async with asyncio.timeout(30):
            while True:
                port = await connection.fetchval(_HOLDER, RELAY_LOCK)
                for name in instances(world, f"{service}-worker"):
                    if port in await ports_at_postgres(world, name):
                        return name
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def relaying(world: World, process: str) -> bool:
    """Whether the process says of itself that it leads its relay."""
    units = world.stack.layout.of(process.partition("-")[0])
    port = next(unit.metrics_port for unit in units if unit.name == process)
    address = f"http://127.0.0.1:{port}/metrics"
    try:
        said = await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=2).read().decode())
    except OSError:
        return False
    return re.search(r"^\w*relay_leader\{[^}]*\} 1\.0$", said, re.MULTILINE) is not None


async def end_sessions(world: World, process: str) -> int:
    """End this process's sessions on the server's side, as a keep-alive that nobody answers does. How many there were."""
    ports = await ports_at_postgres(world, process)
    connection = await asyncpg.connect(_as_superuser(world, "postgres"))
    try:
        ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity where client_port = any($1::int[])"
        return int(await connection.fetchval(ended, ports))
    finally:
        await connection.close()


async def ports_at_postgres(world: World, process: str) -> Sequence[int]:
    """The ports from which this process is connected, as PostgreSQL sees them."""
    way = world.proxies.get(f"{process}>postgres")
    if way is not None:
        return await way.server_side_ports()
    pid = world.stack.pid(process)
    if pid is None:
        return []
    to = world.stack.parts.servers["postgres"].port
    found = await asyncio.to_thread(lambda: psutil.Process(pid).net_connections("tcp"))
    return [one.laddr.port for one in found if one.raddr and one.raddr.port == to]


def _as_superuser(world: World, database: str) -> str:
    return f"{world.stack.part_urls.postgres.rpartition('/')[0]}/{database}"
