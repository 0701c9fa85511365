"""What a hotel's settings may be."""

import pytest

from identity.domain import hotels


@pytest.mark.parametrize("slug", ["lindenhof", "harbour-house", "hotel-1", "a1b", "x" * 40])
def test_a_slug_is_what_stands_well_in_an_address(slug: str) -> None:
    assert hotels.check_slug(slug) == slug


@pytest.mark.parametrize(
    "slug", ["", "ab", "Lindenhof", "harbour--house", "-x-y", "x-y-", "höf", "x" * 41, "by-slug", "api", "lindenhof\n"]
)
def test_any_other_slug_is_refused(slug: str) -> None:
    with pytest.raises(ValueError, match=r"3 to 40|reserved"):
        hotels.check_slug(slug)


@pytest.mark.parametrize(
    "origin",
    ["https://www.lindenhof.example", "https://x.example:8443", "http://localhost:3000", "http://127.0.0.1:3000"],
)
def test_the_widget_may_be_embedded_at_a_web_origin(origin: str) -> None:
    assert hotels.check_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    ["*", "lindenhof.example", "http://lindenhof.example", "https://", "https://x.example/", "https://x.example/a",
     "https://u:p@x.example", "https://x.example:port", "javascript:alert(1)", "null"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="origin like"):
        hotels.check_origin(origin)


def test_the_default_language_is_one_that_the_hotel_offers() -> None:
    assert hotels.check_languages("de", ["de", "en", "de"]) == ("de", "en")
    with pytest.raises(hotels.LanguageNotOffered) as refused:
        hotels.check_languages("fr", ["de", "en"])
    assert refused.value.pointer == "/default_language"
