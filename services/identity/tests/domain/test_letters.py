"""What the letters say, and in which words names stand in them."""

import pytest

from identity.domain.letters import Facts, letter, one_line
from identity.domain.letters_words import WORDS
from identity.domain.mail import MailKind

LINK = "https://desk.example/invitation#fdi_x"
INVITED = Facts("Eva Esch", "Hotel Seeblick", LINK, 7)


def test_a_letter_is_paragraphs_of_plain_text_with_the_link_by_itself() -> None:
    hello, before, link, after = letter(MailKind.INVITATION, "en", INVITED).text.split("\n\n")
    assert hello == "Hello Eva Esch,"
    assert link == LINK
    assert "7" in before + after
    assert after.endswith(".\n")


def test_a_page_is_in_its_language_and_says_the_same() -> None:
    for language in ("en", "de"):
        said = letter(MailKind.INVITATION, language, INVITED)
        words = WORDS[language].letters[MailKind.INVITATION]
        assert said.html.startswith(f'<!doctype html>\n<html lang="{language}">')
        assert f"<title>{said.subject}</title>" in said.html
        assert f">{words.button}</a>" in said.html
        hello, before, _, after = said.text.rstrip("\n").split("\n\n")
        for paragraph in (hello, before, after):
            assert f"<p>{paragraph}</p>\n" in said.html
    assert '<html lang="en">' in letter(MailKind.INVITATION, "zh", INVITED).html
    assert letter(MailKind.INVITATION, "de", INVITED).text != letter(MailKind.INVITATION, "en", INVITED).text


def test_where_there_is_no_link_there_is_no_button() -> None:
    said = letter(MailKind.PASSWORD_CHANGED, "en", Facts("Eva"))
    assert "<a " not in said.html
    assert said.html.count("</p>\n<p>") == 2, "three paragraphs and nothing between them"


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\t", "\x0b", "\u2028", "\u2029"])
def test_what_would_break_a_line_becomes_a_space(sign: str) -> None:
    assert one_line(f"Eva{sign}Esch") == "Eva Esch"
