"""How to reach somebody: e-mail, phone, postal address; normalised, so that equal means the same.

Personal data: in an event these may only stand in a field made with `personal()`.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import BeforeValidator, Field

from contracts.event import Fact

_LOCAL_MAX = 64
_EMAIL_MAX = 254
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_PHONE_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]+")


def normalise_email(address: str) -> str:
    """`address` in the form that is stored and compared: lower case, NFC, the domain in ASCII (IDNA).

    The local part is lowered too: RFC 5321 lets a server tell cases apart, none that people use does, and two
    records of one guest would be the result.

    Raises:
        ValueError: this is no address that mail can be sent to (length as RFC 5321, 4.5.3.1).
    """
    local, at, domain = unicodedata.normalize("NFC", address).strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError("not an e-mail address") from error
    local = local.lower()
    known = at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not known or len(local.encode()) > _LOCAL_MAX or len(local) + 1 + len(domain) > _EMAIL_MAX:
        raise ValueError("not an e-mail address")
    return f"{local}@{domain}"


def normalise_phone(number: str) -> str:
    """`number` without the spaces, brackets and dashes people write. What is left must be E.164 by itself.

    National forms are not guessed here; whoever knows the hotel's country (phonenumbers) does that before.
    """
    return _PHONE_SEPARATORS.sub("", number)


def _email(value: object) -> object:
    return normalise_email(value) if isinstance(value, str) else value


def _phone(value: object) -> object:
    return normalise_phone(value) if isinstance(value, str) else value


Email = Annotated[
    str,
    Field(max_length=_EMAIL_MAX, json_schema_extra={"format": "email"}, description="lower case, domain in ASCII"),
    BeforeValidator(_email),
]
Phone = Annotated[
    str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164, e.g. `+4312345678`"), BeforeValidator(_phone)
]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, e.g. `AT`")]


class Address(Fact):
    """A postal address, in the parts that every country's form has."""

    lines: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(min_length=1, max_length=3)
    postal_code: Annotated[str, Field(max_length=16)] | None = None
    city: Annotated[str, Field(min_length=1, max_length=100)]
    region: Annotated[str, Field(max_length=100)] | None = None
    country: CountryCode
