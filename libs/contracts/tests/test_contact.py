"""Contact data is normalised, so that one guest is not two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.contact import Address, Email, Phone, normalise_email

emails: TypeAdapter[str] = TypeAdapter(Email)
phones: TypeAdapter[str] = TypeAdapter(Phone)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Anna.Admin@Lindenhof.EXAMPLE ", "anna.admin@lindenhof.example"),
        ("o'neil+spa@mail.example", "o'neil+spa@mail.example"),
        ("info@müller.example", "info@xn--mller-kva.example"),
        ("ju\u0308rgen@mail.example", "j\u00fcrgen@mail.example"),
    ],
)
def test_two_spellings_of_an_address_are_one(written: str, kept: str) -> None:
    assert emails.validate_python(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "anna",
            "@mail.example",
            "anna@",
            "anna@localhost",
            "a@b@c.example",
            "a b@mail.example",
            ".a@mail.example",
        ),
        *("a..b@mail.example", "a@-mail.example", "a@mail..example", f"{'a' * 65}@mail.example", "a@mail.example\x00"),
        *(f"a@{'b' * 250}.example", "a@mail.example, b@mail.example", "<a@mail.example>"),
    ],
)
def test_what_no_mail_can_be_sent_to_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        emails.validate_python(written)


@given(st.emails())
def test_a_normalised_address_stays_as_it_is(address: str) -> None:
    try:
        once = normalise_email(address)
    except ValueError:
        return
    assert normalise_email(once) == once


@pytest.mark.parametrize("written", ["+43 (1) 234-5678", "+43.1.234.5678", "+43\u20111\u20112345678", "+43/1/2345678"])
def test_a_phone_number_loses_what_people_write_between_the_digits(written: str) -> None:
    assert phones.validate_python(written) == "+4312345678"


@pytest.mark.parametrize(
    "written", ["012345678", "+0123456789", "+43", "+1234567890123456", "+43abc12345", "+٤٣١٢٣٤٥٦٧٨", ""]
)
def test_a_number_that_is_not_e164_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        phones.validate_python(written)


def test_an_address_has_a_line_a_city_and_a_country() -> None:
    address = Address(lines=("Lindenweg 4",), postal_code="1010", city="Wien", country="AT")
    assert Address.model_validate_json(address.model_dump_json()) == address
    with pytest.raises(ValidationError):
        Address(lines=(), city="Wien", country="AT")
    with pytest.raises(ValidationError):
        Address(lines=("Lindenweg 4",), city="Wien", country="Austria")
