"""A mail server for tests, which speaks SMTP and does what it is told to: take, refuse, put off, hang up."""

import asyncio
import re
import ssl
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from servicekit.testing import eventually

DASHBOARD = "https://desk.frontdesk.example/app"
HANG_UP = "hang up"
"""As an answer to DATA: the mail is there, and its sender never hears so."""


@dataclass
class Postbox:
    """Takes every mail, unless told otherwise for a recipient: `postbox.at_rcpt[address]`, `postbox.at_data[address]` are
    the next answers, one a try."""

    tls: ssl.SSLContext | None = None
    password: str | None = None
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    at_rcpt: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict[str, deque[str]](deque))
    at_data: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict[str, deque[str]](deque))
    tries: defaultdict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        """Answer, on the port from before if it was open once."""
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
        self._server = None

    @property
    def is_open(self) -> bool:
        """Whether it answers."""
        return self._server is not None

    async def to(self, address: str, count: int = 1) -> list[EmailMessage]:
        """The mails to somebody, once there are that many."""

        async def there() -> bool:
            return len(self.of(address)) >= count

        await eventually(there, timeout=10)
        return self.of(address)

    def of(self, address: str) -> list[EmailMessage]:
        """The mails to somebody so far."""
        return [mail for mail in self.mails if mail["To"].addresses[0].addr_spec == address]

    async def token(self, address: str, count: int = 1) -> str:
        """The token in the link of the last mail to somebody."""
        return token_in((await self.to(address, count))[-1])

    def _session(self) -> SMTP:
        more: dict[str, Any] = {"tls_context": self.tls, "require_starttls": True} if self.tls else {}
        if self.password is not None:
            more |= {"auth_required": True, "authenticator": self._authenticate}
        return SMTP(self, hostname="mail.test", enable_SMTPUTF8=True, **more)

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: Any, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and given.password == (self.password or "").encode()
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.tries[address] += 1
        answer = self.at_rcpt[address].popleft() if self.at_rcpt[address] else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        address: str = envelope.rcpt_tos[0]
        answer = self.at_data[address].popleft() if self.at_data[address] else "250 OK"
        if answer in (HANG_UP, "250 OK"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if answer == HANG_UP:
            server.transport.abort()
        return answer


def token_in(mail: EmailMessage) -> str:
    """The token behind `#` of the one link, which is in text and HTML alike and leads to the dashboard."""
    links = {part: set(re.findall(r"https?://[^\s\"<]+", text_of(mail, part))) for part in ("plain", "html")}
    assert links["plain"] == links["html"]
    (link,) = links["plain"]
    page, _, token = link.partition("#")
    assert page.rpartition("/")[0] == DASHBOARD
    return token


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """What the mail says."""
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()
