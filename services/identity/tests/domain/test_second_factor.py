"""Codes of authenticator apps and recovery codes: which are accepted, and how often somebody may guess."""

from datetime import UTC, datetime, timedelta

import pytest

from identity.domain.second_factor import (
    DIGITS,
    LONGEST_LOCK,
    WINDOW,
    SecondFactorLocked,
    Tries,
    accepted_step,
    app_code_in,
    code_of,
    enrolment_uri,
    hash_of,
    recovery_code,
    recovery_code_in,
    step_of,
)

SECRET = b"12345678901234567890"
"""Of RFC 6238, appendix B, for SHA-1."""
NOW = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    step = step_of(at(seconds))
    assert code_of(SECRET, step, digits=8) == code
    assert code_of(SECRET, step) == code[2:], "six digits are the last six: the same number modulo a million"
    assert accepted_step(SECRET, code[2:], at(seconds), last_step=0) == step


def test_a_code_is_accepted_one_step_early_or_late_and_no_more() -> None:
    now = step_of(NOW)
    steps = range(now - 3, now + 4)
    accepted = [step - now for step in steps if accepted_step(SECRET, code_of(SECRET, step), NOW, last_step=0)]
    assert accepted == [-1, 0, 1]


def test_the_step_changes_every_thirty_seconds_from_the_epoch() -> None:
    assert [step_of(at(seconds)) for seconds in (0, 29, 30, 59, 60)] == [0, 0, 1, 1, 2]


def test_no_code_is_accepted_twice_nor_one_from_before_it() -> None:
    now = step_of(NOW)
    assert accepted_step(SECRET, code_of(SECRET, now), NOW, last_step=now) is None
    assert accepted_step(SECRET, code_of(SECRET, now - 1), NOW, last_step=now) is None
    assert accepted_step(SECRET, code_of(SECRET, now + 1), NOW, last_step=now) == now + 1


@pytest.mark.parametrize("given", ["123456", " 123 456 ", "123-456", "123\u00a0456"])
def test_six_digits_are_read_however_they_are_grouped(given: str) -> None:
    assert app_code_in(given) == "123456"
    assert recovery_code_in(given) is None


@pytest.mark.parametrize(
    "given", ["", "12345", "1234567", "12345a", "\u0661\u0662\u0663\u0664\u0665\u0666", "12345\x00"]
)
def test_what_is_not_six_digits_is_no_code(given: str) -> None:
    assert app_code_in(given) is None
    assert recovery_code_in(given) is None


def test_a_recovery_code_is_read_in_capitals_and_without_hyphens_too() -> None:
    shown = recovery_code(bytes(range(10)))
    assert shown == "aaaq-eaye-auda-ocaj"
    plain = "aaaqeayeaudaocaj"
    assert [recovery_code_in(given) for given in (shown, shown.upper(), plain, f" {shown} ")] == [plain] * 4
    assert app_code_in(shown) is None


def test_apps_are_told_secret_account_and_issuer() -> None:
    uri = enrolment_uri(SECRET, "anna@lindenhof.example", "AI Front Desk")
    assert uri == (
        "otpauth://totp/AI%20Front%20Desk:anna%40lindenhof.example"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=AI%20Front%20Desk"
    )


def test_the_first_wrong_codes_cost_nothing_and_every_further_one_twice_the_pause_up_to_an_hour() -> None:
    tries, pauses = Tries(), list[float]()
    for _ in range(14):
        tries = tries.after_failure(NOW)
        pause = tries.pause(NOW)
        pauses.append(pause.total_seconds() if pause else 0)
    assert pauses == [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert tries.pause(NOW + LONGEST_LOCK) is None


def test_whoever_knows_the_password_and_guesses_for_a_year_has_a_chance_of_three_in_a_hundred() -> None:
    tries, now, guesses = Tries(), NOW, 0
    while now < NOW + timedelta(days=365):
        tries, guesses = tries.after_failure(now), guesses + 1
        now += tries.pause(now) or timedelta(0)
    right = (2 * WINDOW + 1) / 10**DIGITS
    assert guesses < 24 * 365 + 35
    assert 1 - (1 - right) ** guesses < 0.03


def test_who_is_locked_is_told_after_how_many_whole_seconds_to_come_again() -> None:
    assert SecondFactorLocked(timedelta(seconds=1.2)).retry_after_seconds == 2
    assert SecondFactorLocked(timedelta(minutes=1)).retry_after_seconds == 60


def test_of_a_recovery_code_its_sha_256_is_kept() -> None:
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
