"""What the tests of the local stack share: state folders that PostgreSQL's account may enter, and no parts of others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.parts.group import NAMES, variable
from devstack.parts.postgres import Postgres


@pytest.fixture(autouse=True)
def own_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about starting the parts, also when the run itself was given some."""
    for name in NAMES:
        monkeypatch.delenv(variable(name), raising=False)
    monkeypatch.delenv("FRONTDESK_PARTS", raising=False)
    monkeypatch.delenv("FRONTDESK_STATE_DIR", raising=False)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for state, as a checkout's would be: pytest's own `tmp_path` may not be entered by other accounts."""
    made = Path(tempfile.mkdtemp(prefix="frontdesk-test-"))
    made.chmod(0o755)
    yield made / "state"
    Postgres(made / "state" / "postgres", 0).remove()
    shutil.rmtree(made, ignore_errors=True)
