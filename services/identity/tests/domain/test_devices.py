"""Where a session is used: told by what browsers really send."""

import pytest

from identity.domain.devices import Place, network_of, place_of

MOZILLA = "Mozilla/5.0 "
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        ("(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Windows"),
        (f"(Windows NT 10.0; Win64; x64) {WEBKIT}Chrome/140.0.0.0 Safari/537.36", "Chrome", "Windows"),
        (f"(Windows NT 10.0; Win64; x64) {WEBKIT}Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge", "Windows"),
        (f"(X11; Linux x86_64) {WEBKIT}Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0", "Opera", "Linux"),
        (f"(X11; CrOS x86_64 14541.0.0) {WEBKIT}Chrome/140.0.0.0 Safari/537.36", "Chrome", "ChromeOS"),
        (f"(Linux; Android 10; K) {WEBKIT}Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome", "Android"),
        (
            f"(Linux; Android 10; K) {WEBKIT}SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet",
            "Android",
        ),
        (
            "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Safari",
            "macOS",
        ),
        (
            "(iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0 Mobile/15E148"
            " Safari/604.1",
            "Chrome",
            "iOS",
        ),
    ],
)
def test_browser_and_system_are_told_from_the_user_agent(user_agent: str, browser: str, system: str) -> None:
    assert place_of(MOZILLA + user_agent, None) == Place(browser, system, None)


def test_a_place_has_the_network_too() -> None:
    assert place_of("Firefox/140.0", "203.0.113.77") == Place("Firefox", None, "203.0.113.0/24")


@pytest.mark.parametrize("said", [None, "", "curl/8.5.0", "<script>alert(1)</script>", "x" * 100_000])
def test_what_is_not_known_is_not_shown(said: str | None) -> None:
    assert place_of(said, "not an address") == Place(None, None, None)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:17:42::7", "2001:db8:17::/48"),
        ("::1", "::/48"),
        ("unix:", None),
        (None, None),
    ],
)
def test_of_an_address_the_network_is_kept(address: str | None, network: str | None) -> None:
    assert network_of(address) == network
