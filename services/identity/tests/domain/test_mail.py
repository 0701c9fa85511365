"""A mail on its way out: tried again, refused, given up; and what the letters say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.letters import Facts, chosen_language, letter, one_line
from identity.domain.letters_words import WORDS
from identity.domain.mail import LONGEST_PAUSE, MailKind, MailStatus, Next, Tried, after, judged

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIRST = timedelta(seconds=10)


def test_a_mail_that_was_taken_or_refused_is_not_tried_again() -> None:
    assert after(Tried.TAKEN, 1, NOW, NOW + FIRST, FIRST) == Next(MailStatus.SENT)
    assert after(Tried.REFUSED, 1, NOW, NOW + FIRST, FIRST) == Next(MailStatus.REFUSED)


def test_what_would_come_when_its_time_is_over_is_given_up() -> None:
    assert after(Tried.FAILED, 1, NOW, NOW + FIRST, FIRST) == Next(MailStatus.GIVEN_UP)
    in_time = NOW + FIRST + timedelta(microseconds=1)
    assert after(Tried.FAILED, 1, NOW, in_time, FIRST) == Next(MailStatus.WAITING, NOW + FIRST)


def test_a_server_that_stays_away_is_asked_more_and_more_rarely_until_nothing_is_left_to_say() -> None:
    now, pauses = NOW, list[timedelta]()
    while (following := after(Tried.FAILED, len(pauses) + 1, now, NOW + timedelta(days=3), FIRST)).at is not None:
        pauses.append(following.at - now)
        now = following.at
    assert following.status is MailStatus.GIVEN_UP
    assert pauses[:4] == [FIRST, FIRST * 2, FIRST * 4, FIRST * 8]
    assert pauses == sorted(pauses)
    assert set(pauses[8:]) == {LONGEST_PAUSE}
    assert now < NOW + timedelta(days=3)


@pytest.mark.parametrize(
    ("code", "of_the_mail", "tried"),
    [
        (450, True, Tried.FAILED),
        (499, True, Tried.FAILED),
        (500, True, Tried.REFUSED),
        (599, True, Tried.REFUSED),
        (600, True, Tried.FAILED),
        (550, True, Tried.REFUSED),
        (554, True, Tried.REFUSED),
        (421, True, Tried.FAILED),
        (535, False, Tried.FAILED),
        (550, False, Tried.FAILED),
    ],
)
def test_only_a_lasting_no_to_this_mail_is_the_last_word(code: int, of_the_mail: bool, tried: Tried) -> None:
    assert judged(code, of_the_mail=of_the_mail) is tried


@pytest.mark.parametrize("language", sorted(WORDS))
@pytest.mark.parametrize("kind", list(MailKind))
def test_every_letter_is_complete_in_every_language(language: str, kind: MailKind) -> None:
    link = "" if kind is MailKind.PASSWORD_CHANGED else "https://desk.example/invitation#fdi_x"
    said = letter(kind, language, Facts("Eva Esch", "Hotel Seeblick", link, 7))
    assert said.subject
    for part in (said.text, said.html):
        assert "Eva Esch" in part
        assert "{" not in part.replace("style", "")
        assert link in part
        assert ("Seeblick" in part) is (kind is MailKind.INVITATION)


def test_a_language_without_letters_reads_english() -> None:
    assert chosen_language(["ar", "pt-BR", "de-AT", "fr"]) == "de"
    assert chosen_language(["zh"]) == "en"
    assert letter(MailKind.PASSWORD_RESET, "zh", Facts()) == letter(MailKind.PASSWORD_RESET, "en", Facts())


@given(st.text(max_size=200))
def test_no_name_breaks_a_line_of_the_header_or_becomes_markup(name: str) -> None:
    said = letter(MailKind.INVITATION, "en", Facts(name, f"Hotel {name}", "https://desk.example/invitation#x", 7))
    assert "\n" not in said.subject
    assert len(said.subject.splitlines()) == 1
    assert said.html.count("<") == letter(
        MailKind.INVITATION, "en", Facts("Eva", "Hotel", "https://desk.example/invitation#x", 7)
    ).html.count("<")


def test_a_name_that_looks_like_a_link_or_writes_backwards_is_left_out() -> None:
    said = letter(MailKind.INVITATION, "en", Facts("Win at evil.example", "Hotel \u202eeslaf", "https://d/i#x", 7))
    assert "evil" not in said.text
    assert "\u202e" not in said.text
    assert one_line("Eva\r\nBcc: all@example.com\u2028x") == "Eva Bcc: all@example.com x"
    assert letter(MailKind.INVITATION, "en", Facts("J. R. Müller-Öz")).text.startswith("Hello J. R. Müller-Öz,")
