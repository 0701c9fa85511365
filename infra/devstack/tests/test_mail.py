"""The local mail server: what it was given is kept, readable, and for its owner alone."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from devstack import mailcatcher, ports
from devstack.commands import mails
from devstack.errors import StackError
from devstack.parts.mail import Mail, letters


def mail(to: str, subject: str, text: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Desk <desk@frontdesk.example>", to, subject
    made.set_content(text)
    return made


@pytest.fixture
def server(tmp_path: Path) -> Mail:
    return Mail(tmp_path / "mail", ports.find_free())


def test_a_mail_is_kept_before_it_is_taken_and_outlives_the_server(tmp_path: Path, server: Mail) -> None:
    server.start()
    try:
        with smtplib.SMTP(ports.HOST, server.port) as smtp:
            smtp.send_message(
                mail("Noor <noor@new.example>", "Grüße", "Komm: http://127.0.0.1:8080/invitation#fdi_abc\n")
            )
            [first] = letters(tmp_path)
            smtp.send_message(mail("ann@new.example", "Second", "nothing to open\n"))
        server.kill()
        server.start()
        assert server.answers()
    finally:
        server.stop()
    assert (first.to, first.subject) == ("noor@new.example", "Grüße")
    assert (first.link, first.token) == ("http://127.0.0.1:8080/invitation#fdi_abc", "fdi_abc")
    assert [letter.subject for letter in letters(tmp_path)] == ["Grüße", "Second"]
    [second] = letters(tmp_path, to="ann@new.example")
    assert (second.link, second.token) == (None, "")
    assert (server.home.stat().st_mode & 0o777, second.file.stat().st_mode & 0o777) == (0o700, 0o600)


async def test_old_mails_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailcatcher, "KEPT", 2)
    catcher, folder = mailcatcher.Catcher(tmp_path / "mail"), tmp_path / "mail"
    folder.mkdir()
    for number in range(4):
        content = mail("noor@new.example", f"Mail {number}", "text").as_bytes()
        envelope = type("Envelope", (), {"content": content})()
        assert await catcher.handle_DATA(None, None, envelope) == "250 OK"
    assert [letter.subject for letter in letters(tmp_path)] == ["Mail 2", "Mail 3"]


def test_without_mails_the_command_says_where_they_would_be(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="There is no mail in"):
        mails.mails(tmp_path, to=None, count=10, full=False)
