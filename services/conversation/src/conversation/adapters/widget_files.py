"""The built widget's files as they go out: read once, kept in memory, with what compresses them and an ETag.

A file is named by plain segments only, so no name leads out of the folder; and what a link in it points to outside is
not there.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

MAX_BYTES = 4 * 1024 * 1024
"""Larger files are none of a widget's."""
_WORTH_BYTES = 600
"""Under it, compressing saves no packet."""
_PLACE = b'"{hotel}"'
"""Where the built loader has room for what it need not ask for then (web/widget/bundle/main.ts)."""
_FACES = 256
"""Hotels whose loader is kept ready; some 20 KB each."""
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".map": "application/json",
}
_TEXT = ("text/", "application/json", "image/svg")


@dataclass(frozen=True, slots=True)
class WidgetFile:
    """One file: its media type, its bytes, and the same compressed, by content coding (`br`, `gzip`)."""

    media_type: str
    plain: bytes
    coded: dict[str, bytes]
    etag: str

    def accepted(self, accept_encoding: str) -> tuple[bytes, str | None]:
        """The bytes for a caller who accepts these codings (RFC 9110, 12.5.3), and which one it is, if any."""
        wanted = _qualities(accept_encoding)
        best = max(self.coded, key=lambda coding: (wanted.get(coding, 0.0), coding == "br"), default=None)
        if best is None or wanted.get(best, 0.0) <= 0:
            return self.plain, None
        return self.coded[best], best

    def knowing(self, hotel: Mapping[str, object]) -> "WidgetFile":
        """The loader with what it shows of a hotel; the file as it is where there is no place for that."""
        return _knowing(self.media_type, self.plain, json.dumps(hotel).encode()) if _PLACE in self.plain else self


@dataclass(slots=True)
class WidgetFiles:
    """The files below one folder. What is built anew is seen at once: size and time tell."""

    folder: Path | None
    _kept: dict[Path, tuple[tuple[int, int], WidgetFile]] = field(
        default_factory=dict[Path, tuple[tuple[int, int], WidgetFile]]
    )

    def find(self, name: str) -> WidgetFile | None:
        """The file of that name, e.g. `assets/frontdesk.1a2b3c.js`; None where there is none to serve."""
        segments = name.split("/")
        media_type = _TYPES.get(Path(name).suffix)
        if self.folder is None or media_type is None or not all(_SEGMENT.fullmatch(part) for part in segments):
            return None
        root = self.folder.resolve()
        try:
            path = root.joinpath(*segments).resolve(strict=True)
            found = path.stat()
        except (OSError, RuntimeError):
            return None
        if not path.is_relative_to(root) or not path.is_file() or found.st_size > MAX_BYTES:
            return None
        stamp = (found.st_mtime_ns, found.st_size)
        kept = self._kept.get(path)
        if kept is None or kept[0] != stamp:
            kept = stamp, _read(path, media_type)
            self._kept[path] = kept
        return kept[1]


def _read(path: Path, media_type: str) -> WidgetFile:
    beside = {coding: path.with_name(path.name + suffix) for coding, suffix in (("br", ".br"), ("gzip", ".gz"))}
    return _made(media_type, path.read_bytes(), beside)


@lru_cache(maxsize=_FACES)
def _knowing(media_type: str, loader: bytes, hotel: bytes) -> WidgetFile:
    return _made(media_type, loader.replace(_PLACE, hotel, 1), {})


def _made(media_type: str, plain: bytes, beside: Mapping[str, Path]) -> WidgetFile:
    coded: dict[str, bytes] = {}
    if media_type.startswith(_TEXT) and len(plain) >= _WORTH_BYTES:
        coded = {coding: path.read_bytes() for coding, path in beside.items() if path.is_file()}
        coded.setdefault("gzip", gzip.compress(plain, mtime=0))
    return WidgetFile(media_type, plain, coded, f'W/"{hashlib.sha256(plain).hexdigest()[:24]}"')


def _qualities(accept_encoding: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 0.0
        found[coding.strip()] = quality
    if "*" in found:
        found = {"br": found["*"], "gzip": found["*"]} | found
    return found
