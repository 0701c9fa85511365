"""The sample service, running, for the tests of the edge."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from contracts.ids import HotelId
from servicekit import new_id
from servicekit.testing import RunningService, StartService, TokenIssuer

DESK = Path(__file__).parent / "sample" / "desk.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("desk", DESK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["desk"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def desk_module() -> ModuleType:
    return _load()


@pytest.fixture(scope="session")
async def desk(desk_module: ModuleType, service_app: StartService) -> RunningService:
    return await service_app(desk_module.service, role="api", request_timeout_seconds=1.5, body_limit_bytes=20_000)


@pytest.fixture
def hotel() -> HotelId:
    return HotelId(new_id())


@pytest.fixture
def staff(issuer: TokenIssuer, hotel: HotelId) -> str:
    return issuer.token(hotel_id=hotel)
