"""What happens here when others publish: identity's directory becomes projections, escalations become state lines."""

from sqlalchemy import and_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from contracts.events import (
    EscalationCreated,
    EscalationResolved,
    GuestCreated,
    GuestErased,
    GuestUpdated,
    HotelActivated,
    HotelCreated,
    HotelDeactivated,
    HotelUpdated,
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
)
from contracts.statuses import MembershipStatus
from conversation.commands.conversations import escalation_created, escalation_resolved
from conversation.commands.erasure import forget_guest
from conversation.commands.staff import record_member, release_conversations
from conversation.tables import GuestRow, HotelRow
from servicekit.reactions import Reactions
from servicekit.transaction import Transaction

reactions = Reactions()


@reactions.on(HotelCreated, HotelUpdated, HotelActivated, HotelDeactivated)
async def on_hotel(event: HotelCreated | HotelUpdated | HotelActivated | HotelDeactivated, tx: Transaction) -> None:
    """The hotel's rules for the AI, its widget's looks, and whether it is served."""
    values = {
        "slug": event.slug,
        "name": event.name,
        "status": event.status.value,
        "default_language": event.default_language,
        "languages": list(event.languages),
        "confidence_threshold": event.confidence_threshold,
        "never_auto": [topic.value for topic in event.never_auto],
        "hand_over_vips": event.hand_over_vips,
        "brand": event.brand.model_dump(mode="json"),
        "consent_text": event.consent_text,
        "allowed_origins": list(event.allowed_origins),
        "time_zone": event.time_zone,
        "business_hours": event.business_hours.model_dump(mode="json") if event.business_hours else None,
        "version": event.version,
        "updated_at": tx.now,
    }
    await tx.execute(
        insert(HotelRow)
        .values(id=event.hotel_id, hotel_id=event.hotel_id, created_at=tx.now, **values)
        # "<=": the same version again, from a replay, fills columns that a newer release has added.
        .on_conflict_do_update(index_elements=["id"], set_=values, where=col(HotelRow.version) <= event.version)
    )


@reactions.on(MembershipGranted, MembershipChanged, MembershipRevoked)
async def on_membership(event: MembershipGranted | MembershipChanged | MembershipRevoked, tx: Transaction) -> None:
    """The name that guests see when somebody takes over. Whoever leaves leaves their conversations to a colleague."""
    newest = await record_member(event.user_id, event.display_name, event.status, event.version, tx)
    if newest and event.status is MembershipStatus.REVOKED:
        await release_conversations(event.user_id, tx)


@reactions.on(GuestCreated, GuestUpdated)
async def on_guest(event: GuestCreated | GuestUpdated, tx: Transaction) -> None:
    """Whether a guest is a VIP. Name and contact stay with identity."""
    values = {"status": event.status.value, "version": event.version, "updated_at": tx.now}
    await tx.execute(
        insert(GuestRow)
        .values(id=event.guest_id, hotel_id=event.hotel_id, created_at=tx.now, **values)
        .on_conflict_do_update(
            index_elements=["id"],
            set_=values,
            where=and_(col(GuestRow.version) < event.version, col(GuestRow.erased_at).is_(None)),
        )
    )


@reactions.on(GuestErased)
async def on_guest_erased(event: GuestErased, tx: Transaction) -> None:
    """Nothing of what they said, or of what they said they were, is kept."""
    await forget_guest(event, tx)


@reactions.on(EscalationCreated)
async def on_escalation_created(event: EscalationCreated, tx: Transaction) -> None:
    """The guest is told that somebody will look at it; the AI is silent until somebody has."""
    await escalation_created(event.conversation_id, event.escalation_id, event.conversation_version, tx)


@reactions.on(EscalationResolved)
async def on_escalation_resolved(event: EscalationResolved, tx: Transaction) -> None:
    """The conversation is the AI's again."""
    await escalation_resolved(event.conversation_id, event.escalation_id, tx)
