"""E-mail addresses and phone numbers have one stored form."""

import pytest

from identity.domain.contact import normalise_email, normalise_phone


def test_one_person_who_types_capitals_has_one_account() -> None:
    assert normalise_email("  Anna.Admin@Lindenhof.EXAMPLE ") == "anna.admin@lindenhof.example"


def test_an_address_in_another_script_keeps_its_local_part_and_has_an_ascii_domain() -> None:
    assert normalise_email("jörg@bücher.example") == "jörg@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address",
    ["", "anna", "anna@", "@lindenhof.example", "anna@lindenhof", "a b@c.example", "a..b@c.example", "a@b..example",
     "a@-b.example", "a@1.2.3.4", "a@b.example\nbcc:x", "x" * 65 + "@b.example", "a@" + "b." * 130 + "example"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ValueError, match=r"^not an e-mail address$"):
        normalise_email(address)


@pytest.mark.parametrize("number", ["+43 1 234 5678", "+43 (1) 2345678", "+43-1-2345678"])
def test_a_phone_number_is_stored_as_e164(number: str) -> None:
    assert normalise_phone(number) == "+4312345678"


@pytest.mark.parametrize("number", ["01 2345678", "call me", "+999 123", "+43", ""])
def test_a_number_that_could_not_be_dialled_from_abroad_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="country code"):
        normalise_phone(number)
