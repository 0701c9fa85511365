"""Language tags (BCP 47, RFC 5646) in the one spelling that is stored, sent and compared."""

from typing import Annotated

from pydantic import BeforeValidator, Field

_SCRIPT_LENGTH = 4
_REGION_LENGTH = 2


def normalise_language(tag: str) -> str:
    """`tag` in the case RFC 5646 (2.1.1) recommends: `PT_br` becomes `pt-BR`, `zh-hant-tw` becomes `zh-Hant-TW`."""
    language, *rest = tag.strip().replace("_", "-").split("-")
    parts = [language.lower()]
    for part in rest:
        if len(part) == _SCRIPT_LENGTH:
            parts.append(part.title())
        elif len(part) == _REGION_LENGTH:
            parts.append(part.upper())
        else:
            parts.append(part)
    return "-".join(parts)


def base_language(tag: str) -> str:
    """The language without script and region: `pt` for `pt-BR`."""
    return normalise_language(tag).split("-", 1)[0]


def _normalised(value: object) -> object:
    return normalise_language(value) if isinstance(value, str) else value


LanguageTag = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
        max_length=12,
        description="BCP 47: language, script, region; e.g. `de` or `pt-BR`",
    ),
    BeforeValidator(_normalised),
]
