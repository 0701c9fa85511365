"""Money: an exact decimal amount in an ISO 4217 currency. No float comes in, none goes out."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from functools import total_ordering
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from contracts.errors import Invalid
from contracts.event import Fact

_TWO = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
    NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC
    SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

MINOR_UNITS: dict[str, int] = {
    code: digits for digits, codes in ((2, _TWO), (0, _ZERO), (3, _THREE), (4, _FOUR)) for code in codes.split()
}
"""Decimal places of each currency in use (ISO 4217, list one). Funds, metals and test codes are not money here."""

MAX_AMOUNT = Decimal(10) ** 15
_DECIMAL_PATTERN = r"-?[0-9]{1,15}(\.[0-9]{1,4})?"
_DECIMAL = re.compile(_DECIMAL_PATTERN)


class CurrencyMismatch(Invalid):
    """Two currencies do not add up or compare; somebody has to convert first."""

    slug, title = "currency-mismatch", "The currencies differ"


def _exact(value: object) -> object:
    if isinstance(value, float | bool):
        raise ValueError("an amount is a string or a whole number, never a float")  # noqa: TRY004 - pydantic reports ValueError
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError("not a decimal number")
        return Decimal(value)
    return value


def _known(code: str) -> str:
    if code not in MINOR_UNITS:
        raise ValueError(f"{code!r} is not an ISO 4217 currency")
    return code


Currency = Annotated[str, AfterValidator(_known), Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code, e.g. `EUR`")]
Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    PlainSerializer(lambda amount: f"{amount:f}", return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_DECIMAL_PATTERN}$",
            "description": "exact decimal, written with the currency's minor units, e.g. `12.50`",
        }
    ),
]


@total_ordering
class Money(Fact):
    """An amount and its currency, e.g. `Money.of("12.50", "EUR")`.

    Equal means same currency and same amount. Adding and ordering need the same currency.
    As JSON: `{"amount": "12.50", "currency": "EUR"}`.
    """

    ROUNDING: ClassVar[str] = ROUND_HALF_EVEN

    amount: Amount
    currency: Currency

    @model_validator(mode="before")
    @classmethod
    def _in_minor_units(cls, values: Any) -> Any:  # Any: whatever the caller passed, pydantic's own type here
        if not isinstance(values, dict) or values.get("currency") not in MINOR_UNITS:
            return values  # the fields' own validators say what is wrong
        amount = _exact(values.get("amount"))
        if isinstance(amount, int):
            amount = Decimal(amount)
        if not isinstance(amount, Decimal):
            return values
        if not amount.is_finite() or abs(amount) >= MAX_AMOUNT:
            raise ValueError("the amount is out of range")
        unit = _unit(values["currency"])
        exact = amount.quantize(unit)
        if exact != amount:
            raise ValueError(f"{values['currency']} has {MINOR_UNITS[values['currency']]} decimal places")
        return {**values, "amount": exact + 0}  # + 0: there is no minus nothing

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Self:
        """That much money.

        Raises:
            ValidationError: unknown currency, more decimal places than it has, or a float.
        """
        return cls.model_validate({"amount": amount, "currency": currency})

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """That many of the smallest unit: `of_minor(1250, "EUR")` is EUR 12.50."""
        return cls.of(Decimal(minor).scaleb(-MINOR_UNITS[_known(currency)]), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """The nearest amount that can be paid; halves go to the even unit, so that sums of many do not drift."""
        return cls.of(amount.quantize(_unit(_known(currency)), rounding=cls.ROUNDING), currency)

    @classmethod
    def total(cls, parts: Iterable["Money"], currency: str) -> "Money":
        """The sum of `parts`, zero of `currency` when there are none."""
        result: Money = cls.of(0, currency)
        for part in parts:
            result += part
        return result

    @property
    def minor(self) -> int:
        """The amount in the currency's smallest unit."""
        return int(self.amount.scaleb(MINOR_UNITS[self.currency]))

    def __add__(self, other: "Money") -> "Money":
        return Money.of(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money.of(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money.of(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def times(self, factor: int | Decimal) -> "Money":
        """This `factor` times, rounded to the currency's smallest unit."""
        return Money.rounded(self.amount * factor, self.currency)

    def split(self, parts: int) -> tuple["Money", ...]:
        """`parts` amounts that differ by one smallest unit at most and add up to this one exactly.

        Raises:
            ValueError: fewer than one part.
        """
        if parts < 1:
            raise ValueError("an amount is split into one part or more")
        share, rest = divmod(self.minor, parts)
        return tuple(Money.of_minor(share + (1 if n < rest else 0), self.currency) for n in range(parts))

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{other.currency} is not {self.currency}")
        return other.amount

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:f}"


def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-MINOR_UNITS[currency])
