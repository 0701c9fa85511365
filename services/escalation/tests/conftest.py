"""The running service, and hotels to play with; `escalation_play` holds the words of the tests."""

import sys
from pathlib import Path

import pytest

from escalation.app import service
from servicekit.testing import RunningService, StartService, TokenIssuer

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from escalation_play import ...`

from escalation_play import Hotel


@pytest.fixture(scope="session")
async def desk(service_app: StartService) -> RunningService:
    """The service, running on the real parts."""
    return await service_app(service)


@pytest.fixture
def hotel(desk: RunningService, issuer: TokenIssuer) -> Hotel:
    """A hotel of this test's own."""
    return Hotel(desk, issuer)


@pytest.fixture
def other_hotel(desk: RunningService, issuer: TokenIssuer) -> Hotel:
    """Another hotel."""
    return Hotel(desk, issuer)
