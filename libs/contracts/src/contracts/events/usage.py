"""What outside services cost, on its way to usage, and what usage says of budgets. Amounts are counted here and priced there."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts import topics
from contracts.event import Event, Fact, Version, known_only
from contracts.ids import BudgetId, ConversationId, HotelId, TurnId
from contracts.values import ModelName, UsageKind, UsageUnit, Word


class UsedAmount(Fact):
    """How much of a unit was used."""

    unit: UsageUnit
    amount: Annotated[int, Field(ge=0)]


class UsageRecorded(Event, type="usage.recorded", topic=topics.USAGE):
    """An outside service did something for a hotel. Keyed by its own event id: no row lock is needed to publish it."""

    service: Word
    """Ours, which called it."""
    kind: UsageKind
    provider: Word
    product: ModelName
    """What it was asked for, such as the model."""
    amounts: tuple[UsedAmount, ...]
    outcome: Word
    """What came of it; a call that failed may cost all the same."""
    conversation_id: ConversationId | None = None
    turn_id: TurnId | None = None
    at: AwareDatetime


class _BudgetEvent(Event):
    budget_id: BudgetId
    hotel_id: HotelId
    kinds: Annotated[tuple[UsageKind, ...], *known_only(UsageKind)]
    """What the budget pays for."""
    hard: bool
    """Whether what it pays for stops when it is spent; a soft one only warns."""
    version: Version


class BudgetExhausted(_BudgetEvent, type="budget.exhausted", topic=topics.BUDGETS, key="budget_id"):
    """A hotel's budget is spent."""


class BudgetRestored(_BudgetEvent, type="budget.restored", topic=topics.BUDGETS, key="budget_id"):
    """A hotel's budget has money again: a new period, or more of it. One that is deleted is restored, too."""
