"""`python -m devstack.mailcatcher PORT FOLDER`: takes every mail and keeps it in the folder; sends nothing anywhere."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from devstack import ports

KEPT = 500
"""Mails that stay; older ones make room."""


class Catcher:
    """What aiosmtpd asks about a mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's names, untyped
        """Keep the mail before saying so."""
        name = f"{time.time_ns()}-{secrets.token_hex(2)}"
        half = self._folder / f"{name}.half"
        half.touch(mode=0o600)
        half.write_bytes(envelope.content)
        half.replace(self._folder / f"{name}.eml")
        for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return "250 OK"


async def serve(port: int, folder: Path) -> None:
    """Take mails until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Catcher(folder), hostname="mail.localhost", enable_SMTPUTF8=True), ports.HOST, port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
