"""Who sees what on the live stream."""

import pytest

from contracts.event import event_types
from contracts.permissions import ROLE_PERMISSIONS, Role
from contracts.topics import ACCESS
from gateway.domain.live import LIVE_TOPICS, may_see


@pytest.mark.parametrize(
    "kind", [t for t, c in event_types().items() if c.TOPIC in LIVE_TOPICS and c.TOPIC is not ACCESS]
)
def test_staff_see_everything_that_happens_to_guests(kind: str) -> None:
    assert may_see(kind, ROLE_PERMISSIONS[Role.STAFF])


def test_a_hotels_admins_see_who_acts_in_a_members_place_and_nobody_sees_what_becomes_of_keys() -> None:
    for kind in ("started", "ended"):
        assert may_see(f"frontdesk.impersonation.{kind}.v1", ROLE_PERMISSIONS[Role.ADMIN])
        assert not may_see(f"frontdesk.impersonation.{kind}.v1", ROLE_PERMISSIONS[Role.STAFF])
    assert not may_see("frontdesk.apikey.revoked.v1", ROLE_PERMISSIONS[Role.SUPERADMIN])


def test_somebody_without_a_permission_sees_nothing_of_its_kind() -> None:
    assert not may_see("frontdesk.escalation.created.v1", {"conversation:read", "live:read"})
    assert may_see("frontdesk.message.sent.v1", {"conversation:read", "live:read"})


def test_an_unknown_kind_is_shown_to_nobody() -> None:
    assert not may_see("frontdesk.payroll.changed.v1", ROLE_PERMISSIONS[Role.SUPERADMIN])
    assert not may_see("nonsense", ROLE_PERMISSIONS[Role.SUPERADMIN])


def test_no_live_topic_carries_personal_data() -> None:
    assert not [topic.name for topic in LIVE_TOPICS if topic.personal]
