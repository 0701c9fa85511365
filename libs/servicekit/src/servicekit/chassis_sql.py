"""The SQL of the tables every service has, in the order it runs; `{app}` and `{worker}` stand for the roles."""

FORGOTTEN_HOTELS: tuple[str, ...] = (
    # Hotels whose rows are, or are about to be, deleted here, and how many there were by table: nothing of them is taken in
    # any more. Services from before 0.2 get it by a migration of their own.
    """
    create table if not exists forgotten_hotels (
        hotel_id uuid primary key,
        version integer not null,
        told_at timestamptz not null default now(),
        forgotten_at timestamptz,
        counts jsonb not null default '{}'
    )
    """,
    "grant select, insert, update on forgotten_hotels to {worker}",
)

CHASSIS: tuple[str, ...] = (
    # What anybody may use in this database is said here, by name.
    "grant usage on schema public to {app}",
    "grant usage on schema public to {worker}",
    # Outbox: Debezium's column names. The app only adds; the relay (worker) reads and marks.
    """
    create table outbox (
        id uuid primary key,
        seq bigint generated always as identity,
        aggregatetype text not null,
        aggregateid text not null,
        type text not null,
        payload jsonb not null,
        headers jsonb not null,
        hotel_id uuid,
        created_at timestamptz not null default now(),
        published_at timestamptz
    )
    """,
    # The relay reads what is pending in seq order; everything else stays out of this index.
    "create index outbox_pending on outbox (seq) where published_at is null",
    # Retention and replay go by time.
    "create index outbox_created_at on outbox (created_at)",
    "grant insert on outbox to {app}",
    "grant select, insert, update, delete on outbox to {worker}",
    # Inbox: an event's effect happens once per reaction.
    """
    create table inbox (
        consumer text not null,
        event_id uuid not null,
        received_at timestamptz not null default now(),
        primary key (consumer, event_id)
    )
    """,
    "create index inbox_received_at on inbox (received_at)",
    "grant select, insert, delete on inbox to {worker}",
    # Due: what is to be done when, of all hotels. `lease` is the fence, `failures` counts for the backoff.
    """
    create table due (
        kind text not null,
        object_id uuid not null,
        hotel_id uuid not null,
        due_at timestamptz not null,
        lease bigint,
        lease_until timestamptz,
        attempt integer not null default 0,
        failures integer not null default 0,
        primary key (kind, object_id)
    )
    """,
    "create index due_ready on due (kind, due_at)",
    "create sequence due_lease",
    "grant select, insert, update, delete on due to {app}",
    "grant select, insert, update, delete on due to {worker}",
    "grant usage on sequence due_lease to {worker}",
    # Making something due again takes it from whoever works on it: that run's fence no longer holds.
    """
    create function due_set(kind text, object_id uuid, hotel_id uuid, due_at timestamptz) returns void
    language sql as $$
        insert into due (kind, object_id, hotel_id, due_at) values ($1, $2, $3, $4)
        on conflict (kind, object_id) do update
        set due_at = excluded.due_at, lease = null, lease_until = null, failures = 0
    $$
    """,
    *FORGOTTEN_HOTELS,
    # Finished answers by Idempotency-Key. A request without a hotel has the nil UUID as its hotel.
    """
    create table idempotency_keys (
        hotel_id uuid not null,
        actor text not null,
        route text not null,
        key text not null,
        request_hash bytea not null,
        status integer,
        headers jsonb,
        body bytea,
        created_at timestamptz not null default now(),
        primary key (hotel_id, actor, route, key)
    )
    """,
    "create index idempotency_keys_created_at on idempotency_keys (created_at)",
    "alter table idempotency_keys enable row level security",
    "alter table idempotency_keys force row level security",
    """
    create policy tenant on idempotency_keys using (
        hotel_id = coalesce(nullif(current_setting('app.hotel_id', true), ''), '00000000-0000-0000-0000-000000000000')::uuid
    )
    """,
    # The hourly purge crosses hotels, and sees nothing but what it deletes.
    """
    create policy purge on idempotency_keys to {worker} using (created_at < now() - interval '24 hours')
        with check (false)
    """,
    "grant select, insert, update on idempotency_keys to {app}",
    "grant select, delete on idempotency_keys to {worker}",
)
