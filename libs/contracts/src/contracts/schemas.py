"""Writes the JSON Schemas of all events and the AsyncAPI document: `python -m contracts.schemas write|check`.

They are committed, so that a change of what travels is seen in review, and readers in other languages have them.
"""

import sys
from pathlib import Path

from contracts import generated
from contracts.asyncapi import asyncapi
from contracts.shapes import event_schemas

FOLDER = generated.PACKAGE / "schemas"
ASYNCAPI = generated.PACKAGE / "asyncapi.json"


def files() -> dict[Path, str]:
    """Every generated file and what belongs in it."""
    schemas = {FOLDER / f"{name}.json": generated.as_json(schema) for name, schema in event_schemas().items()}
    return {**schemas, ASYNCAPI: generated.as_json(asyncapi())}


def strays() -> list[Path]:
    """Schemas of events that no longer exist."""
    return sorted(set(FOLDER.glob("*.json")) - set(files()))


if __name__ == "__main__":
    sys.exit(generated.main("contracts.schemas", files, strays))
