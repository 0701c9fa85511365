"""Issuers are called over TLS by their name, although the connection goes to an address: who cannot show a certificate of
that name, from somebody who is trusted, is told nothing."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from identity.adapters.issuers import Client, Issuers
from identity.adapters.outbound import Outbound, Refused, networks
from identity.domain.oidc import IssuerUnavailable

HERE = networks("127.0.0.0/8")


class Authority:
    """Somebody who signs certificates, each for a day."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        self.certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(self._key_id(), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _key_id(self) -> x509.SubjectKeyIdentifier:
        return x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int = 1) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
        )

    def issue(self, folder: Path, host: str, *, days: int = 1) -> ssl.SSLContext:
        """What a server of that name shows; `days` below 0: it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = (
            self._builder(subject, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName([_name(host)]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._key_id()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        shown = folder / f"{host}-{certificate.serial_number}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        shown.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown)
        return context


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


TRUSTED, UNKNOWN = Authority("Trusted"), Authority("Unknown")


@dataclass
class Provider:
    """An issuer behind TLS. `named`: the names that it was called by (SNI); `asked`: requests that it could read."""

    port: int = 0
    named: list[str | None] = field(default_factory=list[str | None])
    asked: list[bytes] = field(default_factory=list[bytes])

    @property
    def url(self) -> str:
        """Its address; `localhost` leads to 127.0.0.1."""
        return f"https://localhost:{self.port}"


@asynccontextmanager
async def provider(context: ssl.SSLContext) -> AsyncGenerator[Provider]:
    """One that tells who it is to everybody who asks."""
    found = Provider()
    # SNI is noted even where the handshake then fails.
    context.sni_callback = lambda _socket, name, _context: found.named.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.asked.append(await reader.readuntil(b"\r\n\r\n"))
        said = json.dumps({
            "issuer": found.url, "authorization_endpoint": f"{found.url}/authorize",
            "token_endpoint": f"{found.url}/token", "jwks_uri": f"{found.url}/jwks",
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
            "keys": [],
        }).encode()  # fmt: skip
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + said)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with listening:
        found.port = listening.sockets[0].getsockname()[1]
        yield found


@pytest.fixture(autouse=True)
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system trusts one authority: where OpenSSL looks for those, there is that one alone."""
    only = tmp_path / "trusted.pem"
    only.write_bytes(TRUSTED.certificate.public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(only))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


async def sent_to(outbound: Outbound, issuer: str) -> str:
    """Where a browser is sent to sign in at the issuer."""
    return await Issuers(outbound).authorization_url(
        Client(issuer, "desk", "secret", "groups"),
        redirect_uri="https://desk.example/",
        state="s",
        nonce="n",
        verifier="v" * 43,
    )


async def test_an_issuer_with_a_trusted_certificate_of_its_name_is_asked_by_that_name(tmp_path: Path) -> None:
    async with provider(TRUSTED.issue(tmp_path, "localhost")) as issuer:
        assert (await sent_to(Outbound(HERE), issuer.url)).startswith(f"{issuer.url}/authorize?")
        assert set(issuer.named) == {"localhost"}, "the address that was checked is connected to, the name is asked for"
        assert f"host: localhost:{issuer.port}".encode() in issuer.asked[0].lower()


WRONG: dict[str, Callable[[Path], ssl.SSLContext]] = {
    "another name": lambda folder: TRUSTED.issue(folder, "issuer.example"),
    "the address in place of the name": lambda folder: TRUSTED.issue(folder, "127.0.0.1"),
    "an authority that nobody trusts": lambda folder: UNKNOWN.issue(folder, "localhost"),
    "expired": lambda folder: TRUSTED.issue(folder, "localhost", days=-1),
}


@pytest.mark.parametrize("what", WRONG)
async def test_one_with_any_other_certificate_is_told_nothing_and_nobody_is_sent_there(
    what: str, tmp_path: Path
) -> None:
    async with provider(WRONG[what](tmp_path)) as issuer:
        with pytest.raises(IssuerUnavailable):
            await sent_to(Outbound(HERE), issuer.url)
        with pytest.raises(Refused, match="did not answer"):
            await Outbound(HERE).post_form(f"{issuer.url}/token", {"code": "c"}, ("desk", "secret"))
        assert issuer.named, "it was called"
        assert issuer.asked == [], "and heard neither a code nor the client's secret"
