"""How far an erasure has come, and the proof: who asked, when, and each service's confirmation with its event."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.actor import ActorRef
from contracts.ids import GuestId
from identity.tables_guests import GuestRow
from identity.tables_privacy import ErasureRow, StepRow
from servicekit import Transaction


class ErasureState(StrEnum):
    """Of a service, or of all."""

    WAITING = "waiting"
    DONE = "done"


class ConfirmationView(BaseModel):
    """What a service said of one record of the person."""

    guest_id: GuestId
    event_id: UUID = Field(description="of its `guest.forgotten`")
    confirmed_at: datetime
    forgotten: dict[str, int] = Field(description="how many things of each kind it has emptied or deleted")


class ServiceErasureView(BaseModel):
    """How far one service has come."""

    service: str
    state: ErasureState
    confirmations: list[ConfirmationView]


class ErasureView(BaseModel):
    """The erasure of a person, under the id of the record that went on."""

    guest_id: GuestId
    guest_ids: Annotated[list[GuestId], Field(description="every record of the person")]
    state: ErasureState
    asked_by: ActorRef
    asked_at: datetime
    services: list[ServiceErasureView]


async def view_of(erasure: ErasureRow, tx: Transaction) -> ErasureView:
    """The erasure as it stands."""
    found = (
        select(StepRow, col(GuestRow.version).label("said"))
        .join(GuestRow, col(GuestRow.id) == col(StepRow.guest_id))
        .where(col(StepRow.erasure_id) == erasure.id)
        .order_by(col(StepRow.service), col(StepRow.guest_id))
    )
    steps: dict[str, list[tuple[StepRow, int]]] = {}
    for row in (await tx.execute(found)).all():
        steps.setdefault(row.StepRow.service, []).append((row.StepRow, row.said))
    services = [_service(service, of_it) for service, of_it in steps.items()]
    waiting = any(one.state is ErasureState.WAITING for one in services)
    return ErasureView(
        guest_id=GuestId(erasure.guest_id),
        guest_ids=sorted({GuestId(step.guest_id) for of_it in steps.values() for step, _ in of_it}),
        state=ErasureState.WAITING if waiting else ErasureState.DONE,
        asked_by=erasure.asked_by(),
        asked_at=erasure.asked_at,
        services=services,
    )


def _service(service: str, steps: list[tuple[StepRow, int]]) -> ServiceErasureView:
    confirmations = [
        ConfirmationView(
            guest_id=GuestId(step.guest_id),
            event_id=step.event_id,
            confirmed_at=step.confirmed_at,
            forgotten=step.forgotten,
        )
        for step, _ in steps
        if step.event_id is not None and step.confirmed_at is not None
    ]
    done = all(step.version >= said for step, said in steps)
    state = ErasureState.DONE if done else ErasureState.WAITING
    return ServiceErasureView(service=service, state=state, confirmations=confirmations)
