"""Settings of a service: from `FRONTDESK_*` variables, each also as `FRONTDESK_*_FILE` that names a file with the value."""

import os
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

PREFIX = "FRONTDESK_"
S = TypeVar("S", bound="ServiceSettings")


class BadSettings(Exception):
    """The environment does not hold what the service needs; one line per variable."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class _FileSource(EnvSettingsSource):
    """Reads `<NAME>_FILE`: how Docker and Kubernetes hand over secrets. A plain `<NAME>` wins."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # Any: as the base class
        name = f"{PREFIX}{field_name}_FILE".upper()
        path = os.environ.get(name)
        if not path:
            return None, field_name, False
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings([f"{name}: {path} cannot be read ({error.__class__.__name__})"]) from error
        return value, field_name, self.field_is_complex(field)


class ServiceSettings(BaseSettings):
    """What every service can be told. Services subclass it for their own; times in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    database_url: str = ""
    """The app role's URL, `postgresql://role:password@host:port/database`. Needed by `api` and `worker`."""
    database_worker_url: str = ""
    """The worker role's URL. Needed by `worker`."""
    database_owner_url: str = ""
    """The owner role's URL. Needed by `migrate` only."""
    database_read_url: str | None = None
    """A replica for queries; without it the primary answers them."""
    database_pool_size: int = Field(default=16, ge=1)
    """Connections a process keeps per role; the sum over all processes stays under PostgreSQL's `max_connections`."""

    kafka_url: str = "127.0.0.1:9092"
    kafka_namespace: str = ""
    """Put before every topic and group name, so that several installations share a broker."""
    valkey_url: str = "redis://127.0.0.1:6379/0"
    valkey_namespace: str = "frontdesk"

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    metrics_port: int = Field(default=9000, ge=0, le=65535)
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose `X-Forwarded-For` is believed, separated by commas; `*` believes everybody."""
    connections_per_address: int = Field(default=1_000, ge=1)
    """Connections that one address may hold at a time, a trusted proxy excepted; more are hung up on."""
    sockets_per_address: int = Field(default=500, ge=1)
    """WebSockets that one client, as trusted proxies tell its address, may hold at a time; more are refused (429)."""

    identity_url: str = "http://127.0.0.1:8081"
    jwks_url: str | None = None
    """Where the signing keys are; by default `identity_url` + `/.well-known/jwks.json`."""
    token_issuer: str = "frontdesk-identity"  # noqa: S105 - a name
    service_client_id: str = ""
    """Client id at identity for calls to other services; by default the service's name."""
    service_client_secret: SecretStr = SecretStr("")

    body_limit_bytes: int = Field(default=262_144, ge=1)
    request_timeout_seconds: float = Field(default=30, gt=0)
    drain_timeout_seconds: float = Field(default=20, gt=0)
    """How long a stop waits for what is in hand."""
    outbox_retention_days: int = Field(default=7, ge=1)
    inbox_retention_days: int = Field(default=30, ge=1)

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    otlp_url: str | None = None
    """OTLP over HTTP, e.g. `http://tempo:4318/v1/traces`; without it spans are made but sent nowhere."""
    migrations_dir: str | None = None
    """Alembic's folder; by default `migrations` beside the service's source."""

    @property
    def keys_url(self) -> str:
        """The JWKS address in effect."""
        return self.jwks_url or self.identity_url.rstrip("/") + "/.well-known/jwks.json"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the files it names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _FileSource(settings_cls)


def load(of: type[S]) -> S:
    """The settings as the environment has them.

    Raises:
        BadSettings: with one line per variable that is missing or wrong; never shows a value.
    """
    try:
        return of()
    except ValidationError as error:
        lines: list[str] = []
        for found in error.errors(include_input=False, include_url=False):
            name = (PREFIX + "_".join(str(part) for part in found["loc"])).upper()
            missing = found["type"] == "missing"
            lines.append(f"{name} is missing (or {name}_FILE)" if missing else f"{name}: {found['msg']}")
        raise BadSettings(lines) from None
    except SettingsError as error:
        if isinstance(error.__cause__, BadSettings):
            raise error.__cause__ from None
        raise BadSettings([str(error)]) from None


def require(settings: ServiceSettings, *names: str) -> None:
    """Refuse to go on without these.

    Raises:
        BadSettings: names every variable that is empty.
    """
    absent = [f"{PREFIX}{name.upper()}" for name in names if not getattr(settings, name)]
    if absent:
        raise BadSettings([f"{name} is missing (or {name}_FILE)" for name in absent])
