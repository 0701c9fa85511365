"""Whatever the AI says stands in an article or in the templates."""

import string
from uuid import UUID

import pytest

from contracts.ids import ArticleId
from contracts.values import HandOverReason
from conversation.domain import writer
from conversation.domain.article import ChunkKind, Variant
from conversation.domain.intents import SmallTalk
from conversation.domain.ranking import Candidate, ScoredChunk
from conversation.domain.templates import LINES, Line
from conversation.domain.text import sentences
from conversation.domain.words import Language

LONG = Variant(
    "en",
    "Pool",
    (),
    " ".join(f"Sentence number {n} says one more thing about the pool and how guests use it." for n in range(8)),
)
KURZ = Variant("de", "Becken", (), "Das Becken ist von 7 bis 22 Uhr geöffnet. Handtücher liegen bereit.")


def candidate(*variants: Variant, close_to: int = 0) -> Candidate:
    """An article whose sentence `close_to` is closest to the question."""
    return Candidate(
        ArticleId(UUID(int=1)),
        variants,
        tuple(
            ScoredChunk(variant.language, chunk, cosine, cosine)
            for variant in variants
            for chunk in variant.chunks()
            for cosine in [0.9 - 0.02 * abs(chunk.position - close_to)]
        ),
    )


def test_a_short_article_is_given_whole() -> None:
    assert writer.answer(candidate(KURZ), Language.DE) == KURZ.body


@pytest.mark.parametrize("close_to", range(8))
def test_of_a_long_article_the_closest_sentences_are_given_in_their_order(close_to: int) -> None:
    said = sentences(writer.answer(candidate(LONG, close_to=close_to), Language.EN))
    body = sentences(LONG.body)
    assert body[close_to] in said
    assert 1 <= len(said) <= 3
    assert list(said) == [sentence for sentence in body if sentence in said]


def test_an_answer_is_in_the_guests_language_where_there_is_a_variant() -> None:
    assert writer.answer(candidate(LONG, KURZ), Language.DE) == KURZ.body


def test_an_answer_in_another_language_says_so_in_the_guests() -> None:
    said = writer.answer(candidate(KURZ), Language.FR)
    assert said == f"Je n'ai cette information qu'en allemand :\n{KURZ.body}"


@pytest.mark.parametrize("language", list(Language))
def test_every_language_has_every_sentence_with_the_same_slots(language: Language) -> None:
    for line in Line:
        slots = {name for _, name, _, _ in string.Formatter().parse(LINES[language][line]) if name}
        assert slots == {name for _, name, _, _ in string.Formatter().parse(LINES[Language.EN][line]) if name}


@pytest.mark.parametrize("language", list(Language))
def test_a_hand_over_says_only_sentences_of_the_templates(language: Language) -> None:
    allowed = [
        text.format(hotel="", language="", first="", second="", wait="5 min") for text in LINES[language].values()
    ]
    for reason in HandOverReason:
        for urgent in (False, True):
            left = writer.hand_over_text(language, "5 min", [reason], urgent=urgent)
            for sentence in sorted(allowed, key=len, reverse=True):
                left = left.replace(sentence, "")
            assert not left.strip()


def test_the_guest_is_told_the_wait_when_somebody_knows_it() -> None:
    assert "5 min" in writer.hand_over_text("en", "5 min")
    assert "wait" not in writer.hand_over_text("en", None)


def test_a_language_without_templates_gets_english() -> None:
    assert writer.hand_over_text("fi", None) == writer.hand_over_text("en", None)


@pytest.mark.parametrize("language", list(Language))
def test_our_own_questions_back_are_known_again(language: Language) -> None:
    assert writer.is_clarification(writer.clarify([], language))
    assert writer.is_clarification(writer.clarify([candidate(LONG), candidate(KURZ)], language))
    assert not writer.is_clarification(writer.small_talk(SmallTalk.GREETING, language, "Hotel"))


def test_sentences_end_where_a_reader_ends_them() -> None:
    text = "We open at 7 a.m. on Sundays. Parking costs approx. 1.95 euros! Really? Yes."
    assert sentences(text) == ("We open at 7 a.m. on Sundays.", "Parking costs approx. 1.95 euros!", "Really?", "Yes.")


def test_a_title_is_a_chunk_like_every_sentence_and_phrasing() -> None:
    kinds = [chunk.kind for chunk in KURZ.chunks()]
    assert kinds == [ChunkKind.TITLE, ChunkKind.SENTENCE, ChunkKind.SENTENCE]
