"""What a running stack tells the other commands: where everything is. Kept in the state folder, mode 0600."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from devstack.errors import StackError
from devstack.state import State, private


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that is ready."""

    addresses: dict[str, str]
    """Base URL by service."""
    databases: dict[str, dict[str, str]]
    """Database URLs by service and role (`owner`, `app`, `worker`)."""
    kafka: str
    valkey: str
    namespace: str

    def write(self, state: State) -> None:
        """Tell the other commands."""
        half = _path(state).with_suffix(".half")
        with private(half) as out:
            json.dump(asdict(self), out)
        half.replace(_path(state))

    @staticmethod
    def forget(state: State) -> None:
        """It no longer runs."""
        _path(state).unlink(missing_ok=True)


def find(folder: Path) -> Running:
    """The stack that runs on this state folder.

    Raises:
        StackError: none runs there.
    """
    state = State(folder)
    if state.supervisor() is not None:
        try:
            return Running(**json.loads(_path(state).read_text()))
        except FileNotFoundError:
            raise StackError("The stack is still starting.", "Try again in some seconds: `frontdesk status`.") from None
        except (OSError, ValueError, TypeError) as problem:
            raise StackError(
                f"{_path(state)} can't be read ({problem}).", "Restart the stack: frontdesk down"
            ) from problem
    raise StackError(f"No stack runs on {state.folder}.", "Start it with `frontdesk up`, or name its --state-dir.")


def _path(state: State) -> Path:
    return state.folder / "running.json"
