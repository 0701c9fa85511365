"""The tenancy lint: walks the catalogue and finds every table where one hotel could see another's rows."""

from collections.abc import Mapping
from typing import Any

import asyncpg

CHASSIS_PLATFORM_TABLES: Mapping[str, str] = {
    "alembic_version": "which migrations ran; no roles but the owner may read it",
    "outbox": "the relay reads events of all hotels; the app may only add",
    "inbox": "event ids by consumer, no hotel's content",
    "forgotten_hotels": "ids of hotels that are gone, and counts; no hotel's content",
    "due": "runners claim across hotels; the work itself is one hotel's transaction",
}
"""Tables of every service that hold no row-level security, and why."""

_TABLES = """
select c.oid, c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'hotel_id' and a.attnotnull) as has_hotel,
    exists (select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polpermissive
        and pg_get_expr(p.polqual, p.polrelid) like '%hotel_id%app.hotel_id%') as has_policy,
    array(select p.polname::text from pg_policy p where p.polrelid = c.oid and p.polpermissive
        and 'true' in (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))) as open_policies,
    exists (select from pg_roles r where r.rolname = current_database() || '_worker'
        and not has_table_privilege(r.oid, c.oid, 'delete')) as stays
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
order by c.relname
"""
_ROLES = """
select rolname, rolbypassrls, rolsuper from pg_roles
where rolname in (current_database() || '_app', current_database() || '_worker', current_database() || '_owner')
"""
_OWNED = """
select c.relname from pg_class c join pg_roles r on r.oid = c.relowner
where c.relkind in ('r', 'p') and r.rolname in (current_database() || '_app', current_database() || '_worker')
"""
_OUTBOX_RIGHTS = """
select privilege_type from information_schema.role_table_grants
where table_name = 'outbox' and grantee = current_database() || '_app' and privilege_type <> 'INSERT'
"""
_VIEWS = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname = 'public'
    and not coalesce('security_invoker=true' = any(c.reloptions) or 'security_invoker=on' = any(c.reloptions), false)
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""
_COPIES = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('m', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
order by c.relname
"""
_DEFINERS = """
select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and n.nspname = 'public' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
"""


async def lint(
    connection: Any,  # Any: asyncpg has no types
    platform: Mapping[str, str] | None = None,
    kept: Mapping[str, str] | None = None,
) -> list[str]:
    """What is wrong, one sentence each; empty when every table keeps hotels apart.

    Args:
        connection: asyncpg, of any role that can read the catalogue.
        platform: the service's own tables that belong to no hotel, each with the reason. They may have row-level
            security all the same.
        kept: tables whose rows stay when their hotel is purged, each with the reason.
    """
    allowed = {**CHASSIS_PLATFORM_TABLES, **(platform or {})}
    found: list[str] = []
    tables = await connection.fetch(_TABLES)
    for table in tables:
        if table["name"] in allowed:
            continue
        name = table["name"]
        if not table["has_hotel"]:
            found.append(f"{name} has no hotel_id that is not null")
        if not table["enabled"]:
            found.append(f"{name} has no row-level security")
        if not table["forced"]:
            found.append(f"{name} does not force row-level security on its owner")
        if not table["has_policy"]:
            found.append(f"{name} has no policy on app.hotel_id")
        if table["stays"] and name not in (kept or {}):
            found.append(f"{name} would keep a purged hotel's rows: the worker role may not remove them")
        found += [f"{name} has the policy {policy} that lets every row through" for policy in table["open_policies"]]
    for role in await connection.fetch(_ROLES):
        if role["rolbypassrls"] or role["rolsuper"]:
            found.append(f"role {role['rolname']} bypasses row-level security")
    found += [f"{row['relname']} belongs to a role that serves requests" for row in await connection.fetch(_OWNED)]
    found += [f"the app role may {row[0].lower()} the outbox" for row in await connection.fetch(_OUTBOX_RIGHTS)]
    found += [
        f"view {row[0]} reads with its owner's rights: add security_invoker" for row in await connection.fetch(_VIEWS)
    ]
    found += [
        f"{row[0]} is a materialized view or foreign table: row-level security does not reach it"
        for row in await connection.fetch(_COPIES)
    ]
    found += [
        f"function {row[0]} runs with its owner's rights (security definer)"
        for row in await connection.fetch(_DEFINERS)
    ]
    unknown = set(platform or {}) - {table["name"] for table in tables}
    return found + [f"{name} is listed as a platform table and does not exist" for name in sorted(unknown)]


async def lint_url(
    url: str, platform: Mapping[str, str] | None = None, kept: Mapping[str, str] | None = None
) -> list[str]:
    """`lint` of the database at a `postgresql://` address."""
    connection = await asyncpg.connect(url)
    try:
        return await lint(connection, platform, kept)
    finally:
        await connection.close()
