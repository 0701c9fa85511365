"""What identity can be told beside the chassis's settings. Each variable also as `FRONTDESK_<NAME>_FILE`."""

import hashlib
import hmac
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from identity.domain.sessions import Lifetimes
from servicekit import Runtime, ServiceSettings

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class IdentitySettings(ServiceSettings):
    """Seconds, days and limits by name; the README lists them."""

    signing_key: SecretStr = SecretStr("")
    """PEM private key, P-256; signs every access token. Needed by all but `migrate` and `openapi`."""
    verification_keys: str = ""
    """PEM public keys published beside it: the next one before it signs, the former one until its tokens are gone."""
    audit_keys: str = ""
    """PEM public keys of every former signing key: checkpoints of the audit log are checked with them, tokens are not."""
    service_clients: dict[str, Sha256Hex] = Field(default_factory=dict)
    """Client id to SHA-256 (hex) of its secret. Secrets are random, 32 bytes or more."""

    secret_keys: SecretStr = SecretStr("")
    """The key ring for secrets in the database: 32 bytes each in base64, newest first, separated by commas or white space.
    Needed by all but `migrate` and `openapi`."""
    totp_issuer: str = Field(default="AI Front Desk", pattern=r"^[^:]+$", max_length=60)
    """The name under which authenticator apps show the account."""

    access_token_seconds: int = Field(default=600, ge=30, le=840)
    """At most 14 minutes: deny lists forget after 15."""
    refresh_idle_days: int = Field(default=14, ge=1)
    session_days: int = Field(default=60, ge=1)
    session_retention_days: int = Field(default=30, ge=1)
    """How long sessions are kept after they ended."""
    audit_retention_days: int = Field(default=0, ge=0)
    """How long audit entries are kept; 0 is for ever."""
    password_threads: int = Field(default=2, ge=1)
    """Sign-ins checked at the same moment; each takes 19 MiB and about 25 ms of a core."""
    sign_in_limit: str = "10/minute"
    """Sign-in attempts per e-mail address."""
    token_limit: str = "300/minute"  # noqa: S105 - a rate, not a token
    """Sign-ins, refreshes and sign-outs per client address."""
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
        return Lifetimes(timedelta(days=self.refresh_idle_days), timedelta(days=self.session_days))

    @property
    def demo_sites(self) -> list[str]:
        """The origins on which the demo hotels' widget runs, the loopback address as people may write it, too."""
        served = [url.rstrip("/") for url in (self.conversation_url, self.gateway_url) if url]
        named = [origin.strip() for origin in self.demo_origins.split(",") if origin.strip()]
        both = [origin for url in served for origin in (url, url.replace("//127.0.0.1:", "//localhost:"))]
        return list(dict.fromkeys([*both, *named]))

    def is_client(self, client_id: str, secret: str) -> bool:
        """Whether the secret is the client's; takes as long for a client that does not exist."""
        given = hashlib.sha256(secret.encode()).hexdigest()
        return hmac.compare_digest(given, self.service_clients.get(client_id, "0" * 64))


def settings_of(rt: Runtime) -> IdentitySettings:
    """The settings, typed."""
    return rt.settings
