"""The stack that is measured: one that runs already, or one started for the run; its addresses, hotels and processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from contracts.ids import HotelId
from conversation.adapters.demo_content import DEMO_HOTELS
from devstack import running
from devstack.running import Running
from devstack.stack import Stack
from devstack.state import State

HOTEL = "lindenhof"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    # One machine plays ten thousand guests; each at home has an address of their own.
    "identity": dict.fromkeys(
        ("FRONTDESK_SIGN_IN_LIMIT", "FRONTDESK_SIGN_IN_NETWORK_LIMIT", "FRONTDESK_TOKEN_LIMIT"), "1000000/minute"
    ),
    "conversation": {"FRONTDESK_SOCKETS_PER_ADDRESS": "100000", "FRONTDESK_CONNECTIONS_PER_ADDRESS": "100000"},
}


@dataclass(frozen=True, slots=True)
class Bench:
    """What the measurements need to know of the stack."""

    state: State
    stack: Running
    own: Stack | None
    """The stack, when it was started here."""
    hotel_id: HotelId = DEMO_HOTELS[HOTEL]
    """Whose guests are played."""

    @property
    def conversation(self) -> str:
        """Base URL of the conversation service, asked directly."""
        return self.stack.addresses["conversation"]

    def database(self, service: str = "conversation", role: str = "app") -> str:
        """A database URL of a service."""
        return self.stack.databases[service][role]

    @property
    def guest_key(self) -> str:
        """What the conversation service signs its guests' tokens with."""
        return self.state.secret_text("guest-token-key")

    def processes(self) -> dict[str, psutil.Process]:
        """Every process of the stack by name, as the operating system knows it now."""
        found: dict[str, psutil.Process] = {}
        for record in self.state.records():
            process = record.process()
            if process is not None and record.name != "supervisor":
                found[record.name] = process
        return found

    def apart(self, service: str) -> bool:
        """Whether the service runs as two processes."""
        return f"{service}-worker" in self.processes()


@contextmanager
def bench(state_dir: Path, *, apart: Collection[str] = ()) -> Generator[Bench]:
    """The stack on `state_dir` if one runs there, else one of our own, as `make up` would start it, gone afterwards.

    Raises:
        StackError: what runs there cannot be used, or none could be started.
    """
    if (state_dir / "running.json").exists():
        yield Bench(State(state_dir), running.find(state_dir), None)
        return
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-", dir=os.environ.get("TMPDIR", "/tmp")) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's account has to get through
        settings = {name: dict(values) for name, values in SETTINGS.items()}
        stack = Stack(Path(folder) / "state", own_parts=True, apart=apart, settings=settings, say=_step)
        with stack.running():
            state = Path(folder) / "state"
            yield Bench(State(state), running.find(state), stack)


def _step(line: str) -> None:
    print(f"  {line}", flush=True)
