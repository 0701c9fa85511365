"""What a provider's model was asked for a turn, on its way to usage, which prices it."""

from uuid import UUID

from contracts.events import UsageRecorded, UsedAmount
from contracts.ids import ConversationId, TurnId
from contracts.values import UsageKind, UsageUnit
from conversation.adapters.engine_port import ModelUse
from servicekit.transaction import Transaction


def record_use(use: ModelUse, conversation_id: UUID, turn_id: UUID, tx: Transaction) -> None:
    """Say what a call took. Calls that failed are told as well: providers may charge for them."""
    amounts = {
        UsageUnit.REQUEST: 1,
        UsageUnit.INPUT: use.input_tokens,
        UsageUnit.CACHED_INPUT: use.cached_tokens,
        UsageUnit.OUTPUT: use.output_tokens,
    }
    tx.publish(
        UsageRecorded(
            service="conversation",
            kind=UsageKind.MODEL,
            provider=use.provider,
            product=use.model,
            amounts=tuple(UsedAmount(unit=unit, amount=amount) for unit, amount in amounts.items()),
            outcome=use.outcome,
            conversation_id=ConversationId(conversation_id),
            turn_id=TurnId(turn_id),
            at=tx.now,
        )
    )
