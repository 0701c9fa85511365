"""Calls to addresses that people enter reach public networks alone, and read little."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest

from identity.adapters.outbound import Outbound, Refused, check_url, is_allowed, networks


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_no_private_network_is_called(address: str) -> None:
    assert not is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_public_ones_are(address: str) -> None:
    assert is_allowed(ip_address(address), ())


def test_a_private_network_is_called_where_the_installation_says_so() -> None:
    intranet = networks("10.1.0.0/16, fd12::/16")
    assert is_allowed(ip_address("10.1.2.3"), intranet)
    assert is_allowed(ip_address("::ffff:10.1.2.3"), intranet)
    assert is_allowed(ip_address("fd12::1"), intranet)
    assert not is_allowed(ip_address("10.2.0.1"), intranet)


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "https://", "https://u:p@a.example/", "https://a.example/#x", "x"]
)
def test_what_is_no_plain_address_is_not_called(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url)


@asynccontextmanager
async def server(answer: bytes) -> AsyncGenerator[tuple[int, list[bytes]]]:
    """Something on this machine that answers everything like this; its port, and what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], asked


OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"
HERE = networks("127.0.0.0/8")


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with server(OK + b'{"a": 1}') as (port, asked):
        answers = iter(["127.0.0.1", "127.0.0.9"])

        async def rebinding(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebinding)
        assert await Outbound(HERE).get_json(f"http://issuer.example:{port}/x") == {"a": 1}
        assert f"Host: issuer.example:{port}".encode().lower() in asked[0].lower()
        assert next(answers) == "127.0.0.9", "the name was looked up once"


async def test_nothing_is_asked_of_a_network_that_is_not_called() -> None:
    async with server(OK + b"{}") as (port, asked):
        for url in (f"http://127.0.0.1:{port}/", f"http://localhost:{port}/", f"http://[::ffff:127.0.0.1]:{port}/"):
            with pytest.raises(Refused):
                await Outbound().get_json(url)
        assert asked == []


async def test_plain_http_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def public(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", public)
    with pytest.raises(Refused, match="not HTTPS"):
        await Outbound(HERE).get_json("http://issuer.example/")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\nconnection: close\r\n\r\n{}",
        b"HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n{}",
        OK + b'{"a": "' + b"x" * 300_000 + b'"}',
        OK + b"<html>",
        OK + b"[1]",
        OK + b"[" * 100_000,
        b"SSH-2.0\r\n\r\n",
    ],
)
async def test_redirects_and_all_that_is_no_small_json_object_are_refused(answer: bytes) -> None:
    async with server(answer) as (port, asked):
        with pytest.raises(Refused):
            await Outbound(HERE).get_json(f"http://127.0.0.1:{port}/")
        assert len(asked) == 1
