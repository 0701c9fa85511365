"""State lines in the guest's language."""

import pytest

from conversation.domain.notices import Notice, notice_text

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "ar", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_line_of_its_own(language: str) -> None:
    lines = {notice_text(notice, language) for notice in Notice}
    assert len(lines) == len(Notice)
    assert language == "en" or not lines & {notice_text(notice, "en") for notice in Notice}


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_took_over_is_named_if_known(language: str) -> None:
    assert "Sam" in notice_text(Notice.TAKEN_OVER, language, "Sam")
    assert "{" not in notice_text(Notice.TAKEN_OVER, language)


def test_a_variant_is_its_language_and_the_rest_is_english() -> None:
    assert notice_text(Notice.ENDED, "de-AT") == "Dieses Gespräch ist beendet."
    assert notice_text(Notice.ENDED, "fi") == "This conversation has ended."
