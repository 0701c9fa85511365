"""Password hashes: argon2id, worked out in threads of their own so that no request waits for another's sign-in, and no more
of them than can be done soon."""

import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from identity.domain.passwords import MAX_LENGTH, normalise
from servicekit.logging import log
from servicekit.problems import Unavailable

T = TypeVar("T")
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 iterations, 1 degree of parallelism. About 25 ms of a core."""
NICER = 10
"""How much nicer than the event loop's the hashing threads are: a tenth of its share where both want one core. Sign-ins go
on on a busy machine, which they hardly would under SCHED_IDLE."""


class Passwords:
    """Hashes and verifies.

    Args:
        threads: bounds both the cores and the memory (19 MiB each) that sign-ins may take.
        waiting: so many may wait for a thread; whoever comes then is told to come back.
    """

    def __init__(self, *, threads: int = 2, waiting: int = 64) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES, hash_len=32, salt_len=16, type=Type.ID)
        self._most = threads + waiting
        self._in_hand = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_give_way)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The PHC string to store.

        Raises:
            Unavailable: too many wait already.
        """
        return await self._run(lambda: self._hasher.hash(normalise(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the hash's. Without a hash (no such account) it takes as long, and says no.

        Raises:
            Unavailable: too many wait already.
        """
        known = password_hash is not None
        matches = await self._run(lambda: self._matches(password_hash or self._nobodys, password))
        return known and matches

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, normalise(password[: MAX_LENGTH * 4]))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._in_hand >= self._most:
            raise Unavailable("too many passwords are being checked", retry_after_seconds=1)
        self._in_hand += 1
        work_in_hand = asyncio.get_running_loop().run_in_executor(self._threads, work)
        work_in_hand.add_done_callback(self._done)  # a request that gives up leaves its work to be done
        return await asyncio.shield(work_in_hand)

    def _done(self, _: asyncio.Future[T]) -> None:
        self._in_hand -= 1


def _give_way() -> None:
    """Let whatever else wants the core go before this thread: a hash keeps one busy for longer than most requests take."""
    if sys.platform != "linux":
        return  # there it would be the niceness of the whole process
    thread = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICER)
    except OSError as error:  # a sandbox may forbid it; passwords are checked all the same
        log.warning("passwords.no_priority", error=error.strerror)
