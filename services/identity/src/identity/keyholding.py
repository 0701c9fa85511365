"""How a process comes by the keys that sign, and keeps up with them: at its start, when it is told, and every few seconds."""

from contracts.errors import DomainError
from identity.adapters.signing import BadKey, KeyRing
from identity.commands.signing_keys import HINT, ensure_keys
from identity.queries.signing_keys import keys_in_use
from identity.settings import IdentitySettings
from servicekit import Runtime
from servicekit.failures import refusal_of
from servicekit.logging import log
from servicekit.settings import BadSettings
from servicekit.vault import CannotOpen, Vault

LOOK_SECONDS = 5.0
"""How long a change may go unnoticed when no hint comes."""


class KeyHolder:
    """Keeps `ring` what the database says."""

    def __init__(self, ring: KeyRing, vault: Vault, settings: IdentitySettings) -> None:
        self._ring = ring
        self._vault = vault
        self._settings = settings

    async def begin(self, rt: Runtime) -> None:
        """Take up the keys; where there are none, make them. While the database is away the process starts without, and
        gives no tokens until it is back.

        Raises:
            BadSettings: the keys cannot be opened, or the settings name none.
        """
        try:
            await self.look(rt)
        except CannotOpen as error:
            raise BadSettings([f"FRONTDESK_SECRET_KEYS: the signing key: {error}"]) from error
        except BadKey as error:
            raise BadSettings([f"FRONTDESK_SIGNING_KEY or FRONTDESK_VERIFICATION_KEYS: {error}"]) from error
        except Exception as error:
            _log_away(error)

    async def follow(self, rt: Runtime) -> None:
        """Look again whenever there may be something new, until cancelled."""
        news = rt.hints.subscribe(HINT)
        try:
            while True:
                await news.wait(LOOK_SECONDS)
                try:
                    await self.look(rt)
                except (CannotOpen, BadKey) as error:
                    log.error("signing_keys.unusable", error=str(error))
                except Exception as error:
                    _log_away(error)
        finally:
            news.close()

    async def look(self, rt: Runtime) -> None:
        """Use what the database has now.

        Raises:
            CannotOpen, BadKey: it cannot be used; what was used so far stays.
        """
        also = self._settings.verification_keys
        async with rt.db.transaction(None, platform=True, read_only=True) as tx:
            keys = await keys_in_use(self._vault, also, tx)
        if keys is None:
            async with rt.db.transaction(None, platform=True) as tx:
                await ensure_keys(self._settings.signing_key.get_secret_value(), self._vault, tx)
                keys = await keys_in_use(self._vault, also, tx)
        if keys is not None:
            self._ring.use(keys)


def _log_away(error: Exception) -> None:
    refusal: DomainError | None = refusal_of(error)
    if refusal is None:
        raise error
    log.warning("signing_keys.not_read", error=type(error).__name__)
