"""What a refresh token may still do."""

from datetime import UTC, datetime, timedelta

from identity.domain.sessions import Lifetimes, PresentedToken, RefreshVerdict, judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def presented(*, rotated: bool = False, expired: bool = False, session_ended: bool = False) -> PresentedToken:
    earlier = NOW - timedelta(hours=1)
    return PresentedToken(
        expires_at=earlier if expired else NOW + timedelta(days=1),
        rotated_at=earlier if rotated else None,
        session_ended_at=earlier if session_ended else None,
    )


def test_a_fresh_token_is_exchanged_for_the_next() -> None:
    assert judge(presented(), NOW) is RefreshVerdict.ROTATE


def test_a_token_that_was_used_already_ends_the_whole_session() -> None:
    assert judge(presented(rotated=True), NOW) is RefreshVerdict.END_FAMILY


def test_a_used_token_still_ends_the_session_when_it_is_old() -> None:
    assert judge(presented(rotated=True, expired=True), NOW) is RefreshVerdict.END_FAMILY


def test_an_expired_token_is_refused() -> None:
    assert judge(presented(expired=True), NOW) is RefreshVerdict.REFUSE


def test_a_session_that_ended_stays_ended() -> None:
    assert judge(presented(session_ended=True), NOW) is RefreshVerdict.REFUSE
    assert judge(presented(session_ended=True, rotated=True), NOW) is RefreshVerdict.REFUSE


def test_a_token_never_outlives_its_session() -> None:
    lifetimes = Lifetimes(idle=timedelta(days=14), absolute=timedelta(days=60))
    ends = lifetimes.session_ends(NOW)
    assert lifetimes.token_ends(NOW, ends) == NOW + timedelta(days=14)
    assert lifetimes.token_ends(NOW + timedelta(days=59), ends) == ends
