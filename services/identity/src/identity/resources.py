"""What identity keeps at hand while it runs: the key that signs tokens and checkpoints, the keys that seal secrets, the threads
that hash passwords, and what holds up those who guess them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from identity.adapters.checkpoints import CheckpointKeys
from identity.adapters.hashing import Passwords
from identity.adapters.known_devices import KnownDevices
from identity.adapters.sign_in_limits import SignInLimits
from identity.adapters.signing import BadKey, KeyRing
from identity.keyholding import KeyHolder
from identity.settings import settings_of
from identity.settings_mail import check_mail
from servicekit import Runtime, tasks
from servicekit.settings import BadSettings, require
from servicekit.vault import BadKeyRing, Vault


@dataclass(frozen=True, slots=True)
class Resources:
    """Made once, at the start."""

    passwords: Passwords
    keys: KeyRing
    checkpoints: CheckpointKeys
    vault: Vault
    devices: KnownDevices
    sign_in_limits: SignInLimits


@asynccontextmanager
async def resources(rt: Runtime) -> AsyncGenerator[Resources]:
    """Checked here, so that a bad key stops the service and not the first sign-in.

    Raises:
        BadSettings: there is no usable key ring, no usable signing key, or half a mail server.
    """
    settings = settings_of(rt)
    require(settings, "secret_keys")
    check_mail(settings)
    ring = KeyRing()
    try:
        checkpoints = CheckpointKeys(ring, settings.audit_keys)
    except BadKey as error:
        raise BadSettings([f"FRONTDESK_AUDIT_KEYS: {error}"]) from error
    try:
        vault = Vault(settings.secret_keys.get_secret_value())
    except BadKeyRing as error:
        raise BadSettings([f"FRONTDESK_SECRET_KEYS: {error}"]) from error
    holder = KeyHolder(ring, vault, settings)
    await holder.begin(rt)
    following = tasks.start(rt, [holder.follow])
    passwords = Passwords(threads=settings.password_threads, waiting=settings.password_queue)
    try:
        limits = SignInLimits(rt.limits, settings.guessing_rules)
        yield Resources(passwords, ring, checkpoints, vault, KnownDevices(vault), limits)
    finally:
        await tasks.stop(following)
        passwords.close()


def resources_of(rt: Runtime) -> Resources:
    """The resources, typed."""
    return rt.resources
