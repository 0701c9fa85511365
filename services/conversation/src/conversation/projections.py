"""What we keep of others' full-state topics: hotels, who works there, what the AI's rules need to know of guests, budgets."""

from collections.abc import Mapping
from typing import Any

from contracts.events import (
    BudgetExhausted,
    BudgetRestored,
    GuestCreated,
    GuestErased,
    GuestUpdated,
    HotelActivated,
    HotelCreated,
    HotelDeactivated,
    HotelDeleted,
    HotelRestored,
    HotelUpdated,
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
)
from contracts.statuses import GuestStatus, MembershipStatus
from conversation.tables import BudgetRow, GuestRow, HotelRow, StaffRow
from servicekit.projections import Projection

Hotel = HotelCreated | HotelUpdated | HotelActivated | HotelDeactivated | HotelDeleted | HotelRestored
Membership = MembershipGranted | MembershipChanged | MembershipRevoked
Budget = BudgetExhausted | BudgetRestored
Guest = GuestCreated | GuestUpdated | GuestErased


def _hotel(event: Hotel) -> Mapping[str, Any]:  # Any: columns
    return {
        "id": event.hotel_id,
        "hotel_id": event.hotel_id,
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
    }


def _staff(event: Membership) -> Mapping[str, Any]:  # Any: columns
    return {
        "hotel_id": event.hotel_id,
        "user_id": event.user_id,
        "display_name": event.display_name,
        "active": event.status is MembershipStatus.ACTIVE,
        "version": event.version,
    }


def _guest(event: Guest) -> Mapping[str, Any]:  # Any: columns
    return {
        "id": event.guest_id,
        "hotel_id": event.hotel_id,
        "status": (GuestStatus.NEW if isinstance(event, GuestErased) else event.status).value,
        "erased_at": event.erased_at if isinstance(event, GuestErased) else None,
        "version": event.version,
    }


def _budget(event: Budget) -> Mapping[str, Any]:  # Any: columns
    return {
        "budget_id": event.budget_id,
        "hotel_id": event.hotel_id,
        "kinds": [kind.value for kind in event.kinds],
        "hard": event.hard,
        "exhausted": isinstance(event, BudgetExhausted),
        "version": event.version,
    }


HOTEL_EVENTS = (HotelCreated, HotelUpdated, HotelActivated, HotelDeactivated, HotelDeleted, HotelRestored)
MEMBERSHIP_EVENTS = (MembershipGranted, MembershipChanged, MembershipRevoked)
GUEST_EVENTS = (GuestCreated, GuestUpdated, GuestErased)
BUDGET_EVENTS = (BudgetExhausted, BudgetRestored)

HOTELS = Projection(HotelRow, HOTEL_EVENTS, _hotel, again=True)
STAFF = Projection(StaffRow, MEMBERSHIP_EVENTS, _staff)
GUESTS = Projection(GuestRow, GUEST_EVENTS, _guest)
BUDGETS = Projection(BudgetRow, BUDGET_EVENTS, _budget)
PROJECTIONS = (HOTELS, STAFF, GUESTS, BUDGETS)
