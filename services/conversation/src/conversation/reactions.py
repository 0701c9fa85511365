"""What happens here when others publish: identity's directory becomes projections, escalations become state lines."""

from contracts.events import EscalationCreated, EscalationResolved, GuestCreated, GuestErased, GuestUpdated
from contracts.statuses import MembershipStatus
from conversation.commands.conversations import escalation_created, escalation_resolved
from conversation.commands.erasure import forget_guest, is_erased
from conversation.commands.staff import release_conversations
from conversation.projections import (
    BUDGET_EVENTS,
    BUDGETS,
    GUESTS,
    HOTEL_EVENTS,
    HOTELS,
    MEMBERSHIP_EVENTS,
    STAFF,
    Budget,
    Hotel,
    Membership,
)
from servicekit.reactions import Reactions
from servicekit.transaction import Transaction

reactions = Reactions()


@reactions.on(*HOTEL_EVENTS)
async def on_hotel(event: Hotel, tx: Transaction) -> None:
    """The hotel's rules for the AI, its widget's looks, and whether it is served."""
    await HOTELS.follow(event, tx)


@reactions.on(*MEMBERSHIP_EVENTS)
async def on_membership(event: Membership, tx: Transaction) -> None:
    """The name that guests see when somebody takes over. Whoever leaves leaves their conversations to a colleague."""
    newest = await STAFF.follow(event, tx)
    if newest and event.status is MembershipStatus.REVOKED:
        await release_conversations(event.user_id, tx)


@reactions.on(GuestCreated, GuestUpdated)
async def on_guest(event: GuestCreated | GuestUpdated, tx: Transaction) -> None:
    """Whether a guest is a VIP. Name and contact stay with identity."""
    if not await is_erased(event.guest_id, tx):
        await GUESTS.follow(event, tx)


@reactions.on(GuestErased)
async def on_guest_erased(event: GuestErased, tx: Transaction) -> None:
    """Nothing of what they said, or of what they said they were, is kept."""
    await forget_guest(event, tx)


@reactions.on(*BUDGET_EVENTS)
async def on_budget(event: Budget, tx: Transaction) -> None:
    """Whether a model may word the hotel's answers; the local writer does when the money is spent."""
    await BUDGETS.follow(event, tx)


@reactions.on(EscalationCreated)
async def on_escalation_created(event: EscalationCreated, tx: Transaction) -> None:
    """The guest is told that somebody will look at it; the AI is silent until somebody has."""
    await escalation_created(event.conversation_id, event.escalation_id, event.conversation_version, tx)


@reactions.on(EscalationResolved)
async def on_escalation_resolved(event: EscalationResolved, tx: Transaction) -> None:
    """The conversation is the AI's again."""
    await escalation_resolved(event.conversation_id, event.escalation_id, tx)
