"""The `due` table's row as a claimed piece of work, and the fence that keeps a runner which lost it from writing."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


class LeaseLost(Exception):
    """This runner no longer has the item: its lease ran out and another claimed it, or the item was made due anew.

    Whatever it did is rolled back; the item is done by whoever has it now.
    """


@dataclass(slots=True)
class DueItem:
    """A due thing that this process has claimed.

    Attributes:
        kind: which runner does it.
        hotel_id: the tenant the work belongs to.
        object_id: what is due.
        due_at: since when.
        attempt: how many times it has been claimed, this one included, from 1.
        lease: fencing token, unique over all claims of the database.
        lease_until: when others may claim it, unless it is renewed; by the database's clock.
        finishing: True once `tx.finish` ran in a transaction that may have committed.
    """

    kind: str
    hotel_id: UUID
    object_id: UUID
    due_at: datetime
    attempt: int
    lease: int
    lease_until: datetime
    failures: int = 0
    finishing: bool = field(default=False, compare=False)
