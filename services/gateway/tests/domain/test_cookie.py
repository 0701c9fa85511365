"""Which requests a page of another origin sent, by what browsers say of themselves."""

import pytest

from gateway.domain.cookie import has_foreign_origin, is_foreign

HOST = {"host": "desk.example:8443"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://desk.example:8443"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://desk.example"},  # a proxy in front changed Host
    ],
)
def test_the_gateways_own_pages_and_whatever_is_no_browser_are_not_foreign(headers: dict[str, str]) -> None:
    assert not is_foreign(HOST | headers)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "https://desk.example",
        "https://desk.example:8443.evil.example",
        "https://desk.example:8443@evil.example",
        "https://evil.desk.example:8443",
        "desk.example:8443",
        "https://[evil",
    ],
)
def test_every_other_origin_is(origin: str) -> None:
    assert is_foreign(HOST | {"origin": origin})
    assert has_foreign_origin(HOST | {"origin": origin})


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin"])
def test_what_a_browser_says_of_the_site_goes_before_the_origin(site: str) -> None:
    assert is_foreign(HOST | {"origin": "https://desk.example:8443", "sec-fetch-site": site})
