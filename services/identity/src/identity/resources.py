"""What identity keeps at hand while it runs: the key that signs tokens and checkpoints, the keys that seal secrets, the threads
that hash passwords, what holds up those who guess them, and what is known of the issuers that sign people in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from identity.adapters.checkpoints import CheckpointKeys
from identity.adapters.hashing import Passwords
from identity.adapters.issuers import Issuers
from identity.adapters.known_devices import KnownDevices
from identity.adapters.outbound import Outbound, networks
from identity.adapters.sign_in_limits import SignInLimits
from identity.adapters.signing import BadKey, KeyRing
from identity.adapters.svix import BadSecret, WebhookSecrets
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
    issuers: Issuers
    webhook_secrets: WebhookSecrets


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
    try:
        webhook_secrets = WebhookSecrets(settings.clerk_webhook_secrets.get_secret_value())
    except BadSecret as error:
        raise BadSettings([f"FRONTDESK_CLERK_WEBHOOK_SECRETS: {error}"]) from error
    try:
        outbound = Outbound(networks(settings.oidc_private_networks))
    except ValueError:
        raise BadSettings(["FRONTDESK_OIDC_PRIVATE_NETWORKS: networks like 10.0.0.0/8"]) from None
    holder = KeyHolder(ring, vault, settings)
    await holder.begin(rt)
    following = tasks.start(rt, [holder.follow])
    passwords = Passwords(threads=settings.password_threads, waiting=settings.password_queue)
    try:
        limits = SignInLimits(rt.limits, settings.guessing_rules)
        yield Resources(
            passwords, ring, checkpoints, vault, KnownDevices(vault), limits, Issuers(outbound), webhook_secrets
        )
    finally:
        await tasks.stop(following)
        passwords.close()
        await outbound.aclose()


def resources_of(rt: Runtime) -> Resources:
    """The resources, typed."""
    return rt.resources
