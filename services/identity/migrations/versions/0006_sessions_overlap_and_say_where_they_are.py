"""Sessions know which generation of refresh tokens is the present one, and where they are used; a hotel can ask for a
second factor.

Expand only. The former release goes on issuing refresh tokens: theirs have no generation, and are judged as before.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

COLUMNS = (
    """
    alter table sessions
        add column generation integer not null default 0 check (generation >= 0),
        add column browser text,
        add column system text,
        add column network text
    """,
    "alter table refresh_tokens add column generation integer",
    "alter table hotels add column require_second_factor boolean not null default false",
)


def upgrade() -> None:
    for statement in COLUMNS:
        op.execute(statement)
