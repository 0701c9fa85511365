"""Language tags have one spelling."""

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.language import LanguageTag, base_language

tags: TypeAdapter[str] = TypeAdapter(LanguageTag)


@pytest.mark.parametrize(
    ("written", "kept", "base"),
    [
        ("de", "de", "de"),
        ("DE", "de", "de"),
        ("PT_br", "pt-BR", "pt"),
        ("zh-hant-tw", "zh-Hant-TW", "zh"),
        ("es-419", "es-419", "es"),
        (" gsw-CH ", "gsw-CH", "gsw"),
    ],
)
def test_a_tag_is_kept_in_the_recommended_case(written: str, kept: str, base: str) -> None:
    assert tags.validate_python(written) == kept
    assert base_language(written) == base


@pytest.mark.parametrize("written", ["", "d", "german", "de-", "de-AT-x-foo-bar", "de AT", "12", "de-A1"])
def test_what_is_no_language_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        tags.validate_python(written)
