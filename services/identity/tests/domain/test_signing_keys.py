"""One key gives way to the next: nobody ever meets a token whose key they cannot have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.signing_keys import (
    OVERLAP,
    TOKENS_LAST,
    KeyState,
    NextKeyTooYoung,
    SigningKey,
    check_may_sign,
    is_rotation_due,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CURRENT = SigningKey("a", KeyState.CURRENT, NOW - timedelta(days=91), NOW - timedelta(days=90))
NEXT = SigningKey("b", KeyState.NEXT, NOW - OVERLAP)


def test_the_next_key_signs_only_when_everybody_has_it() -> None:
    check_may_sign(NEXT, NOW)
    with pytest.raises(NextKeyTooYoung) as refused:
        check_may_sign(NEXT, NOW - SECOND)
    assert refused.value.retry_after_seconds == 1


def test_rotation_is_due_when_the_current_key_signed_long_enough_and_the_next_is_known() -> None:
    days = timedelta(days=90)
    assert is_rotation_due([CURRENT, NEXT], days, NOW)
    assert not is_rotation_due([CURRENT, NEXT], days + SECOND, NOW)
    assert not is_rotation_due([CURRENT, replace(NEXT, published_at=NOW)], days, NOW)
    assert not is_rotation_due([CURRENT], days, NOW)
    assert not is_rotation_due([NEXT], days, NOW)


def test_a_former_key_is_published_until_its_tokens_are_gone_and_a_withdrawn_one_not_at_all() -> None:
    former = replace(CURRENT, state=KeyState.FORMER, replaced_at=NOW)
    assert former.is_published(NOW + TOKENS_LAST - SECOND)
    assert not former.is_published(NOW + TOKENS_LAST)
    assert not replace(former, withdrawn_at=NOW).is_published(NOW)


@given(
    cached_for=st.integers(0, 300),
    picked_up_after=st.integers(0, 30),
    lives=st.integers(1, 840),
    shown_after=st.integers(0, 1200),
    issued=st.integers(-900, 900),
)
def test_whoever_keeps_the_key_set_for_five_minutes_has_the_key_of_every_token_that_still_holds(
    cached_for: int, picked_up_after: int, lives: int, shown_after: int, issued: int
) -> None:
    """Seconds, around a rotation at NOW. Instances pick a change up late; the verifier's copy is as old as it may be."""
    issued_at = NOW + timedelta(seconds=issued)
    signer = "b" if issued > picked_up_after else "a"  # the last instance that still signs with the former key
    shown_at = issued_at + timedelta(seconds=shown_after)
    if shown_after >= lives:
        return
    fetched_at = shown_at - timedelta(seconds=cached_for)
    served_at = fetched_at - timedelta(seconds=picked_up_after)  # by an instance that is as late
    former = replace(CURRENT, state=KeyState.FORMER, replaced_at=NOW)
    keys = [former, NEXT] if served_at >= NOW else [CURRENT, NEXT]
    published = {key.kid for key in keys if key.published_at <= served_at and key.is_published(served_at)}
    assert signer in published


def test_a_former_key_is_published_for_longer_than_any_token_lives() -> None:
    longest, leeway, picked_up_after = timedelta(minutes=14), 5 * SECOND, 10 * SECOND
    assert longest + leeway + picked_up_after < TOKENS_LAST
    assert timedelta(minutes=5) + picked_up_after < OVERLAP
