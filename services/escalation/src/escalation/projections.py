"""What we keep of identity's directory: who works, or worked, for a hotel."""

from collections.abc import Mapping
from typing import Any

from contracts.events import MembershipChanged, MembershipGranted, MembershipRevoked
from escalation.tables import StaffRow
from servicekit.projections import Projection

Membership = MembershipGranted | MembershipChanged | MembershipRevoked


def _staff(event: Membership) -> Mapping[str, Any]:  # Any: columns
    return {
        "hotel_id": event.hotel_id,
        "user_id": event.user_id,
        "display_name": event.display_name,
        "status": event.status.value,
        "version": event.version,
    }


STAFF = Projection(StaffRow, (MembershipGranted, MembershipChanged, MembershipRevoked), _staff)
PROJECTIONS = (STAFF,)
