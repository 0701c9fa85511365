"""What identity can be told beside the chassis's settings. Each variable also as `FRONTDESK_<NAME>_FILE`."""

import hashlib
import hmac
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from identity.domain.guessing import Rules
from identity.domain.members import HotelRole
from identity.domain.sessions import Lifetimes
from identity.settings_mail import MailSettings
from servicekit import Runtime

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class IdentitySettings(MailSettings):
    """Seconds, days and limits by name; the README lists them."""

    signing_key: SecretStr = SecretStr("")
    """PEM private key, P-256, that becomes the first signing key; without it the first one is made. Later it is not looked
    at: the keys are in the database."""
    key_rotation_days: int = Field(default=90, ge=0)
    """How long a key signs before the next one does; 0 is for ever."""
    verification_keys: str = ""
    """PEM public keys published beside those of the database: of another installation whose tokens shall hold here."""
    audit_keys: str = ""
    """PEM public keys of signing keys from before they were in the database: checkpoints of the audit log are checked with
    them, tokens are not."""
    service_clients: dict[str, Sha256Hex] = Field(default_factory=dict)
    """Client id to SHA-256 (hex) of its secret. Secrets are random, 32 bytes or more."""

    secret_keys: SecretStr = SecretStr("")
    """The key ring for secrets in the database: 32 bytes each in base64, newest first, separated by commas or white space.
    Needed by all but `migrate` and `openapi`."""
    totp_issuer: str = Field(default="AI Front Desk", pattern=r"^[^:]+$", max_length=60)
    """The name under which authenticator apps show the account."""

    superadmin_second_factor: bool = True
    """Whether the platform's own people need a second factor for platform work; who has none can only set one up."""

    oidc_callback_url: str = ""
    """Where issuers send browsers back to, `https://.../api/oidc/callback`; by default the gateway's."""
    dashboard_origins: str = ""
    """Where sign-ins may lead back to, origins separated by commas; by default the gateway's."""
    oidc_private_networks: str = ""
    """Networks in CIDR, separated by commas, in which issuers may be although they are not public."""
    clerk_webhook_secrets: SecretStr = SecretStr("")
    """`whsec_...`, separated by commas or white space, several while one replaces another; empty: no webhook is accepted."""
    clerk_roles: dict[str, HotelRole] = Field(
        default_factory=lambda: {"org:admin": HotelRole.ADMIN, "org:member": HotelRole.STAFF}
    )
    """Clerk's role to ours; what is not named is a viewer."""

    access_token_seconds: int = Field(default=600, ge=30, le=840)
    """At most 14 minutes: deny lists forget after 15."""
    refresh_idle_days: int = Field(default=14, ge=1)
    session_days: int = Field(default=60, ge=1)
    refresh_overlap_seconds: int = Field(default=10, ge=0, le=60)
    """How long a refresh token that was used may be used again, as long as nobody went on with what it brought."""
    session_retention_days: int = Field(default=30, ge=1)
    """How long sessions are kept after they ended."""
    audit_retention_days: int = Field(default=0, ge=0)
    """How long audit entries are kept; 0 is for ever."""
    audit_verify_hours: int = Field(default=24, ge=1, le=8760)
    """How often the worker checks the whole audit log."""
    hotel_grace_days: int = Field(default=30, ge=1)
    """How long a deleted hotel can be restored, before every service forgets it."""
    password_threads: int = Field(default=2, ge=1)
    """Sign-ins checked at the same moment; each takes 19 MiB and about 25 ms of a core."""
    password_queue: int = Field(default=64, ge=1)
    """Sign-ins that may wait for a thread; whoever comes then gets 503 and a Retry-After."""
    sign_in_limit: str = "10/minute"
    """Tries to sign in to one account from one place: a device that did before, or a network."""
    sign_in_slow_limit: str = "3/minute"
    """The same for devices that are not known, while many guess at the account."""
    sign_in_account_limit: str = "100/hour"
    """Wrong tries at one account from devices that are not known, from which on many guess at it."""
    sign_in_network_limit: str = "100/10 minutes"
    """Wrong tries from one network, over all accounts, from which on it is heard on known devices alone."""
    token_limit: str = "300/minute"  # noqa: S105 - a rate, not a token
    """Sign-ins of unknown devices per client address; refreshes and sign-outs as often again."""
    guest_export_days: int = Field(default=7, ge=1, le=90)
    """How long a guest's export can be downloaded before it is deleted."""
    demo: bool = False
    """Allows `identity seed-demo`, whose passwords everybody knows."""
    conversation_url: str = ""
    gateway_url: str = ""
    """Where the demo pages are served: `seed-demo` lets the demo hotels' widget run there. Conversation is also asked
    there for what it keeps of a guest who wants their data."""
    escalation_url: str = ""
    """Where escalation is asked for the same."""
    demo_origins: str = ""
    """More sites on which it lets it run, origins separated by commas."""

    def service_url(self, service: str) -> str:
        """Where a service that keeps something of guests is asked for it."""
        return {"conversation": self.conversation_url, "escalation": self.escalation_url}[service]

    @property
    def lifetimes(self) -> Lifetimes:
        """How long sessions last."""
        return Lifetimes(
            timedelta(days=self.refresh_idle_days),
            timedelta(days=self.session_days),
            timedelta(seconds=self.refresh_overlap_seconds),
        )

    @property
    def guessing_rules(self) -> Rules:
        """What holds up those who guess passwords."""
        return Rules(
            tries=self.sign_in_limit,
            slow_tries=self.sign_in_slow_limit,
            account_failures=self.sign_in_account_limit,
            network_failures=self.sign_in_network_limit,
        )

    @property
    def demo_sites(self) -> list[str]:
        """The origins on which the demo hotels' widget runs, the loopback address as people may write it, too."""
        served = [url.rstrip("/") for url in (self.conversation_url, self.gateway_url) if url]
        named = [origin.strip() for origin in self.demo_origins.split(",") if origin.strip()]
        both = [origin for url in served for origin in (url, url.replace("//127.0.0.1:", "//localhost:"))]
        return list(dict.fromkeys([*both, *named]))

    @property
    def callback_url(self) -> str:
        """Where issuers send browsers back to; empty: nobody signs in by OpenID Connect."""
        return self.oidc_callback_url or (self.gateway_url and self.gateway_url.rstrip("/") + "/api/oidc/callback")

    @property
    def return_origins(self) -> list[str]:
        """Where a sign-in may lead back to; paths are of the first."""
        named = [origin.strip().rstrip("/") for origin in self.dashboard_origins.split(",") if origin.strip()]
        return named or ([self.gateway_url.rstrip("/")] if self.gateway_url else [])

    def is_client(self, client_id: str, secret: str) -> bool:
        """Whether the secret is the client's; takes as long for a client that does not exist."""
        given = hashlib.sha256(secret.encode()).hexdigest()
        return hmac.compare_digest(given, self.service_clients.get(client_id, "0" * 64))


def settings_of(rt: Runtime) -> IdentitySettings:
    """The settings, typed."""
    return rt.settings
