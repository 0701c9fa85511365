"""Rounds on paper: a JSON line for each, so that a soak in several parts is one table in the end."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter

from chaos.rounds import Round

_ROUND = TypeAdapter(Round)


def write(played: Round, path: Path) -> None:
    """Append a round."""
    with path.open("ab") as file:
        file.write(_ROUND.dump_json(played) + b"\n")


def read(paths: Iterable[Path]) -> list[Round]:
    """All rounds of these files."""
    return [_ROUND.validate_json(line) for path in paths for line in path.read_bytes().splitlines()]
