"""Why somebody should look at a hotel."""

from contracts.events import ArticleDeleted, ArticleUpdated
from contracts.ids import ArticleId
from identity.domain.attention import SIGNS, AttentionReason, Sign, reasons
from servicekit import new_id

EMPTY = AttentionReason.EMPTY_KNOWLEDGE_BASE


def sign(*, wanted: bool) -> Sign:
    return Sign(EMPTY, (ArticleDeleted,), "article_id", lambda _: True, wanted=wanted)


def test_a_hotel_without_a_published_article_needs_attention() -> None:
    assert reasons([]) == [EMPTY]
    assert reasons([EMPTY]) == []


def test_what_must_not_be_needs_attention_while_it_is() -> None:
    assert reasons([], [sign(wanted=False)]) == []
    assert reasons([EMPTY], [sign(wanted=False)]) == [EMPTY]


def test_an_article_counts_as_long_as_it_is_published() -> None:
    [articles] = [one for one in SIGNS if one.reason is EMPTY]
    changed = ArticleUpdated(article_id=ArticleId(new_id()), languages=("en",), published=True, version=2)
    assert articles.holds(changed)
    gone = ArticleDeleted(article_id=changed.article_id, languages=("en",), published=False, version=3)
    assert not articles.holds(gone)


def test_every_reason_has_one_sign_whose_events_name_its_object_and_their_version() -> None:
    assert [one.reason for one in SIGNS] == list(AttentionReason)
    for one in SIGNS:
        for event in one.events:
            assert {one.object_id, "version"} <= event.model_fields.keys()
