"""How many views somebody keeps."""

import pytest

from identity.domain.preferences import MAX_VIEWS, TooManyViews, check_room


def test_somebody_keeps_a_hundred_views_and_no_more() -> None:
    assert MAX_VIEWS == 100
    check_room(99)
    with pytest.raises(TooManyViews):
        check_room(100)
