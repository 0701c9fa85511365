"""The audit log as a chain per hotel, with signed checkpoints, and a cut that only a checkpoint allows.

Entries are linked by a trigger, in the transaction that adds them: whatever version of the service adds an entry, it is
chained, and entries that were there before are chained here, in the order in which they came. While that runs, arrivals
wait.

`hotel_id` of links, heads and checkpoints is never null: the platform's own chain has the nil UUID. No foreign key leads
from a link to its entry: a link whose entry is gone is what tells `identity audit-verify` which one it was.
"""

from alembic import op

from servicekit.migrations import grant, tenant_table

revision = "0002"
down_revision = "0001"

NIL = "'00000000-0000-0000-0000-000000000000'::uuid"

TABLES = (
    # One row a link: the entry's place in its chain, and the hash over the link before and the entry.
    """
    create table audit_links (
        hotel_id uuid not null,
        position bigint not null check (position >= 1),
        event_id uuid not null unique,
        hash bytea not null check (length(hash) = 32),
        primary key (hotel_id, position)
    )
    """,
    # The newest link of each chain. Its row lock is what gives each entry a place of its own. Rewritten at every entry,
    # hence room on the page.
    """
    create table audit_chains (
        hotel_id uuid primary key,
        position bigint not null,
        hash bytea not null check (length(hash) = 32)
    ) with (fillfactor = 50)
    """,
    # What the service signed: up to here it was so. `cut`: and everything up to here was removed by the retention.
    """
    create table audit_checkpoints (
        hotel_id uuid not null,
        position bigint not null check (position >= 1),
        cut boolean not null,
        hash bytea not null check (length(hash) = 32),
        signed_at timestamptz not null,
        jws text not null,
        primary key (hotel_id, position, cut)
    )
    """,
)

# The bytes of an entry: its fields in this order, each as 0 for null, or 1, the length in four bytes, and UTF-8.
# `identity.domain.audit_chain` has the same in Python; a test compares them.
BYTES = (
    """
    create function audit_field(value text) returns bytea language sql immutable as $$
        select case when value is null then '\\x00'::bytea
            else '\\x01'::bytea || int4send(length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') end
    $$
    """,
    """
    create function audit_bytes(entry audit_entries) returns bytea language sql stable as $$
        select audit_field(entry.event_id::text) || audit_field(entry.seq::text) || audit_field(entry.hotel_id::text)
            || audit_field(entry.service) || audit_field(entry.action)
            || audit_field(entry.actor_kind) || audit_field(entry.actor_id::text)
            || audit_field(entry.acting_for_kind) || audit_field(entry.acting_for_id::text)
            || audit_field(entry.object_type) || audit_field(entry.object_id)
            || audit_field((extract(epoch from entry.at) * 1000000)::bigint::text)
            || audit_field(entry.trace_id)
            || audit_field((extract(epoch from entry.recorded_at) * 1000000)::bigint::text)
    $$
    """,
)

LINKING = (
    f"""
    create function audit_link(entry audit_entries) returns void language plpgsql as $$
    declare
        chain uuid := coalesce(entry.hotel_id, {NIL});
        head audit_chains;
    begin
        select * into head from audit_chains where hotel_id = chain for update;
        if not found then
            insert into audit_chains values (chain, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
            select * into strict head from audit_chains where hotel_id = chain for update;
        end if;
        head.position := head.position + 1;
        head.hash := sha256(head.hash || int8send(head.position) || audit_bytes(entry));
        insert into audit_links values (chain, head.position, entry.event_id, head.hash);
        update audit_chains set position = head.position, hash = head.hash where hotel_id = chain;
    end $$
    """,
    """
    create function link_entry() returns trigger language plpgsql as $$
    begin
        perform audit_link(new);
        return null;
    end $$
    """,
    """
    create trigger audit_entries_linked after insert on audit_entries
    for each row execute function link_entry()
    """,
)

# Heads are written once a chain: a row updated for every entry would leave as many dead versions to step over.
LINK_WHAT_IS_THERE = f"""
do $$
declare
    entry audit_entries;
    head audit_chains;
begin
    perform set_config('app.platform', 'on', true);
    for entry in select * from audit_entries order by coalesce(hotel_id, {NIL}), seq loop
        if head.hotel_id is distinct from coalesce(entry.hotel_id, {NIL}) then
            if head.hotel_id is not null then
                insert into audit_chains values (head.hotel_id, head.position, head.hash);
            end if;
            select coalesce(entry.hotel_id, {NIL}), 0, decode(repeat('00', 32), 'hex') into head;
        end if;
        head.position := head.position + 1;
        head.hash := sha256(head.hash || int8send(head.position) || audit_bytes(entry));
        insert into audit_links values (head.hotel_id, head.position, entry.event_id, head.hash);
    end loop;
    if head.hotel_id is not null then
        insert into audit_chains values (head.hotel_id, head.position, head.hash);
    end if;
    perform set_config('app.platform', '', true);
end $$
"""

# Deleting is for the retention, which says so, and then only what lies at or below a checkpoint that says `cut`.
APPEND_ONLY = (
    """
    create or replace function refuse_change() returns trigger language plpgsql as $$
    begin
        if tg_op = 'DELETE' and current_setting('app.audit_cut', true) = 'on' then
            return null;
        end if;
        raise exception 'the audit log only grows' using errcode = 'insufficient_privilege';
    end $$
    """,
    f"""
    create function refuse_above_the_cut() returns trigger language plpgsql as $$
    declare
        chain uuid := coalesce(old.hotel_id, {NIL});
        place bigint;
        cut_at bigint;
    begin
        select max(c.position) into cut_at from audit_checkpoints c where c.hotel_id = chain and c.cut;
        if tg_table_name = 'audit_entries' then
            select l.position into place from audit_links l where l.hotel_id = chain and l.event_id = old.event_id;
        elsif tg_table_name = 'audit_links' then
            place := old.position;
        else
            place := old.position + case when old.cut then 1 else 0 end;
        end if;
        if coalesce(place <= cut_at, false) then
            return old;
        end if;
        raise exception 'the audit log only grows' using errcode = 'insufficient_privilege';
    end $$
    """,
    *(
        f"""
        create trigger {table}_append_only before update or delete or truncate on {table}
        for each statement execute function refuse_change()
        """
        for table in ("audit_links", "audit_checkpoints")
    ),
    *(
        f"""
        create trigger {table}_cut before delete on {table}
        for each row execute function refuse_above_the_cut()
        """
        for table in ("audit_entries", "audit_links", "audit_checkpoints")
    ),
)


def upgrade() -> None:
    op.execute("lock table audit_entries in share row exclusive mode")
    for statement in (*TABLES, *BYTES):
        op.execute(statement)
    tenant_table(op, "audit_links", app="select", worker="select, insert, delete", platform="write", kept=True)
    tenant_table(op, "audit_chains", app="select", worker="select, insert, update", platform="write", kept=True)
    tenant_table(op, "audit_checkpoints", app="select", worker="select, insert, delete", platform="write", kept=True)
    grant(op, "audit_entries", worker="delete")
    for statement in LINKING:
        op.execute(statement)
    op.execute(LINK_WHAT_IS_THERE)
    for statement in APPEND_ONLY:
        op.execute(statement)
    # The audit log by object, newest first.
    op.execute("create index audit_by_object on audit_entries (hotel_id, object_id, seq desc)")
