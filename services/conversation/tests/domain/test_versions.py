"""What is told of the difference between two versions of an article."""

from dataclasses import replace

from conversation.domain.article import Variant
from conversation.domain.versions import ArticleField, FieldChange, Hunk, changes

DOGS = Variant("en", "Dogs", ("Can I bring my dog?", "Are pets allowed?"), "Dogs are welcome.\nA dog costs 25 euros.")
HUNDE = Variant("de", "Hunde", (), "Hunde sind willkommen.")


def test_the_same_text_has_no_changes() -> None:
    assert changes([DOGS, HUNDE], [DOGS, HUNDE]) == ()


def test_a_changed_line_is_told_with_its_place_in_both() -> None:
    dearer = replace(DOGS, body="Dogs are welcome.\nBring a blanket.\nA dog costs 30 euros.")
    assert changes([DOGS], [dearer]) == (
        FieldChange(
            "en",
            ArticleField.BODY,
            (Hunk(2, ("A dog costs 25 euros.",), 2, ("Bring a blanket.", "A dog costs 30 euros.")),),
        ),
    )


def test_changes_that_lie_apart_are_hunks_of_their_own() -> None:
    before = replace(DOGS, questions=("a", "b", "c", "d"))
    after = replace(DOGS, questions=("b", "c", "e", "d"))
    [change] = changes([before], [after])
    assert change.field is ArticleField.QUESTIONS
    assert change.hunks == (Hunk(1, ("a",), 1, ()), Hunk(4, (), 3, ("e",)))


def test_a_new_language_is_all_added_and_one_that_is_gone_all_removed() -> None:
    found = changes([DOGS], [HUNDE])
    assert [(one.language, one.field) for one in found] == [
        ("de", ArticleField.TITLE),
        ("de", ArticleField.BODY),
        ("en", ArticleField.TITLE),
        ("en", ArticleField.QUESTIONS),
        ("en", ArticleField.BODY),
    ]
    assert found[0].hunks == (Hunk(1, (), 1, ("Hunde",)),)
    assert found[3].hunks == (Hunk(1, ("Can I bring my dog?", "Are pets allowed?"), 1, ()),)


def test_the_order_of_languages_is_no_change_of_a_text() -> None:
    assert changes([DOGS, HUNDE], [HUNDE, DOGS]) == ()
