"""E-mail addresses and phone numbers in the one form in which they are stored and compared. Pure.

An address is checked for shape only: whether it exists is known when mail to it was answered. Errors never repeat
the value, because it is personal data.
"""

import re
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, Field

_LOCAL = re.compile(
    r"^[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+)*$"
)
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")


def normalise_email(address: str) -> str:
    """The address in lower case, its domain in ASCII (IDNA), so that one person has one account.

    Raises:
        ValueError: not the shape of an address (RFC 5321, 4.1.2 without quoted strings and address literals).
    """
    local, at, domain = address.strip().lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("not an e-mail address") from error
    labels = domain.split(".")
    if not at or not _LOCAL.match(local) or len(local.encode()) > 64 or len(f"{local}@{domain}".encode()) > 254:
        raise ValueError("not an e-mail address")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels) or labels[-1].isdigit():
        raise ValueError("not an e-mail address")
    return f"{local}@{domain}"


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


EmailAddress = Annotated[
    str, Field(max_length=320), AfterValidator(normalise_email), Field(description="e-mail address; stored normalised")
]
PhoneNumber = Annotated[
    str, Field(max_length=40), AfterValidator(normalise_phone), Field(description="stored as E.164, e.g. `+4312345678`")
]
PersonName = Annotated[str, Field(min_length=1, max_length=200, description="as the person writes it")]
