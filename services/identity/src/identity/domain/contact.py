"""Names and phone numbers of people, as commands take them. E-mail addresses are `contracts.values.Email`. Pure.

Errors never repeat the value, because it is personal data.
"""

from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, Field


def normalise_phone(number: str) -> str:
    """The number in E.164. It must come with its country code: a hotel's guests are from everywhere.

    Raises:
        ValueError: no country code, or no number that could be dialled.
    """
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a phone number with its country code, like +43 1 234 5678") from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError("not a phone number with its country code, like +43 1 234 5678")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


PhoneNumber = Annotated[
    str, Field(max_length=40), AfterValidator(normalise_phone), Field(description="stored as E.164, e.g. `+4312345678`")
]
PersonName = Annotated[str, Field(min_length=1, max_length=200, description="as the person writes it")]
