"""The widget's build: the right Node, built when a source changed and only then, and no reason not to start."""

from pathlib import Path

import pytest

from devstack import web
from devstack.commands import up
from devstack.errors import StackError
from devstack.stack import Stack


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm workspace whose build writes one file; nothing is installed."""
    (tmp_path / "widget" / "src").mkdir(parents=True)
    (tmp_path / "widget" / "bundle").mkdir()
    (tmp_path / "widget" / "src" / "main.ts").write_text("export const one: number = 1;\n")
    (tmp_path / "widget" / "bundle" / "main.ts").write_text(
        "import { mkdirSync, writeFileSync } from 'node:fs';\n"
        "mkdirSync('widget/dist', { recursive: true });\n"
        "writeFileSync('widget/dist/frontdesk.js', String(Math.random() satisfies number));\n"
        "console.log('built');\n"
    )
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(web, "WEB", tmp_path)
    monkeypatch.setattr(web, "DIST", tmp_path / "widget" / "dist")
    installed = tmp_path / "node_modules" / ".frontdesk"
    installed.parent.mkdir()
    installed.write_text("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a build\n")
    return tmp_path


def test_the_widget_is_built_once_and_again_when_a_source_changes(sources: Path) -> None:
    assert web.build() == "built"
    first = (web.DIST / "frontdesk.js").read_text()
    assert web.build() is None
    assert (web.DIST / "frontdesk.js").read_text() == first
    (sources / "widget" / "src" / "main.ts").write_text("export const one: number = 2;\n")
    assert web.build() == "built"
    assert (web.DIST / "frontdesk.js").read_text() != first


def test_a_build_that_is_thrown_away_is_made_again(sources: Path) -> None:
    web.build()
    (web.DIST / "frontdesk.js").unlink()
    assert web.build() == "built"


def test_a_build_that_fails_says_why_and_is_tried_again(sources: Path) -> None:
    script = sources / "widget" / "bundle" / "main.ts"
    working = script.read_text()
    script.write_text("throw new Error('the bundler fell over');\n")
    with pytest.raises(StackError, match="the bundler fell over"):
        web.build()
    script.write_text(working)
    assert web.build() == "built"


def test_node_runs_typescript_by_itself() -> None:
    assert web._version(str(web.node())) >= (22, 18)  # pyright: ignore[reportPrivateUsage]  # what it is for


def test_a_widget_that_cannot_be_built_does_not_keep_the_stack_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_network() -> str | None:
        raise StackError("npm could not fetch esbuild.")

    monkeypatch.setattr(web, "build", no_network)
    up._build_widget(Stack(tmp_path))  # pyright: ignore[reportPrivateUsage]  # the start around it takes 20 s
    assert "npm could not fetch esbuild" in capsys.readouterr().err
