"""Settings: from variables or the files they name; what is missing is said by name."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from servicekit.settings import BadSettings, ServiceSettings, load, require


class Settings(ServiceSettings):
    signing_key: SecretStr
    retries: int = 3
    clients: dict[str, str] = Field(default_factory=dict[str, str])


def test_a_variable_can_name_a_file_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret, clients = tmp_path / "key", tmp_path / "clients"
    secret.write_text("  from a file\n")
    clients.write_text('{"gateway": "abc"}')
    monkeypatch.setenv("FRONTDESK_SIGNING_KEY_FILE", str(secret))
    monkeypatch.setenv("FRONTDESK_CLIENTS_FILE", str(clients))
    settings = load(Settings)
    assert settings.signing_key.get_secret_value() == "from a file"
    assert settings.clients == {"gateway": "abc"}
    monkeypatch.setenv("FRONTDESK_SIGNING_KEY", "direct")
    assert load(Settings).signing_key.get_secret_value() == "direct"


def test_all_that_is_missing_or_wrong_is_said_at_once_and_no_value_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_RETRIES", "hunter2")
    monkeypatch.setenv("FRONTDESK_PORT", "70000")
    with pytest.raises(BadSettings) as bad:
        load(Settings)
    said = "\n".join(bad.value.lines)
    assert "FRONTDESK_SIGNING_KEY is missing (or FRONTDESK_SIGNING_KEY_FILE)" in bad.value.lines
    assert "FRONTDESK_RETRIES:" in said
    assert "FRONTDESK_PORT:" in said
    assert "hunter2" not in said


def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_SIGNING_KEY_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(BadSettings, match="FRONTDESK_SIGNING_KEY_FILE"):
        load(Settings)


def test_a_secret_is_not_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_SIGNING_KEY", "hunter2")
    assert "hunter2" not in repr(load(Settings))


def test_what_a_role_needs_is_asked_for() -> None:
    with pytest.raises(BadSettings, match="FRONTDESK_DATABASE_URL is missing"):
        require(ServiceSettings(), "database_url")


def test_the_keys_are_identitys_unless_said_otherwise() -> None:
    assert ServiceSettings(identity_url="http://id/").keys_url == "http://id/.well-known/jwks.json"
    assert ServiceSettings(jwks_url="http://x/k").keys_url == "http://x/k"
