"""The local stack's mail server: takes what identity sends and keeps it as files, for developers and tests to read."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from devstack import ports
from devstack.parts.server import Server

FOLDER = "mail"
"""In the state folder."""
VARIABLE = "FRONTDESK_SMTP_HOST"
"""Where it is named, mails go there instead."""


class Mail(Server):
    """A mail server that sends nothing on.

    Args:
        home: its folder, with a file for each mail.
        port: where it listens on the loopback address.
    """

    name = "mail"

    @property
    def url(self) -> str:
        return f"smtp://{ports.HOST}:{self.port}"

    def prepare(self) -> None:
        self.home.chmod(0o700)  # links in mails open accounts

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "devstack.mailcatcher", str(self.port), str(self.home)]

    def answers(self) -> bool:
        """Whether it greets as a mail server does."""
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=2) as connection:
                return connection.recv(64).startswith(b"220")
        except OSError:
            return False

    def settings(self, dashboard_url: str) -> Mapping[str, str]:
        """What identity is told of it; links lead to that dashboard."""
        return {
            VARIABLE: ports.HOST,
            "FRONTDESK_SMTP_PORT": str(self.port),
            "FRONTDESK_SMTP_TLS": "none",
            "FRONTDESK_SMTP_FROM": "desk@frontdesk.example",
            "FRONTDESK_SMTP_RETRY_SECONDS": "1",
            "FRONTDESK_DASHBOARD_URL": dashboard_url,
        }


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that was sent."""

    at: datetime
    to: str
    subject: str
    text: str
    file: Path

    @property
    def link(self) -> str | None:
        """Where it leads; the first address in it."""
        found = re.search(r"https?://[^\s\"<>]+", self.text)
        return found[0] if found else None

    @property
    def token(self) -> str:
        """What stands behind `#` in the link."""
        return (self.link or "").partition("#")[2]


def letters(state_folder: Path, to: str | None = None) -> list[Letter]:
    """The mails that are kept, the oldest first; `to` somebody alone."""
    found = [_read(path) for path in sorted((state_folder / FOLDER).glob("*.eml"))]
    return [letter for letter in found if letter is not None and to in (None, letter.to)]


def _read(path: Path) -> Letter | None:
    try:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    except FileNotFoundError:
        return None  # it has just made room
    body = mail.get_body(("plain", "html"))
    return Letter(
        at=datetime.fromtimestamp(int(path.name.partition("-")[0]) / 1e9, UTC),
        to=", ".join(address.addr_spec for address in mail["To"].addresses) if mail["To"] else "",
        subject=str(mail["Subject"] or ""),
        text=body.get_content() if body is not None else "",
        file=path,
    )
