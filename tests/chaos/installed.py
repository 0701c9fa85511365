"""The released version beside the present one: its code out of git, in a venv of its own, kept in the cache."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from chaos.world import Say

_ROOT = Path(__file__).parents[2]
_RELEASED = _ROOT / "libs" / "contracts" / "released"
_DONE = ".installed"


def commit() -> str:
    """The commit of the newest release, as its schemas name it."""
    newest = max(_RELEASED.glob("*/manifest.json"), key=lambda path: tuple(int(n) for n in path.parent.name.split(".")))
    return json.loads(newest.read_text())["commit"]


def program(service: str) -> Path:
    """The command of that version's service."""
    return _folder() / "venv" / "bin" / service


async def released(say: Say) -> None:
    """Install it unless that is done; some 30 s once, from the caches of git and uv.

    Raises:
        RuntimeError: the commit is not in this clone (a shallow one), or a step failed; with what it said.
    """
    await asyncio.to_thread(_install, say)


def _folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "frontdesk" / "released" / commit()


def _install(say: Say) -> None:
    folder = _folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # lanes side by side want the same
        if (folder / _DONE).exists():
            return
        say(f"installing the released version ({commit()[:12]}) beside the present one, once")
        shutil.rmtree(folder, ignore_errors=True)
        source, venv = folder / "source", folder / "venv"
        with tarfile.open(fileobj=io.BytesIO(_run("git", "-C", _ROOT, "archive", commit()))) as archive:
            archive.extractall(source, filter="data")
        uv = Path(sys.executable).parent / "uv"
        _run(uv, "venv", "-q", "-p", sys.executable, venv)
        pip = (uv, "pip", "install", "-q", "-p", venv)
        _run(*pip, "--require-hashes", "-r", source / "requirements.lock")
        members = sorted(
            path.parent for pattern in ("libs/*", "services/*") for path in source.glob(f"{pattern}/pyproject.toml")
        )
        _run(*pip, "--no-deps", "--no-build-isolation", *(part for member in members for part in ("-e", member)))
        (folder / _DONE).touch()


def _run(*command: str | Path) -> bytes:
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(str(part) for part in command[:6])} ...: {done.stderr.decode()[-1500:]}")
    return done.stdout
