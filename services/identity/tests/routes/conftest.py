"""An OpenID provider for the tests that ask for one."""

from collections.abc import Generator

import pytest
from identity_play import Desk
from oidc_play import Browser, Issuer, running_issuer


@pytest.fixture(scope="session")
def running_provider() -> Generator[Issuer]:
    """One for all tests."""
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def provider(running_provider: Issuer) -> Issuer:
    """It, doing right."""
    running_provider.reset()
    return running_provider


@pytest.fixture
def browser(desk: Desk, provider: Issuer) -> Browser:
    """A browser that signs in there."""
    return Browser.new(desk, provider)
