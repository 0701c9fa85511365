"""What a refresh token may still do."""

from datetime import UTC, datetime, timedelta

import pytest

from identity.domain.sessions import (
    FRESH,
    FreshSignInNeeded,
    Lifetimes,
    PresentedToken,
    RefreshVerdict,
    check_fresh,
    judge,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OVERLAP = timedelta(seconds=10)
LONG_AGO = timedelta(hours=1)


def verdict(
    *, used: timedelta | None = None, behind: int = 0, expired: bool = False, session_ended: bool = False
) -> RefreshVerdict:
    """Of a token that was used so long ago, or not yet."""
    token = PresentedToken(
        expires_at=NOW - LONG_AGO if expired else NOW + timedelta(days=1),
        rotated_at=None if used is None else NOW - used,
        session_ended_at=NOW - LONG_AGO if session_ended else None,
        behind=behind,
    )
    return judge(token, NOW, OVERLAP)


def test_a_fresh_token_is_exchanged_for_the_next() -> None:
    assert verdict() is RefreshVerdict.ROTATE


def test_a_token_may_be_used_again_for_some_seconds() -> None:
    assert verdict(used=timedelta(0), behind=1) is RefreshVerdict.REPEAT
    assert verdict(used=OVERLAP, behind=1) is RefreshVerdict.REPEAT
    assert verdict(used=OVERLAP + timedelta(microseconds=1), behind=1) is RefreshVerdict.END_FAMILY


def test_once_somebody_went_on_with_a_successor_a_second_use_ends_the_session() -> None:
    assert verdict(used=timedelta(seconds=1), behind=2) is RefreshVerdict.END_FAMILY


def test_of_several_successors_the_second_to_be_used_ends_the_session() -> None:
    assert verdict(behind=1) is RefreshVerdict.END_FAMILY


def test_without_an_overlap_a_second_use_ends_the_session_at_once() -> None:
    twice = PresentedToken(NOW + timedelta(days=1), NOW - timedelta(microseconds=1), None, behind=1)
    assert judge(twice, NOW, timedelta(0)) is RefreshVerdict.END_FAMILY


def test_a_used_token_of_the_former_release_ends_the_session() -> None:
    assert verdict(used=timedelta(seconds=1), behind=0) is RefreshVerdict.END_FAMILY


def test_a_used_token_still_ends_the_session_when_it_is_old() -> None:
    assert verdict(used=LONG_AGO, behind=1, expired=True) is RefreshVerdict.END_FAMILY
    assert verdict(used=LONG_AGO, behind=9, expired=True) is RefreshVerdict.END_FAMILY


def test_an_expired_token_is_refused() -> None:
    assert verdict(expired=True) is RefreshVerdict.REFUSE


def test_a_session_that_ended_stays_ended() -> None:
    assert verdict(session_ended=True) is RefreshVerdict.REFUSE
    assert verdict(session_ended=True, used=LONG_AGO, behind=1) is RefreshVerdict.REFUSE


def test_a_token_never_outlives_its_session() -> None:
    lifetimes = Lifetimes(idle=timedelta(days=14), absolute=timedelta(days=60))
    ends = lifetimes.session_ends(NOW)
    assert lifetimes.token_ends(NOW, ends) == NOW + timedelta(days=14)
    assert lifetimes.token_ends(NOW + timedelta(days=59), ends) == ends


def test_the_moment_of_expiry_is_too_late() -> None:
    assert judge(PresentedToken(NOW, None, None), NOW, OVERLAP) is RefreshVerdict.REFUSE
    assert judge(PresentedToken(NOW, None, None), NOW - timedelta(microseconds=1), OVERLAP) is RefreshVerdict.ROTATE


def test_a_sign_in_at_an_issuer_is_fresh_for_ten_minutes() -> None:
    check_fresh(NOW, NOW)
    check_fresh(NOW - FRESH, NOW)
    for reproved_at in (None, NOW - FRESH - timedelta(microseconds=1)):
        with pytest.raises(FreshSignInNeeded):
            check_fresh(reproved_at, NOW)
