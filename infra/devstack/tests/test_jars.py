"""Kafka's jars: what is fetched is what the lock lists, or nothing is kept."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devstack import jars
from devstack.errors import StackError
from devstack.jars import Jar

CONTENT = {name: name.encode() * 5000 for name in ("one", "two", "three")}


def jar(name: str) -> Jar:
    return Jar("org.example", name, "1.0", hashlib.sha256(CONTENT[name]).hexdigest())


class Repository:
    """A Maven repository of three jars that can misbehave."""

    def __init__(self) -> None:
        self.content = dict(CONTENT)
        self.asked: Counter[str] = Counter()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1].removesuffix("-1.0.jar")
                body = outer.content.get(name)
                outer.asked[name] += 1
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    made = Repository()
    monkeypatch.setenv("FRONTDESK_MAVEN_URL", made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_every_line_of_the_lock_names_one_jar_by_its_hash() -> None:
    locked = jars.locked()
    assert jars.kafka_version(locked) == "4.1.1"
    assert all(len(one.sha256) == 64 for one in locked)
    assert len({one.file_name for one in locked}) == len(locked)


def test_jars_are_fetched_once_and_used_without_network_afterwards(repository: Repository, tmp_path: Path) -> None:
    wanted = [jar(name) for name in CONTENT]
    paths = jars.ensure(wanted, tmp_path)
    repository.server.shutdown()
    assert jars.ensure(wanted, tmp_path) == paths
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    assert {name: repository.asked[name] for name in CONTENT} == dict.fromkeys(CONTENT, 1)


def test_a_half_finished_download_is_fetched_again(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "one-1.0.jar").write_bytes(CONTENT["one"][:100])
    (tmp_path / ".fetch-killed").mkdir()
    jars.ensure([jar("one")], tmp_path)
    assert (tmp_path / "one-1.0.jar").read_bytes() == CONTENT["one"]
    assert not list(tmp_path.glob(".fetch-*"))


def test_a_jar_with_another_checksum_is_thrown_away_and_named(repository: Repository, tmp_path: Path) -> None:
    repository.content["two"] = b"something else"
    with pytest.raises(StackError, match=r"two-1\.0\.jar came with another checksum") as caught:
        jars.ensure([jar("two")], tmp_path)
    assert "FRONTDESK_MAVEN_URL" in caught.value.way_out
    assert not list(tmp_path.rglob("*.jar"))


def test_what_arrived_before_a_failure_is_kept_for_the_next_try(repository: Repository, tmp_path: Path) -> None:
    del repository.content["three"]
    with pytest.raises(StackError, match=r"three:1\.0 could not be fetched"):
        jars.ensure([jar(name) for name in CONTENT], tmp_path)
    repository.content["three"] = CONTENT["three"]
    asked_before = repository.asked["one"]
    jars.ensure([jar(name) for name in CONTENT], tmp_path)
    assert repository.asked["one"] - asked_before <= 1
    assert (tmp_path / "three-1.0.jar").exists()


def test_an_unreachable_repository_is_one_clear_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_MAVEN_URL", "http://127.0.0.1:9")
    with pytest.raises(StackError, match="could not be fetched in 3 tries") as caught:
        jars.ensure([jar("one")], tmp_path)
    assert "Check the network" in caught.value.way_out


def test_two_starts_at_once_fetch_each_jar_once(repository: Repository, tmp_path: Path) -> None:
    wanted = [jar(name) for name in CONTENT]
    with ThreadPoolExecutor(2) as pool:
        for start in [pool.submit(jars.ensure, wanted, tmp_path) for _ in range(2)]:
            start.result()
    assert {name: repository.asked[name] for name in CONTENT} == dict.fromkeys(CONTENT, 1)


def test_a_full_disk_is_one_clear_message(repository: Repository, tmp_path: Path) -> None:
    script = f"""
import resource
from pathlib import Path
from devstack import jars
from devstack.errors import StackError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    jars.ensure([jars.Jar("org.example", "one", "1.0", "{jar("one").sha256}")], Path("{tmp_path}"))
except StackError as problem:
    print(problem)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "There is no room for Kafka's jars" in done.stdout
    assert "XDG_CACHE_HOME" in done.stdout
