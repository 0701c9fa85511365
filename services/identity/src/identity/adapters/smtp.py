"""The mail server: one message, one connection (RFC 5321), by aiosmtplib.

Nothing of what the server says is kept but its reply code: its words repeat the address.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Literal
from uuid import UUID

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from identity.domain.letters import Letter, one_line
from identity.domain.mail import Tried, Try, judged
from identity.settings_mail import MailSettings


@dataclass(frozen=True, slots=True)
class MailServer:
    """Takes our mails."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    username: str
    password: str
    sender: str
    sender_name: str
    timeout_seconds: float
    ca: str

    async def send(self, id: UUID, letter: Letter, to: str, name: str, at: datetime) -> Try:
        """Hand the letter over to be delivered; what `id` names is the same mail each time."""
        message = self.message(id, letter, to, name, at)
        options = [] if to.isascii() else ["SMTPUTF8"]
        try:
            async with self._connection() as server:
                await server.sendmail(self.sender, [to], message.as_bytes(policy=_wire(to)), mail_options=options)
        except SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            return Try(judged(code, of_the_mail=True), f"recipient {code}")
        except SMTPDataError as error:
            return Try(judged(error.code, of_the_mail=True), f"data {error.code}")
        except SMTPNotSupported:
            # The server has no STARTTLS, or knows no addresses like this one.
            return Try(Tried.FAILED if to.isascii() else Tried.REFUSED, "not supported")
        except SMTPResponseException as error:
            return Try(judged(error.code, of_the_mail=False), f"{type(error).__name__} {error.code}")
        except (SMTPException, OSError, TimeoutError) as error:
            return Try(Tried.FAILED, type(error).__name__)
        return Try(Tried.TAKEN)

    def message(self, id: UUID, letter: Letter, to: str, name: str, at: datetime) -> EmailMessage:
        """The letter as a message, with text for those who want no HTML."""
        domain = self.sender.rpartition("@")[2]
        message = EmailMessage(policy=_wire(to))
        message["From"] = Address(one_line(self.sender_name), addr_spec=self.sender)
        local, _, there = to.rpartition("@")
        message["To"] = Address(one_line(name), local, there)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message

    def _connection(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username or None,
            password=self.password or None,
            local_hostname=self.sender.rpartition("@")[2],
            timeout=self.timeout_seconds,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            tls_context=None if self.tls == "none" else ssl.create_default_context(cadata=self.ca or None),
        )


def server_of(settings: MailSettings) -> MailServer | None:
    """The server that the settings name; None where they name none."""
    if not settings.smtp_host:
        return None
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_username,
        settings.smtp_password.get_secret_value(),
        settings.smtp_from,
        settings.smtp_from_name,
        settings.smtp_timeout_seconds,
        settings.smtp_ca,
    )


def _wire(to: str) -> "EmailPolicy[EmailMessage]":
    """Seven bits, which every server passes on unchanged; an address that is not ASCII stands as it is (RFC 6532)."""
    return WIRE.clone(cte_type="7bit", utf8=not to.isascii())
