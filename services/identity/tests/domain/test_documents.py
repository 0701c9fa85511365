"""Free JSON of people's pages is bounded."""

import json

import pytest
from pydantic import ValidationError

from identity.commands.preferences import SaveView, SetPreferences
from identity.domain.documents import MAX_DEPTH, MAX_FILTER_BYTES, Document, check_document


def nested(levels: int) -> Document:
    return {"a": nested(levels - 1)} if levels > 1 else {"a": 1}


def test_so_deep_and_no_deeper() -> None:
    assert check_document(nested(MAX_DEPTH), 1000)
    with pytest.raises(ValueError, match="levels"):
        check_document(nested(MAX_DEPTH + 1), 1000)
    with pytest.raises(ValueError, match="levels"):
        check_document({"a": [[[[[[1]]]]]]}, 1000)


def test_size_counts_bytes_as_they_are_sent() -> None:
    assert check_document({"a": "ü" * 5}, 18)
    with pytest.raises(ValueError, match="bytes"):
        check_document({"a": "ü" * 6}, 18)
    assert check_document({"a": 1, "b": 2}, 13)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_numbers_that_json_has_not_are_refused(number: str) -> None:
    with pytest.raises(ValidationError, match="JSON"):
        SaveView.model_validate({"list_kind": "guests", "name": "Mine", "filter": json.loads(f'{{"a": [{number}]}}')})


def test_a_filter_that_is_too_large_is_refused_where_it_comes_in() -> None:
    with pytest.raises(ValidationError, match="bytes"):
        SaveView.model_validate({"list_kind": "guests", "name": "Mine", "filter": {"q": "x" * MAX_FILTER_BYTES}})
    with pytest.raises(ValidationError, match="levels"):
        SetPreferences.model_validate({"dashboard": nested(MAX_DEPTH + 1)})
