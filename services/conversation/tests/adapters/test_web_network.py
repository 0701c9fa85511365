"""An import never leads into our own network: whatever an address, a name, a redirect or a resolver says."""

import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sites import LOOPBACK, PUBLIC, Dial, Names, Site, Time, page, redirect, site

from conversation.adapters.checked_network import CheckedNetwork, look_up
from conversation.adapters.fetched import Fetched, NotFetched, Refused
from conversation.adapters.web import Web

HOTEL = "http://hotel.example/"
ODD_LITERALS = (
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "127.0.0.1",
    "127.0.0.1.",
    "127。0。0。1",
    "127.0.0.1",
    "127.0.0.0x1",
    "0",
    "0.0.0.0",
    "169.254.169.254",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1%25lo]",
    "[fd00:ec2::254]",
)


@asynccontextmanager
async def web(
    names: Names, dial: Dial, allowed: Sequence[IPv4Network] = (), tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Web]:
    time = Time()
    made = Web(allowed_networks=allowed, resolve=names, clock=time.clock, sleep=time.sleep, tls=tls, dial=dial)
    try:
        yield made
    finally:
        await made.aclose()


async def refused(url: str, names: Names, dial: Dial) -> str:
    async with web(names, dial) as made:
        with pytest.raises(Refused) as error:
            await made.fetch(url)
    assert not error.value.retry
    return error.value.reason


@pytest.mark.parametrize("host", ODD_LITERALS)
async def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    dial = Dial()
    await refused(f"http://{host}/", Names({}), dial)
    assert dial.dialled == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "localhost."])
async def test_what_this_machines_resolver_takes_for_loopback_is_refused_too(host: str) -> None:
    dial = Dial()
    with pytest.raises(Refused):
        await CheckedNetwork(resolve=look_up, dial=dial).connect_tcp(host.removesuffix("."), 80)
    assert dial.dialled == []


async def test_loopback_is_refused_unless_its_network_is_allowed() -> None:
    async with site({"/": page()}) as local:
        closed = Web()
        with pytest.raises(Refused):
            await closed.fetch(local.url)
        await closed.aclose()
        assert local.asked == []
        open_to_loopback = Web(allowed_networks=LOOPBACK)
        assert isinstance(await open_to_loopback.fetch(local.url), Fetched)
        await open_to_loopback.aclose()


@pytest.mark.parametrize("address", ["10.0.0.7", "169.254.169.254", "::1", "::ffff:10.0.0.7", "fd00::1"])
async def test_a_public_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    dial = Dial()
    reason = await refused(HOTEL, Names({"hotel.example": [[address]]}), dial)
    assert reason == "The address leads into a private network"
    assert dial.dialled == []


@pytest.mark.parametrize("answer", [[PUBLIC, "10.0.0.7"], ["10.0.0.7", PUBLIC], [PUBLIC, "fe80::1%eth0"]])
async def test_one_private_address_among_public_ones_spoils_the_name(answer: list[str]) -> None:
    dial = Dial()
    await refused(HOTEL, Names({"hotel.example": [answer]}), dial)
    assert dial.dialled == []


async def test_a_name_is_looked_up_once_for_a_connection_and_what_was_checked_is_dialled() -> None:
    async with site({"/": page()}) as local:
        names, dial = Names({"hotel.example": [[PUBLIC]]}), Dial(local)
        async with web(names, dial) as made:
            await made.fetch(HOTEL)
    assert len(local.asked) == 2  # robots.txt and the page; the site closes each connection
    assert names.asked == ["hotel.example"] * 2
    assert dial.dialled == [(PUBLIC, 80)] * 2


async def test_a_name_that_turns_private_after_the_check_is_refused_at_the_next_connection() -> None:
    async with site({"/": page()}) as local:
        names, dial = Names({"hotel.example": [[PUBLIC], ["127.0.0.1"]]}), Dial(local)
        async with web(names, dial) as made:
            with pytest.raises(Refused):
                await made.fetch(HOTEL)
    assert local.targets == []  # robots.txt came from the public address, nothing from the private one
    assert dial.dialled == [(PUBLIC, 80)]


async def test_the_host_header_names_the_site_and_not_the_address() -> None:
    async with site({"/": page()}) as local, web(Names({"xn--htel-vqa.example": [[PUBLIC]]}), Dial(local)) as made:
        fetched = await made.fetch("http://HÔTEL.example")
    assert local.asked[-1].headers["host"] == "xn--htel-vqa.example"
    assert isinstance(fetched, Fetched)
    assert fetched.url == "http://xn--htel-vqa.example/"


async def test_a_name_with_a_dot_at_its_end_is_the_same_site() -> None:
    async with site({"/": page()}) as local, web(Names({"hotel.example": [[PUBLIC]]}), Dial(local)) as made:
        fetched = await made.fetch("http://hotel.example./")
    assert isinstance(fetched, Fetched)
    assert fetched.url == HOTEL


async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    async with site({"/": page()}) as local:
        dial = Dial(local, dead=["2606:4700::1"])
        async with web(Names({"hotel.example": [["2606:4700::1", PUBLIC]]}), dial) as made:
            assert isinstance(await made.fetch(HOTEL), Fetched)
    assert dial.dialled[:2] == [("2606:4700::1", 80), (PUBLIC, 80)]


