"""Guests are found by what somebody types, by e-mail and by phone; two records of one person become one.

Expand only: the former release goes on writing guests, and what it writes is found, since the database itself keeps
`search`. Adding it rewrites the table.
"""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

# Case-folding that knows every script, whatever locale the database has; the last resort is the database's own.
COLLATIONS = "select collname from pg_collation where collname in ('pg_c_utf8', 'und-x-icu') order by collname limit 1"

# Letters without accents and case. What Unicode does not take apart (o with a stroke, sharp s, the final
# sigma, ...) is replaced by hand.
FOLDED = """
create function guest_folded(value text) returns text language sql immutable strict parallel safe as $$
    select replace(replace(replace(translate(
        lower(regexp_replace(normalize(value, NFKD), '[\\u0300-\\u036f]+', '', 'g'){collation}),
        'øłđıħŧς', 'oldihtσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
$$
"""

COLUMNS = """
alter table guests
    add column merged_into uuid,
    add column filled jsonb not null default '{}',
    add column search text not null generated always as (
        guest_folded(coalesce(name, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))
    ) stored,
    add unique (id, hotel_id),
    add foreign key (merged_into, hotel_id) references guests (id, hotel_id),
    add check (merged_into <> id)
"""

INDEXES = (
    # queries.guests.search_guests. hotel_id is part of the index, because row-level security filters by it; the
    # operators are marked LEAKPROOF by the provisioning, so that the index may be used at all. Guests come one by one,
    # and a list of pending entries would make searches slow, and the planner leave the index, until the next vacuum.
    "create index guests_search on guests using gin (hotel_id, search gin_trgm_ops) with (fastupdate = off)"
    " where merged_into is null",
    # queries.guests.list_guests by contact and by status.
    "create index guests_by_email on guests (hotel_id, email) where email is not null",
    "create index guests_by_phone on guests (hotel_id, phone) where phone is not null",
    "create index guests_by_status on guests (hotel_id, status, id desc) where merged_into is null",
    # commands.guests: the records that were merged into one.
    "create index guests_merged on guests (merged_into) where merged_into is not null",
)


def upgrade() -> None:
    collation = op.get_bind().scalar(text(COLLATIONS))
    op.execute(FOLDED.format(collation=f' collate "{collation}"' if collation else ""))
    op.execute(COLUMNS)
    for statement in INDEXES:
        op.execute(statement)
