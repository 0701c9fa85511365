"""What identity keeps at hand while it runs: the key that signs tokens and checkpoints, the keys that seal secrets, the threads
that hash passwords, and what holds up those who guess them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from identity.adapters.checkpoints import CheckpointKeys
from identity.adapters.hashing import Passwords
from identity.adapters.known_devices import KnownDevices
from identity.adapters.sign_in_limits import SignInLimits
from identity.adapters.signing import BadKey, SigningKeys
from identity.settings import settings_of
from identity.settings_mail import check_mail
from servicekit import Runtime
from servicekit.settings import BadSettings, require
from servicekit.vault import BadKeyRing, Vault


@dataclass(frozen=True, slots=True)
class Resources:
    """Made once, at the start."""

    passwords: Passwords
    keys: SigningKeys
    checkpoints: CheckpointKeys
    vault: Vault
    devices: KnownDevices
    sign_in_limits: SignInLimits


@asynccontextmanager
async def resources(rt: Runtime) -> AsyncGenerator[Resources]:
    """Checked here, so that a bad key stops the service and not the first sign-in.

    Raises:
        BadSettings: there is no usable signing key, no usable key ring, or half a mail server.
    """
    settings = settings_of(rt)
    require(settings, "signing_key", "secret_keys")
    check_mail(settings)
    try:
        keys = SigningKeys(settings.signing_key.get_secret_value(), settings.verification_keys)
    except BadKey as error:
        raise BadSettings([f"FRONTDESK_SIGNING_KEY or FRONTDESK_VERIFICATION_KEYS: {error}"]) from error
    try:
        checkpoints = CheckpointKeys(keys, settings.audit_keys)
    except BadKey as error:
        raise BadSettings([f"FRONTDESK_AUDIT_KEYS: {error}"]) from error
    try:
        vault = Vault(settings.secret_keys.get_secret_value())
    except BadKeyRing as error:
        raise BadSettings([f"FRONTDESK_SECRET_KEYS: {error}"]) from error
    passwords = Passwords(threads=settings.password_threads, waiting=settings.password_queue)
    try:
        limits = SignInLimits(rt.limits, settings.guessing_rules)
        yield Resources(passwords, keys, checkpoints, vault, KnownDevices(vault), limits)
    finally:
        passwords.close()


def resources_of(rt: Runtime) -> Resources:
    """The resources, typed."""
    return rt.resources
