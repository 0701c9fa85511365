"""Which refusal an exception becomes: what is away is a 503, what the database cannot store a 422, the rest a 500."""

import asyncpg
import httpx
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import TimeoutError as ValkeyTimeoutError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contracts.errors import DomainError, Invalid
from servicekit.problems import Unavailable

_AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
)
_RETRY = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
)
_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


def refusal_of(error: BaseException) -> DomainError | None:
    """The domain error that says what happened; None where only a 500 is honest."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, PoolTimeout):
        return Unavailable("the database is busy", retry_after_seconds=1)
    if isinstance(error, ConnectionError | ValkeyConnectionError | ValkeyTimeoutError | httpx.TransportError):
        return Unavailable("a part this needs cannot be reached")
    cause = driver_error(error)
    if isinstance(cause, _TEXT):
        return Invalid("a text holds characters that cannot be stored")
    if isinstance(cause, _RETRY):
        return Unavailable("the database was busy with the same rows; try again", retry_after_seconds=1)
    if isinstance(cause, (*_AWAY, OSError)):
        return Unavailable("the database cannot be reached")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable("the database cannot be reached")
    return None


def driver_error(error: BaseException) -> BaseException | None:
    """asyncpg's own exception under SQLAlchemy's, or the exception itself where it is asyncpg's."""
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return error
    if isinstance(error, DBAPIError | InterfaceError | OperationalError):
        inner: BaseException | None = error.orig
        while inner is not None:
            if isinstance(inner, asyncpg.PostgresError | asyncpg.InterfaceError | OSError):
                return inner
            inner = inner.__cause__
    return None
