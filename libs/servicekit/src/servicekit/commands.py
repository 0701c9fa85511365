"""The base of command models: what a request body may hold. Unknown fields and characters that no database keeps are refused."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

_SURROGATES = ("\ud800", "\udfff")

Text = Annotated[str, StringConstraints(min_length=1)]
"""A string with something in it once the white space around it is gone."""


def _no_stand_in(value: Any) -> Any:  # Any: whatever came, before it is looked at
    if isinstance(value, bool | str):
        raise PydanticCustomError("number_type", "Input should be a valid number")
    return value


AsNumber = BeforeValidator(_no_stand_in)
"""For a field that holds a number: pydantic would take `true` and "1" as well, which its JSON schema does not allow. 1.0 is an
integer there."""


def unstorable(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], str]]:
    """Where a parsed JSON value holds NUL or half a surrogate pair: PostgreSQL's text takes neither."""
    if isinstance(value, str):
        if "\x00" in value:
            return [(at, "contains a NUL character")]
        if not value.isascii() and any(_SURROGATES[0] <= character <= _SURROGATES[1] for character in value):
            return [(at, "contains half of a surrogate pair")]
        return []
    found: list[tuple[tuple[str | int, ...], str]] = []
    if isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]  # any JSON
            found += [] if not unstorable(key) else [(at, "has a field name that cannot be stored")]
            found += unstorable(item, (*at, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):  # pyright: ignore[reportUnknownVariableType]  # any JSON
            found += unstorable(item, (*at, index))
    return found


class Command(BaseModel):
    """What somebody wants done. Frozen; strings lose the white space around them; unknown fields are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False, val_json_bytes="base64"
    )

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:  # Any: whatever came, before it is looked at
        found = unstorable(value)
        if found:
            raise ValidationError.from_exception_data(
                cls.__name__,
                [
                    InitErrorDetails(
                        type=PydanticCustomError("unstorable_text", "{why}", {"why": why}), loc=at, input=None
                    )
                    for at, why in found
                ],
            )
        return value
