"""Password hashes: argon2id, worked out in threads of their own so that no request waits for another's sign-in."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from identity.domain.passwords import MAX_LENGTH, normalise

T = TypeVar("T")
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 iterations, 1 degree of parallelism. About 25 ms of a core."""


class Passwords:
    """Hashes and verifies. `threads` bounds both the cores and the memory (19 MiB each) that sign-ins may take."""

    def __init__(self, *, threads: int = 2) -> None:
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES, hash_len=32, salt_len=16, type=Type.ID)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The PHC string to store."""
        return await self._run(lambda: self._hasher.hash(normalise(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the hash's. Without a hash (no such account) it takes as long, and says no."""
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
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
