"""What identity is told about its mails: the server that takes them, and the pages that their links lead to."""

from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from contracts.values import Email
from servicekit import ServiceSettings
from servicekit.settings import BadSettings


class MailSettings(ServiceSettings):
    """By name; the README lists them."""

    smtp_host: str = ""
    """The server that takes our mails; without it they wait."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """`tls` is TLS from the first byte (port 465). A server without STARTTLS gets nothing under `starttls`."""
    smtp_ca: str = ""
    """Certificates to trust, PEM; by default the system's."""
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: Email | Literal[""] = ""
    """The address that our mails come from."""
    smtp_from_name: str = Field(default="AI Front Desk", max_length=80)
    smtp_timeout_seconds: float = Field(default=20, gt=0)
    """How long the server may be silent."""
    smtp_retry_seconds: float = Field(default=10, gt=0)
    """The pause after a first try that failed; each following one is twice as long, up to 15 minutes."""
    dashboard_url: str = ""
    """Where the dashboard is, `https://...`: links in mails lead there, and never to what a request names."""

    invitation_days: int = Field(default=7, ge=1, le=90)
    password_reset_minutes: int = Field(default=30, ge=5, le=24 * 60)
    link_limit: str = "60/minute"
    """Requests without a token (links of mails opened, resets asked for) per client address."""
    mail_limit: str = "5/hour"
    """Mails of one kind that can be caused to one address."""

    @property
    def invitation_lasts(self) -> timedelta:
        """How long an invitation can be accepted."""
        return timedelta(days=self.invitation_days)

    @property
    def reset_lasts(self) -> timedelta:
        """How long a password can be chosen anew."""
        return timedelta(minutes=self.password_reset_minutes)


def check_mail(settings: MailSettings) -> None:
    """Refuse a server that could not be used as it is meant.

    Raises:
        BadSettings: says what is missing or contradicts itself.
    """
    wrong: list[str] = []
    if settings.smtp_host:
        names = ("smtp_from", "dashboard_url")
        wrong += [
            f"FRONTDESK_{name.upper()} is missing beside FRONTDESK_SMTP_HOST"
            for name in names
            if not getattr(settings, name)
        ]
        if settings.smtp_username and settings.smtp_tls == "none":
            wrong.append("FRONTDESK_SMTP_PASSWORD would be sent in clear: choose FRONTDESK_SMTP_TLS starttls or tls")
    parts = urlsplit(settings.dashboard_url)
    if settings.dashboard_url and (
        parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment
    ):
        wrong.append("FRONTDESK_DASHBOARD_URL is not an http or https address of a page")
    if wrong:
        raise BadSettings(wrong)
