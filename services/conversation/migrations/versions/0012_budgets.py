"""Which of a hotel's budgets are spent: while a hard one for models is, no model is asked.

Only added to: the version before does not look at it.
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0012_budgets"
down_revision = "0011_learning"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE budgets (
            budget_id uuid PRIMARY KEY,
            hotel_id uuid NOT NULL,
            kinds text[] NOT NULL,
            hard boolean NOT NULL,
            exhausted boolean NOT NULL,
            version int NOT NULL
        )
    """)
    op.execute("CREATE INDEX budgets_exhausted ON budgets (hotel_id) WHERE exhausted AND hard")
    tenant_table(op, "budgets")
