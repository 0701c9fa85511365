"""The mail server's side of a mail: encrypted or not at all, and headers that nobody's name breaks."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mail_play import Postbox

from identity.adapters.smtp import MailServer
from identity.domain.letters import Facts, Letter, letter
from identity.domain.mail import MailKind, Tried
from identity.settings_mail import MailSettings, check_mail
from servicekit.settings import BadSettings

ID, AT = UUID(int=7), datetime(2026, 11, 23, 12, tzinfo=UTC)
LETTER = Letter("Grüße", "Guten Tag\n", "<p>Guten Tag</p>")


def server(port: int, **more: object) -> MailServer:
    plain = MailServer("127.0.0.1", port, "none", "", "", "desk@frontdesk.example", "Front Desk", 5, "")
    return replace(plain, **more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # fields by name


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS, and the certificate that it shows, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, begin, begin + timedelta(days=1))
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = made.public_bytes(Encoding.PEM)
    (folder / "both.pem").write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context, pem.decode()


async def test_a_mail_goes_encrypted_and_signed_in_and_only_to_a_server_that_proves_itself(tmp_path: Path) -> None:
    context, pem = certificate(tmp_path)
    postbox = Postbox(tls=context, password="of the server")
    await postbox.open()
    good = server(postbox.port, host="localhost", tls="starttls", ca=pem, username="desk", password="of the server")
    assert (await good.send(ID, LETTER, "eva@there.example", "Eva", AT)).tried is Tried.TAKEN
    assert postbox.envelopes == [("desk@frontdesk.example", ["eva@there.example"])]
    untrusted = await replace(good, ca="").send(ID, LETTER, "eva@there.example", "Eva", AT)
    wrong_password = await replace(good, password="another").send(ID, LETTER, "eva@there.example", "Eva", AT)
    await postbox.close()
    assert untrusted.tried is Tried.FAILED
    assert (wrong_password.tried, wrong_password.why) == (Tried.FAILED, "SMTPAuthenticationError 535")
    assert len(postbox.mails) == 1


async def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    postbox = Postbox()
    await postbox.open()
    tried = await server(postbox.port, tls="starttls").send(ID, LETTER, "eva@there.example", "Eva", AT)
    await postbox.close()
    assert tried.tried is Tried.FAILED
    assert not postbox.mails
    assert not postbox.tries


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("eva@there.example", "Eva\r\nBcc: everybody@there.example\r\n\r\nBuy this"),
        ("eva@there.example", 'Eva" <other@there.example>, "x'),
        ("jürgen@there.example", "Jürgen Öz"),
        ("eva@there.example", "名前" * 40),
        ("eva@there.example", ""),
    ],
)
async def test_no_name_adds_a_header_or_a_recipient(to: str, name: str) -> None:
    postbox = Postbox()
    await postbox.open()
    odd = Letter(
        "Your invitation to the Grand Hotel and Spa at the lake of a very long name 名前" * 3, "t\n", "<p>h</p>"
    )
    tried = await server(postbox.port).send(ID, odd, to, name, AT)
    await postbox.close()
    assert tried.tried is Tried.TAKEN
    (mail,) = postbox.mails
    assert postbox.envelopes == [("desk@frontdesk.example", [to])]
    assert sorted(set(mail.keys())) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [address.addr_spec.encode(errors="surrogateescape").decode() for address in mail["To"].addresses] == [to]
    assert mail["Message-ID"] == f"<{ID}@frontdesk.example>"
    assert mail["Subject"] == odd.subject


SEPARATORS = (
    "\r\n",
    "\n",
    "\r",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\0",
    "\r\n\r\n",
    "\r\n\t",
)
"""What one program or another takes for the end of a line."""


async def test_no_way_to_end_a_line_adds_a_header_a_recipient_or_a_body_to_any_letter() -> None:
    postbox = Postbox()
    await postbox.open()
    taken: list[Tried] = []
    for kind in MailKind:
        for ending in SEPARATORS:
            name = f"Eva{ending}Bcc: everybody@there.example{ending}{ending}Buy this"
            said = letter(kind, "de", Facts(name, f"Hotel {name}", "https://desk.example/invitation#x", 7))
            taken.append((await server(postbox.port).send(ID, said, "eva@there.example", name, AT)).tried)
    await postbox.close()
    assert set(taken) == {Tried.TAKEN}
    assert len(postbox.mails) == len(MailKind) * len(SEPARATORS)
    assert {tuple(map(str, envelope[1])) for envelope in postbox.envelopes} == {("eva@there.example",)}
    plain = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}
    for mail in postbox.mails:
        assert set(mail.keys()) == plain
        assert [address.addr_spec for address in mail["To"].addresses] == ["eva@there.example"]
        assert not [line for line in str(mail.get_body(("plain",))).splitlines() if line.startswith(("Bcc", "Buy"))]


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.example", "a\nb", "a\rb"])
def test_a_subject_that_would_break_the_header_is_an_error_and_no_mail(subject: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|carriage"):
        server(1).message(ID, replace(LETTER, subject=subject), "eva@there.example", "Eva", AT)


def test_the_same_mail_is_the_same_message_each_time() -> None:
    first, again = (server(1).message(ID, LETTER, "eva@there.example", "Eva", AT) for _ in range(2))
    assert (first["Message-ID"], first["Date"]) == (again["Message-ID"], again["Date"])
    read = message_from_bytes(first.as_bytes(), policy=policy.default)
    assert read["Subject"] == "Grüße"


@pytest.mark.parametrize(
    "half",
    [
        {"smtp_host": "mail.example"},
        {"smtp_host": "mail.example", "smtp_from": "a@b.example"},
        {"dashboard_url": "desk.example"},
        {"dashboard_url": "https://desk.example/#x"},
        {
            "smtp_host": "mail.example",
            "smtp_from": "a@b.example",
            "dashboard_url": "https://desk.example",
            "smtp_tls": "none",
            "smtp_username": "desk",
        },
    ],
)
def test_half_a_mail_server_stops_the_start(half: dict[str, str]) -> None:
    with pytest.raises(BadSettings):
        check_mail(MailSettings.model_validate(half))
