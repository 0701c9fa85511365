"""Makes a service's database: the database itself, its three roles, extensions, and what only a superuser may set.

Used by the local stack and the tests; on a managed server the same steps are done once by whoever runs it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from servicekit.logging import log

if TYPE_CHECKING:
    from asyncpg import Connection

LEAKPROOF = (
    "ts_match_vq(tsvector, tsquery)",
    "ts_match_qv(tsquery, tsvector)",
    "texticlike(text, text)",
    "texticnlike(text, text)",
    "textlike(text, text)",
    "textnlike(text, text)",
    "similarity_op(text, text)",
    "word_similarity_op(text, text)",
    "word_similarity_commutator_op(text, text)",
)
"""Operator functions of search that report nothing of their arguments but the result, reviewed for that.

Row-level security keeps every other operator away from indexes: the planner may not let it see a row before the policy.
"""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """`postgresql://` addresses of one database by role."""

    owner: str
    app: str
    worker: str


async def provision(
    admin_url: str,
    database: str,
    *,
    password: str | None = None,
    extensions: Sequence[str] = ("vector", "btree_gin", "pg_trgm"),
    superuser_sql: Sequence[str] | None = None,
) -> DatabaseUrls:
    """Make `database` and its roles `<database>_owner`, `_app` and `_worker`, or bring what is there to the same state.

    Args:
        admin_url: `postgresql://` of a role that may create databases and roles. What needs a superuser (LEAKPROOF marks)
            is left out with a warning when it is none: search is then slower, not wrong.
        database: name of the database, an SQL identifier in lower case.
        password: of all three roles; a random one if not given.
        extensions: made by the admin role.
        superuser_sql: more statements to run in the database.
    """
    secret = password or secrets.token_urlsafe(24)
    roles = {role: f"{database}_{role}" for role in ("owner", "app", "worker")}
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute("select pg_advisory_lock(4201002)")
        for role in roles.values():
            await _role(admin, role, secret)
        if not await admin.fetchval("select 1 from pg_database where datname = $1", database):
            await admin.execute(f'create database "{database}" owner "{roles["owner"]}"')
        await admin.execute(f'revoke all on database "{database}" from public')
        for role in roles.values():
            await admin.execute(f'grant connect on database "{database}" to "{role}"')
    finally:
        await admin.close()
    inside = await asyncpg.connect(_address(admin_url, database=database))
    try:
        await inside.execute(f'alter schema public owner to "{roles["owner"]}"')
        for extension in extensions:
            await inside.execute(f'create extension if not exists "{extension}"')
        await _superuser_part(inside, superuser_sql or ())
    finally:
        await inside.close()
    urls = {role: _address(admin_url, database=database, user=name, password=secret) for role, name in roles.items()}
    return DatabaseUrls(**urls)


async def unprovision(admin_url: str, database: str) -> None:
    """Drop the database and its roles, whoever is connected. For tests."""
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f'drop database if exists "{database}" with (force)')
        for role in ("owner", "app", "worker"):
            await admin.execute(f'drop role if exists "{database}_{role}"')
    finally:
        await admin.close()


async def _role(admin: "Connection", name: str, password: str) -> None:
    exists = await admin.fetchval("select 1 from pg_roles where rolname = $1", name)
    literal = await admin.fetchval("select quote_literal($1)", password)
    await admin.execute(
        f'{"alter" if exists else "create"} role "{name}" login nosuperuser nobypassrls nocreatedb nocreaterole'
        f" password {literal}"
    )
    if not exists:
        await admin.execute(
            f'grant "{name}" to current_user'
        )  # before 16 a mere CREATEROLE could not hand over objects


async def _superuser_part(inside: "Connection", statements: Sequence[str]) -> None:
    if not await inside.fetchval("select rolsuper from pg_roles where rolname = current_user"):
        log.warning("provision.no_superuser", left_out="leakproof marks")
        return
    for function in LEAKPROOF:
        if await inside.fetchval("select to_regprocedure($1)::oid", function):
            await inside.execute(f"alter function {function} leakproof")
    for statement in statements:
        await inside.execute(statement)


def _address(url: str, *, database: str, user: str | None = None, password: str | None = None) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = parts.netloc.rpartition("@")[0] if user is None else f"{quote(user)}:{quote(password or '', safe='')}"
    return urlunsplit((parts.scheme, f"{who}@{place}" if who else place, f"/{database}", parts.query, ""))
