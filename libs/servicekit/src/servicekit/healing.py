"""Which errors may heal by themselves, and how an error is told without personal data."""

import traceback
from pathlib import PurePath

import asyncpg
import httpx
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import TimeoutError as ValkeyTimeoutError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts.envelope import BadEnvelope
from contracts.errors import DomainError
from servicekit.logging import mask

MAX_MESSAGE = 500

HEALING_SQLSTATES = (
    "08",  # connection
    "28",  # credentials: being rotated, and never the message's fault
    "3D",  # the database is not there
    "40",  # deadlock, serialisation, rollback
    "53",  # too many connections, disk full, out of memory
    "57",  # cancelled, shutting down, crashed, starting
    "58",  # the system under PostgreSQL
    "25006",  # read-only: a fail-over is under way
    "55P03",  # lock not available
)
_OUR_OWN_FILES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)


class NotYet(Exception):
    """What this event builds on has not arrived yet, from another topic: try again until it has.

    It holds up the partition: only for what is sure to come.
    """


def may_heal(error: BaseException) -> bool:
    """Whether trying again later may succeed with nobody changing anything."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        return error.orig is not None and may_heal(_driver_error(error))
    if isinstance(error, asyncpg.PostgresError):
        return str(getattr(error, "sqlstate", "")).startswith(HEALING_SQLSTATES)
    if isinstance(error, OSError):
        return not isinstance(error, _OUR_OWN_FILES)
    if isinstance(error, KafkaError):
        return True
    return isinstance(
        error,
        NotYet
        | TimeoutError
        | PoolTimeout
        | asyncpg.InterfaceError
        | httpx.TransportError
        | ValkeyConnectionError
        | ValkeyTimeoutError,
    )


def _driver_error(error: DBAPIError) -> BaseException:
    """asyncpg's own error under SQLAlchemy's translation of it."""
    adapted = error.orig
    assert adapted is not None
    return adapted.__cause__ or adapted


def describe(error: BaseException) -> str:
    """The error in words that hold no personal data: never the values that were refused."""
    if isinstance(error, DomainError):
        words = f"{error.slug}: {error.detail}"
    elif isinstance(error, BadEnvelope):
        words = str(error)
    elif isinstance(error, ValidationError):
        words = "; ".join(f"/{'/'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors(include_input=False))
    elif isinstance(error, DBAPIError):
        driver = _driver_error(error)
        constraint = getattr(driver, "constraint_name", None)
        words = f"{type(driver).__name__} {getattr(driver, 'sqlstate', '')} {constraint or ''}".strip()
    else:
        words = _place(error)
    return mask(words)[:MAX_MESSAGE]


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__} at {PurePath(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}"
