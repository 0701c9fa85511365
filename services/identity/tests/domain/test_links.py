"""Links in mails: what a token opens, once, for a while; and who may give which role."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.links import (
    Invitation,
    InvitationClosed,
    InvitationStatus,
    InvitationUnbacked,
    LinkVoid,
    Opens,
    hash_of,
    link_to,
    token_of,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


@given(st.lists(st.tuples(st.sampled_from(["accept", "renew", "withdraw"]), st.integers(0, 10)), max_size=12))
def test_an_invitation_is_accepted_once_and_never_after_its_time_or_a_withdrawal(steps: list[tuple[str, int]]) -> None:
    invitation, now, accepted, ended = Invitation(InvitationStatus.OPEN, NOW + WEEK), NOW, 0, False
    for step, days in steps:
        now += timedelta(days=days)
        in_time = now < invitation.expires_at
        try:
            if step == "accept":
                invitation = invitation.accepted(now, backed=True)
                assert in_time
                assert not ended
                accepted, ended = accepted + 1, True
            elif step == "renew":
                invitation = invitation.renewed(now, WEEK)
                assert not ended
                assert invitation.at(now) is InvitationStatus.OPEN
            else:
                invitation = invitation.withdrawn()
                ended = True
        except LinkVoid:
            assert ended or not in_time
        except InvitationClosed:
            assert ended
    assert accepted <= 1


def test_the_moment_of_expiry_is_too_late() -> None:
    invitation = Invitation(InvitationStatus.OPEN, NOW)
    assert invitation.at(NOW) is InvitationStatus.EXPIRED
    with pytest.raises(LinkVoid):
        invitation.accepted(NOW, backed=True)


def test_what_nobody_stands_for_is_open_in_name_only() -> None:
    invitation = Invitation(InvitationStatus.OPEN, NOW + timedelta(days=1))
    assert invitation.at(NOW, backed=False) is InvitationStatus.UNBACKED
    with pytest.raises(InvitationUnbacked):
        invitation.accepted(NOW, backed=False)
    for closed in (invitation.withdrawn(), invitation.accepted(NOW, backed=True)):
        assert closed.at(NOW, backed=False) is closed.status
        with pytest.raises(LinkVoid):
            closed.accepted(NOW, backed=False)
    expired = Invitation(InvitationStatus.OPEN, NOW)
    assert expired.at(NOW, backed=False) is InvitationStatus.EXPIRED


def test_accepted_withdrawn_and_renewed_are_on_record() -> None:
    invitation = Invitation(InvitationStatus.OPEN, NOW + WEEK)
    assert invitation.accepted(NOW, backed=True) == Invitation(InvitationStatus.ACCEPTED, NOW + WEEK)
    assert invitation.withdrawn() == Invitation(InvitationStatus.WITHDRAWN, NOW + WEEK)
    assert invitation.renewed(NOW + WEEK, WEEK) == Invitation(InvitationStatus.OPEN, NOW + 2 * WEEK)


@pytest.mark.parametrize("opens", list(Opens))
def test_a_link_leads_to_the_dashboards_page_and_keeps_the_token_from_servers(opens: Opens) -> None:
    token = token_of(opens, bytes(range(32)))
    for dashboard in ("https://desk.example/app", "https://desk.example/X"):
        assert link_to(dashboard + "/", token) == link_to(dashboard, token) == f"{dashboard}/{opens.page}#{token}"
    assert len(token) == len(opens.value) + 43, "256 bits, without padding"
    assert token.startswith(opens.value)
    assert len(hash_of(token)) == 64
    assert hash_of(token) != hash_of(token + "A")
