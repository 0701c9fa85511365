"""Phone numbers have one stored form."""

import pytest

from identity.domain.contact import normalise_phone


@pytest.mark.parametrize("number", ["+43 1 234 5678", "+43 (1) 2345678", "+43-1-2345678"])
def test_a_phone_number_is_stored_as_e164(number: str) -> None:
    assert normalise_phone(number) == "+4312345678"


@pytest.mark.parametrize("number", ["01 2345678", "call me", "+999 123", "+43", "+43 1", "+43 1234567890123456", ""])
def test_a_number_that_could_not_be_dialled_from_abroad_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="country code"):
        normalise_phone(number)
