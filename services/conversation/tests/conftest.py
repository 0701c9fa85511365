"""The running service with an engine that tests direct; `conversation_play` holds the words of the tests."""

import sys
from pathlib import Path

import pytest

from servicekit.testing import RunningService, StartService, TokenIssuer

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from conversation_play import ...`

from conversation_play import Guest, Hotel
from service_play import GUEST_TOKEN_KEY, ScriptedEngine, service_with


@pytest.fixture(scope="session")
def engine() -> ScriptedEngine:
    """What answers."""
    return ScriptedEngine()


@pytest.fixture(scope="session")
def built_widget(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which the service serves the widget."""
    return tmp_path_factory.mktemp("built")


@pytest.fixture(scope="session")
async def desk(service_app: StartService, engine: ScriptedEngine, built_widget: Path) -> RunningService:
    """The service, running on the real parts."""
    return await service_app(
        service_with(engine),
        guest_token_key=GUEST_TOKEN_KEY,
        widget_dir=built_widget,
        demo_pages=True,
        gateway_url="http://gateway.example:8080/",
    )


@pytest.fixture
async def hotel(desk: RunningService, issuer: TokenIssuer) -> Hotel:
    """A hotel of this test's own."""
    return await Hotel(desk, issuer).open_at_once()


@pytest.fixture
async def other_hotel(desk: RunningService, issuer: TokenIssuer) -> Hotel:
    """Another hotel."""
    return await Hotel(desk, issuer).open_at_once()


@pytest.fixture
async def guest(hotel: Hotel) -> Guest:
    """A guest in a conversation with the hotel."""
    return await hotel.guest()
