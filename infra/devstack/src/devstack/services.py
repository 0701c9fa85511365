"""The services of the system: their ports, what they need to know, and how each process is called.

A new service is one line in `CATALOGUE`; everything else here follows from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack import ports
from devstack.errors import StackError
from devstack.parts.group import PartUrls
from devstack.state import State


@dataclass(frozen=True, slots=True)
class Service:
    """One service, whose command has its name."""

    name: str
    port: int
    """Wished for; moved up when taken."""
    metrics_port: int
    has_database: bool = True
    has_demo: bool = False
    """`SERVICE seed-demo` exists."""


CATALOGUE = (
    Service("identity", 8081, 9081, has_demo=True),
    Service("conversation", 8082, 9082, has_demo=True),
    Service("escalation", 8083, 9083),
    Service("gateway", 8080, 9080, has_database=False),
)
"""In the order in which they are named to people; they start side by side."""


def named(names: list[str] | None = None) -> tuple[Service, ...]:
    """The services of these names; all for None.

    Raises:
        StackError: there is no such service.
    """
    if names is None:
        return CATALOGUE
    known = {service.name: service for service in CATALOGUE}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise StackError(f"There is no service {', '.join(unknown)}.", f"There are: {', '.join(known)}.")
    return tuple(known[name] for name in dict.fromkeys(names))


def program(service: Service) -> str:
    """The service's command, next to our own Python.

    Raises:
        StackError: it is not installed.
    """
    beside = Path(sys.executable).parent / service.name
    found = str(beside) if beside.exists() else shutil.which(service.name)
    if found is None:
        raise StackError(
            f"The command `{service.name}` of the {service.name} service is not installed next to {sys.executable}.",
            f"Install it: `make venv`, or uv pip install -e services/{service.name}.",
        )
    return found


def environment(
    service: Service,
    *,
    state: State,
    parts: PartUrls,
    addresses: Mapping[str, str],
    database: Mapping[str, str],
    namespace: str,
) -> dict[str, str]:
    """The environment of a service's processes, but for their ports.

    Args:
        service: whose.
        state: where the secrets are.
        parts: where Kafka and Valkey are.
        addresses: base URL of every service by name.
        database: the three database URLs, `owner`, `app` and `worker`; empty when it has none.
        namespace: put before topics, groups and Valkey keys.
    """
    name = service.name
    own = {
        "FRONTDESK_HOST": ports.HOST,
        "FRONTDESK_KAFKA_URL": parts.kafka,
        "FRONTDESK_KAFKA_NAMESPACE": namespace,
        "FRONTDESK_VALKEY_URL": parts.valkey,
        "FRONTDESK_VALKEY_NAMESPACE": f"{namespace}frontdesk",
        "FRONTDESK_SERVICE_CLIENT_ID": name,
        "FRONTDESK_SERVICE_CLIENT_SECRET_FILE": str(state.secret(client_secret(name))),
        "FRONTDESK_DEMO": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        **{f"FRONTDESK_{other.upper()}_URL": url for other, url in addresses.items()},
        **{f"FRONTDESK_DATABASE_{_ROLE_VARIABLE[role]}": url for role, url in database.items()},
        **_own_settings(name, state),
    }
    inherited = {key: value for key, value in os.environ.items() if key != "FRONTDESK_POSTGRES_URL"}
    return {**inherited, **own}


_ROLE_VARIABLE = {"app": "URL", "owner": "OWNER_URL", "worker": "WORKER_URL"}


def client_secret(service: str) -> str:
    """The name of the secret with which this service signs in at identity."""
    return f"client-{service}"


WIDGET = Path(__file__).resolve().parents[4] / "web" / "widget" / "dist"
"""Where the widget is built, in the repository that this package lies in."""


def _own_settings(name: str, state: State) -> dict[str, str]:
    """What only this service needs."""
    if name == "identity":
        hashes = {
            service.name: hashlib.sha256(state.secret_text(client_secret(service.name)).encode()).hexdigest()
            for service in CATALOGUE
        }
        return {
            "FRONTDESK_SIGNING_KEY_FILE": str(state.secret("signing-key.pem", signing_key)),
            "FRONTDESK_SECRET_KEYS_FILE": str(state.secret("secret-keys")),
            "FRONTDESK_SERVICE_CLIENTS": json.dumps(hashes),
            "FRONTDESK_SUPERADMIN_SECOND_FACTOR": "false",  # the demo superadmin signs in with a password that is printed
        }
    if name == "conversation":
        return {
            "FRONTDESK_GUEST_TOKEN_KEY_FILE": str(state.secret("guest-token-key")),
            "FRONTDESK_WIDGET_DIR": str(WIDGET),
            "FRONTDESK_DEMO_PAGES": "true",
        }
    if name == "gateway":
        # Plain HTTP on the loopback address: not every client keeps a Secure cookie there.
        return {
            "FRONTDESK_SESSION_KEY_FILE": str(state.secret("session-key")),
            "FRONTDESK_COOKIE_SECURE": "false",
        }
    return {}


def signing_key() -> str:
    """A new private key for ES256, PEM."""
    # Imported here: needed once in the life of a state folder.
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
