"""`frontdesk audit verify`: identity's own check of the audit log, with the environment that the running stack gives identity."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from devstack.errors import StackError
from devstack.parts.group import PartUrls
from devstack.running import find
from devstack.services import environment, named, program
from devstack.state import State

_IDENTITY = "identity"


def verify(folder: Path, *, hotel: str | None, checkpoints: Sequence[str]) -> int:
    """Run `identity audit-verify` to its end, its output where ours goes. Its exit code; 128 and the signal's number when
    it was killed.

    Raises:
        StackError: no stack runs there, it runs without identity, or identity is not installed.
    """
    running = find(folder)
    if _IDENTITY not in running.databases:
        raise StackError("The stack runs without identity, which keeps the audit log.", "Start it: frontdesk up")
    [identity] = named([_IDENTITY])
    settings = environment(
        identity,
        state=State(folder),
        parts=PartUrls(postgres="", kafka=running.kafka, valkey=running.valkey),
        addresses=running.addresses,
        database=running.databases[_IDENTITY],
        namespace=running.namespace,
    )
    chosen = ["--hotel", hotel] if hotel else []
    kept = [word for checkpoint in checkpoints for word in ("--checkpoint", checkpoint)]
    done = subprocess.run(
        [program(identity), "audit-verify", *chosen, *kept], stdin=subprocess.DEVNULL, env=settings, check=False
    )
    return done.returncode if done.returncode >= 0 else 128 - done.returncode
