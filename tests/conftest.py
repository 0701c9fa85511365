"""One stack for all tests of the whole system: own parts, conversation's api and worker apart so that they can be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import contracts.events
from devstack.stack import Stack

assert contracts.events.MessageSent.TYPE  # importing the module registers the event types


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running system with both demo hotels."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(
        folder / "state",
        own_parts=True,
        apart={"conversation"},
        durable=False,
        revive=False,
        settings={
            "gateway": {"FRONTDESK_COOKIE_SECURE": "false"},
            # The walks over all routes meet those that take a password twice, at identity and at the gateway.
            "identity": {"FRONTDESK_SIGN_IN_LIMIT": "100/minute"},
        },
    ).running() as running:
        yield running
