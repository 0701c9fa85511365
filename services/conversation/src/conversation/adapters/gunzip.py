"""Unpacking what a stranger packed: never more than was asked for, however small the packed form is."""

import zlib
from typing import Final

from conversation.adapters.fetched import NotFetched

MAGIC: Final = b"\x1f\x8b"
TOO_LARGE: Final = "It is larger than what can be imported"
_BROKEN: Final = "It arrived damaged"


class Gunzip:
    """Unpacks gzip (RFC 1952) as it arrives, several members in a row too."""

    def __init__(self, limit_bytes: int) -> None:
        self._left = limit_bytes
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._begun = False
        self._ended = False

    def feed(self, packed: bytes) -> bytes:
        """What these bytes unpack to, with those before.

        Raises:
            NotFetched: they are damaged, or it is more than the limit in all.
        """
        unpacked = bytearray()
        while packed and not self._ended:
            if self._member.eof:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            self._begun = True
            try:
                part = self._member.decompress(packed, self._left + 1)
            except zlib.error as error:
                raise NotFetched(_BROKEN, retry=True) from error
            self._left -= len(part)
            if self._left < 0:
                raise NotFetched(TOO_LARGE)
            unpacked += part
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            # Some servers pad the end; what is no further member is no part of the file.
            self._ended = self._member.eof and bool(packed) and not packed.startswith(MAGIC[: len(packed)])
        return bytes(unpacked)

    def finish(self) -> None:
        """Nothing follows.

        Raises:
            NotFetched: the end is missing.
        """
        if self._begun and not self._member.eof:
            raise NotFetched(_BROKEN, retry=True)


def gunzip(packed: bytes, limit_bytes: int) -> bytes:
    """All of it unpacked.

    Raises:
        NotFetched: it is damaged, or larger than the limit.
    """
    unpacking = Gunzip(limit_bytes)
    unpacked = unpacking.feed(packed)
    unpacking.finish()
    return unpacked