async def test_a_site_that_does_not_answer_may_do_so_later_and_a_name_that_is_none_never() -> None:
    async with web(Names({"hotel.example": [[PUBLIC]]}), Dial()) as made:
        with pytest.raises(NotFetched, match="The site cannot be reached") as unreachable:
            await made.fetch(HOTEL)
        assert unreachable.value.retry
        with pytest.raises(NotFetched, match="There is no site of that name"):
            await made.fetch("http://nobody.example/")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/secret",
        "//10.0.0.7/secret",
        "http://inside.example/",
        "http://[::ffff:7f00:1]/",
        "http://0/",
    ],
)
async def test_a_redirect_into_a_private_network_is_refused(location: str) -> None:
    async with site({"/secret": page()}) as local:
        local.answers["/"] = redirect(location.format(port=local.port))
        names = Names({"hotel.example": [[PUBLIC]], "inside.example": [["192.168.0.9"]]})
        dial = Dial(local)
        async with web(names, dial) as made:
            with pytest.raises(Refused):
                await made.fetch(HOTEL)
    assert local.targets == ["/"]
    assert {address for address, _ in dial.dialled} == {PUBLIC}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hotel.example/",
        "file:///etc/passwd",
        "gopher://hotel.example/",
        "javascript:alert(1)",
        "hotel.example",
        "",
        "http://",
        "http:///path",
        "http://user:secret@hotel.example/",
        "http://hotel.example@inside.example/",
        "http://hotel.example\\@inside.example/",
        "http://hotel.example/\r\nHost: inside.example",
        "http://hotel.example:0/",
        "http://hotel.example:70000/",
        "http://hotel..example/",
        "http://hotel.exa mple/",
        "http://hotel%2eexample/",
        "http://" + "a" * 64 + ".example/",
        "http://hotel.example/" + "a" * 2_000,
        "http://hotel.example/" + "ä" * 500,
    ],
)
async def test_what_is_no_plain_web_address_is_refused_before_any_look_up(url: str) -> None:
    names = Names({"hotel.example": [[PUBLIC]], "inside.example": [[PUBLIC]]})
    await refused(url, names, Dial())
    assert names.asked == []


@pytest.mark.parametrize("allowed", [(), LOOPBACK])
@pytest.mark.parametrize("port", [22, 6379, 8080])
async def test_a_public_site_is_asked_on_the_webs_ports_only(port: int, allowed: Sequence[IPv4Network]) -> None:
    dial = Dial()
    async with web(Names({"hotel.example": [[PUBLIC]]}), dial, allowed) as made:
        with pytest.raises(Refused, match="port"):
            await made.fetch(f"http://hotel.example:{port}/")
    assert dial.dialled == []


async def test_an_allowed_network_opens_itself_only() -> None:
    async with web(Names({"both.example": [["127.0.0.1", "10.0.0.7"]]}), Dial(), LOOPBACK) as made:
        with pytest.raises(Refused):
            await made.fetch("http://both.example/")


async def test_files_of_this_machine_are_never_dialled() -> None:
    with pytest.raises(Refused):
        await CheckedNetwork(LOOPBACK).connect_unix_socket("/run/docker.sock")


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site({}) as proxy, site({"/": page()}) as local:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with web(Names({"hotel.example": [[PUBLIC]]}), Dial(local)) as made:
            await made.fetch(HOTEL)
    assert proxy.asked == []


@asynccontextmanager
async def secure_site(folder: Path, name: str, seen: list[str | None]) -> AsyncGenerator[tuple[Site, ssl.SSLContext]]:
    """A site with a certificate for `name`, the context that trusts it, and the names that it is asked for (SNI)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "site.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    server.sni_callback = lambda _socket, asked, _context: seen.append(asked)
    trusting = ssl.create_default_context(cafile=file)
    async with site({"/": page(), "/insecure": redirect(HOTEL)}, server) as local:
        yield local, trusting


async def test_a_secure_site_is_asked_by_its_name_and_its_certificate_is_checked_for_it(tmp_path: Path) -> None:
    seen: list[str | None] = []
    async with secure_site(tmp_path, "hotel.example", seen) as (local, tls):
        names = Names({"hotel.example": [[PUBLIC]], "other.example": [[PUBLIC]]})
        async with web(names, Dial(local), tls=tls) as made:
            assert isinstance(await made.fetch("https://hotel.example/"), Fetched)
            assert set(seen) == {"hotel.example"}
            with pytest.raises(NotFetched, match="certificate is not valid"):
                await made.fetch("https://other.example/")


async def test_a_redirect_from_a_secure_address_to_an_insecure_one_is_refused(tmp_path: Path) -> None:
    names = Names({"hotel.example": [[PUBLIC]]})
    async with secure_site(tmp_path, "hotel.example", []) as (local, tls), web(names, Dial(local), tls=tls) as made:
        with pytest.raises(Refused, match="insecure"):
            await made.fetch("https://hotel.example/insecure")
