"""Which articles need a look."""

from conversation.domain.attention import Why, needs_a_look


def test_an_old_article_that_is_in_use_needs_a_look() -> None:
    assert needs_a_look(old=True, uses=1, helpful=0, unhelpful=0) == (Why.NOT_UPDATED,)


def test_an_old_article_that_nobody_reads_and_a_new_one_that_all_read_do_not() -> None:
    assert needs_a_look(old=True, uses=0, helpful=0, unhelpful=0) == ()
    assert needs_a_look(old=False, uses=100, helpful=9, unhelpful=1) == ()


def test_one_unhelpful_mark_may_be_a_slip_and_two_may_not() -> None:
    assert needs_a_look(old=False, uses=5, helpful=0, unhelpful=1) == ()
    assert needs_a_look(old=False, uses=5, helpful=1, unhelpful=2) == (Why.RATED_BADLY,)
    assert needs_a_look(old=False, uses=5, helpful=2, unhelpful=2) == ()


def test_both_reasons_are_told() -> None:
    assert needs_a_look(old=True, uses=5, helpful=0, unhelpful=3) == (Why.NOT_UPDATED, Why.RATED_BADLY)
