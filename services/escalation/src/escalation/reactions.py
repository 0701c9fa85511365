"""What this service does when others publish: each reaction translates an event into a command."""

from contracts.actor import ActorKind, ActorRef
from contracts.events import (
    ConversationEnded,
    ConversationEscalated,
    ConversationHandedBack,
    ConversationStarted,
    ConversationTakenOver,
    GuestErased,
    TurnHandedOver,
)
from contracts.statuses import MembershipStatus
from contracts.values import HandOverReason
from escalation.commands.conversations import follow_conversation
from escalation.commands.erasure import forget_guest
from escalation.commands.escalations import (
    escalate_conversation,
    resolve_escalation_of,
    take_over_escalation,
    unassign_escalations_of,
)
from escalation.projections import STAFF, Membership
from servicekit import Transaction
from servicekit.consumers import Reactions

reactions = Reactions()

AI = ActorRef(kind=ActorKind.AI)
SYSTEM = ActorRef(kind=ActorKind.SYSTEM)


@reactions.on(ConversationStarted)
async def on_conversation_started(event: ConversationStarted, tx: Transaction) -> None:
    """Know whose conversation it is, for who escalates it by hand."""
    await follow_conversation(event.conversation_id, event.guest_id, event.version, tx)


@reactions.on(TurnHandedOver)
async def on_turn_handed_over(event: TurnHandedOver, tx: Transaction) -> None:
    """The AI passed it on: open an escalation, or raise the open one."""
    conversation = await follow_conversation(event.conversation_id, event.guest_id, event.version, tx)
    if conversation is not None:
        # A newer release may name reasons we do not know, which the event then comes without: its rule, not ours.
        await escalate_conversation(conversation, event.reasons or (HandOverReason.RULE,), event.priority, AI, tx)


@reactions.on(ConversationEscalated)
async def on_conversation_escalated(event: ConversationEscalated, tx: Transaction) -> None:
    """A person asked for somebody: open an escalation, or raise the open one."""
    conversation = await follow_conversation(event.conversation_id, event.guest_id, event.version, tx)
    if conversation is not None:
        by_guest = event.by.kind is ActorKind.GUEST
        reason = HandOverReason.GUEST_ASKED if by_guest else HandOverReason.STAFF
        await escalate_conversation(conversation, [reason], event.priority, event.by, tx)


@reactions.on(ConversationTakenOver)
async def on_conversation_taken_over(event: ConversationTakenOver, tx: Transaction) -> None:
    """Somebody took the conversation: its open escalation is theirs and in work. Without one there is nothing to do."""
    conversation = await follow_conversation(event.conversation_id, event.guest_id, event.version, tx)
    if conversation is not None:
        await take_over_escalation(conversation, event.user_id, tx)


@reactions.on(ConversationHandedBack)
async def on_conversation_handed_back(event: ConversationHandedBack, tx: Transaction) -> None:
    """The AI has it again: the open escalation is dealt with."""
    conversation = await follow_conversation(event.conversation_id, event.guest_id, event.version, tx)
    if conversation is not None:
        await resolve_escalation_of(conversation, event.by, tx)


@reactions.on(ConversationEnded)
async def on_conversation_ended(event: ConversationEnded, tx: Transaction) -> None:
    """It is over: so is its escalation."""
    conversation = await follow_conversation(event.conversation_id, event.guest_id, event.version, tx, ended=True)
    if conversation is not None:
        await resolve_escalation_of(conversation, event.by, tx)


@reactions.on(*STAFF.events)
async def on_membership(event: Membership, tx: Transaction) -> None:
    """Keep the staff list; what a former member had goes back to the queue."""
    is_news = await STAFF.follow(event, tx)
    if is_news and event.status is MembershipStatus.REVOKED:
        await unassign_escalations_of(event.user_id, SYSTEM, tx)


@reactions.on(GuestErased)
async def on_guest_erased(event: GuestErased, tx: Transaction) -> None:
    """Nothing that was noted about them is kept."""
    await forget_guest(event, tx)
