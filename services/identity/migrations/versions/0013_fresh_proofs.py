"""Sign-ins that an issuer was asked for anew. Those of the former release prove nothing anew."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("alter table sessions add column reproved_at timestamptz")
    op.execute("alter table oidc_codes add column fresh boolean not null default false")
