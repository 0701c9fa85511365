"""A load generator of our own, for machines without wrk: `python -m bench.loadclient URL FILE CONNECTIONS SECONDS`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
from uuid_utils.compat import uuid7

from bench.report import percentile


async def main(url: str, lines: list[str], connections: int, seconds: float) -> None:
    """Post until the time is over, then print one line of JSON, as message_write.lua does."""
    address = urlsplit(url)
    assert address.hostname is not None
    guests = cycle([line.split()[1:] for line in lines if line.startswith("G ")])
    texts = cycle([line[2:] for line in lines if line.startswith("T ")])
    took: list[float] = []
    refused = broken = 0
    until = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal refused, broken
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while time.perf_counter() < until:
            token, conversation = next(guests)
            body = json.dumps({"id": str(uuid7()), "text": next(texts)})
            began = time.perf_counter()
            writer.write(
                f"POST /widget/conversations/{conversation}/messages HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                await reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError, StopIteration):
                broken += 1
                writer.close()
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                continue
            took.append(time.perf_counter() - began)
            refused += not head.startswith(b"HTTP/1.1 2")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    result = {
        "requests": len(took),
        "seconds": time.perf_counter() - began,
        **{f"p{share}": percentile(took, share / 100) for share in (50, 95, 99)},
        "max": max(took, default=0.0),
        "refused": refused,
        "broken": broken,
    }
    print("RESULT " + json.dumps(result))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2]).read_text().splitlines(), int(sys.argv[3]), float(sys.argv[4])))
