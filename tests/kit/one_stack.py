"""One stack for several folders of tests that run in one process, each with a `stack` fixture of its own."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from devstack.stack import Stack

OFTEN = "1000000/minute"
_running: list[Stack] = []


@contextmanager
def guarded(folder: Path, connections_per_address: int = 300, sockets_per_address: int = 100) -> Generator[Stack]:
    """The running system, with the limits on sign-ins raised and those on connections and slow requests lowered.

    Who asks for it second gets the first one's.
    """
    if _running:
        yield _running[0]
        return
    lowered = {
        "FRONTDESK_REQUEST_TIMEOUT_SECONDS": "8",
        "FRONTDESK_CONNECTIONS_PER_ADDRESS": str(connections_per_address),
        "FRONTDESK_SOCKETS_PER_ADDRESS": str(sockets_per_address),
    }
    settings = {
        "identity": {
            "FRONTDESK_SIGN_IN_LIMIT": OFTEN,
            "FRONTDESK_SIGN_IN_NETWORK_LIMIT": OFTEN,
            "FRONTDESK_TOKEN_LIMIT": OFTEN,
        },
        "conversation": lowered,
        "gateway": {"FRONTDESK_COOKIE_SECURE": "false"} | lowered,
    }
    with Stack(folder, own_parts=True, durable=False, revive=False, settings=settings).running() as stack:
        _running.append(stack)
        try:
            yield stack
        finally:
            _running.remove(stack)
