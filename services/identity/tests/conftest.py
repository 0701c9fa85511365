"""Identity running on the real parts, with a superadmin; `identity_play` holds the words of the tests."""

import socket
import sys
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import SecretStr

from identity.adapters import hashing
from identity.app import service
from identity.commands.accounts import NewAccount, create_account
from identity.resources import resources_of
from servicekit.testing import RunningService, StartService
from servicekit.testing.seen import keeping

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from identity_play import ...`

from identity_play import CLIENT_SECRET, PASSWORD, SECRET_KEY, WEBHOOK_SECRETS, Clock, Desk, Hotel, new_key
from identity_play import DASHBOARD as DASHBOARD_ORIGIN
from mail_play import DASHBOARD, Postbox


@pytest.fixture(scope="session", autouse=True)
def keeps_its_catalogue(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the routes do in these tests is what catalogue.toml says."""
    yield from keeping(Path(__file__).parent.parent, request.session)


@pytest.fixture(scope="session")
async def postbox() -> AsyncGenerator[Postbox]:
    """The mail server that takes identity's mails."""
    postbox = Postbox()
    await postbox.open()
    yield postbox
    await postbox.close()


@pytest.fixture(scope="session")
async def identity(service_app: StartService, postbox: Postbox) -> RunningService:
    """The service, which verifies its own tokens by its own public keys. Its password hashes are cheap: hundreds of
    accounts are made here; adapters/test_hashing.py has the real ones."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "MEMORY_KIB", 64)
        return await service_app(
            service,
            port=port,
            identity_url=f"http://127.0.0.1:{port}",
            signing_key=new_key(),
            secret_keys=SECRET_KEY,
            service_clients=dict.fromkeys(("gateway", "identity"), sha256(CLIENT_SECRET.encode()).hexdigest()),
            service_client_id="identity",
            service_client_secret=SecretStr(CLIENT_SECRET),
            token_limit="100000/minute",
            sign_in_network_limit="100000/minute",
            link_limit="100000/minute",
            smtp_host="127.0.0.1",
            smtp_port=postbox.port,
            smtp_tls="none",
            smtp_from="desk@frontdesk.example",
            smtp_retry_seconds=0.05,
            smtp_timeout_seconds=5,
            dashboard_url=DASHBOARD,
            demo=True,
            superadmin_second_factor=False,  # routes/test_superadmin_second_factor.py switches it on
            oidc_callback_url=f"http://127.0.0.1:{port}/oidc/callback",
            dashboard_origins=DASHBOARD_ORIGIN,
            oidc_private_networks="127.0.0.0/8",
            clerk_webhook_secrets=WEBHOOK_SECRETS,
        )


@pytest.fixture(scope="session")
async def desk(identity: RunningService) -> Desk:
    """The service with a superadmin, signed in."""
    rt = identity.runtime
    account = NewAccount(email="root@platform.example", name="Robin Root", password=SecretStr(PASSWORD))
    async with rt.db.transaction(None, platform=True) as tx:
        await create_account(account, tx, resources_of(rt).passwords, superadmin=True)
    desk = Desk(identity, identity.client(), identity.client())
    desk.root = (await desk.person("root@platform.example")).api
    return desk


@pytest.fixture
def clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the service's transactions, which stands still; five minutes back, so that what it stamps later holds
    at once. Ask for it before the people whose sessions it shall stamp."""
    clock = Clock(datetime.now(UTC) - timedelta(minutes=5))
    monkeypatch.setattr(desk.app.runtime.db, "clock", clock)
    return clock


@pytest.fixture(scope="session")
async def standing_hotel(desk: Desk) -> Hotel:
    """A hotel that tests share; they leave its settings and its admin as they are."""
    return await desk.hotel()


@pytest.fixture
async def hotel(desk: Desk) -> Hotel:
    """A hotel of this test's own."""
    return await desk.hotel()


@pytest.fixture
async def other_hotel(desk: Desk) -> Hotel:
    """Another hotel."""
    return await desk.hotel()
