"""`frontdesk up` and `down`: the whole system in this terminal, or behind it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from devstack import logtail, process, show, sweep, web
from devstack.commands import ask
from devstack.errors import StackError
from devstack.parts.group import NAMES
from devstack.parts.postgres import Postgres
from devstack.services import CATALOGUE
from devstack.stack import Stack
from devstack.state import State

_SIGN_INS = (
    ("admin", "anna.admin@lindenhof.example"),
    ("staff", "sam.staff@lindenhof.example"),
    ("viewer", "vera.viewer@lindenhof.example"),
    ("admin", "harry.admin@harbour-house.example"),
    ("staff", "holly.staff@harbour-house.example"),
    ("superadmin", "root@frontdesk.example"),
)
DEMO_PASSWORD = "front-desk-demo"  # noqa: S105 - printed on purpose; the demo hotels are this machine's own
_DEMO_QUESTION = "Can I bring my dog?"
_SHUTDOWN_SECONDS = 90.0


def up(folder: Path, *, only: list[str] | None, fresh: bool, stream: bool = True) -> None:
    """Run the stack here until Ctrl-C or SIGTERM, with the services' logs when they are to be streamed.

    Raises:
        StackError: it does not start.
    """
    began = time.monotonic()
    if fresh:
        start_over(folder)
    stack = Stack(folder, only=only, usual_ports=True, say=show.step)
    leave = threading.Event()
    with _leaving_politely(stack, leave):
        try:
            _build_widget(stack)
            with show.JarProgress():
                stack.start()
            if {"identity", "conversation"} <= {service.name for service in stack.services}:
                _ask_one(stack)
            _introduce(stack, time.monotonic() - began)
            if stream:
                logtail.follow(_logs(stack.state, stack.processes()), _emit, leave)
            else:
                leave.wait()
        except KeyboardInterrupt:
            pass
        finally:
            _stop(stack)


def detach(folder: Path, *, only: list[str] | None, fresh: bool) -> None:
    """Start the stack behind this terminal and return when it is ready.

    Raises:
        StackError: it did not start; what it said is above.
    """
    if fresh:
        start_over(folder)
    state = State(folder)
    state.open()
    log = state.folder / "supervisor.log"
    command = [sys.executable, "-m", "devstack", "up", "--no-logs", "--state-dir", str(state.folder)]
    for name in only or ([] if only is None else [""]):
        command += ["--only", name]
    with log.open("wb") as output:
        child = process.spawn(command, cwd=Path.cwd(), output=output)
    with log.open(errors="replace") as said:
        while True:
            code = child.poll()
            for line in said:
                print(line, end="")
            if (state.folder / "running.json").exists() and _introduced(log):
                for line in said:
                    print(line, end="")
                return
            if code is not None:
                raise StackError("The stack did not start; the reason is above.", f"All it said is in {log}.")
            time.sleep(0.1)


def down(folder: Path) -> bool:
    """Stop the stack on this folder, and what a killed one left behind. Whether anything ran."""
    state = State(folder)
    running = state.supervisor()
    if running is not None:
        show.step(f"stopping the stack (pid {running.pid})")
        if not process.end(running, polite=signal.SIGTERM, grace_seconds=_SHUTDOWN_SECONDS):
            show.warn(f"it did not stop in {_SHUTDOWN_SECONDS:.0f} s and was killed")
    left = sweep.sweep(state)
    for name in left:
        show.step(f"stopped {name}, which ran without a supervisor")
    if state.is_throwaway:
        _remove(state)
    return running is not None or bool(left)


def start_over(folder: Path) -> None:
    """Stop what runs on the folder and delete its data. The cache of Kafka's jars stays.

    Raises:
        StackError: the folder is no stack's.
    """
    State(folder).check_ours()
    down(folder)
    _remove(State(folder))


def _remove(state: State) -> None:
    Postgres(state.folder / "postgres", 0).remove()
    state.remove()


def _stop(stack: Stack) -> None:
    if stack.started:
        show.step("stopping")
        stack.stop()
        show.step("stopped; data is kept")


def _ask_one(stack: Stack) -> None:
    try:
        answer = ask.ask(stack.url("conversation"), _DEMO_QUESTION, hotel="lindenhof", patience_seconds=30)
    except StackError as problem:
        show.warn(f"The demo question was not answered: {problem.what}")
        return
    show.console.print()
    ask.show(answer)


def _build_widget(stack: Stack) -> None:
    """The guest's widget, where its sources changed. Everything but it runs without: no reason not to start."""
    if "conversation" not in {service.name for service in stack.services}:
        return
    try:
        if built := web.build():
            show.step(f"widget: {built}")
    except StackError as problem:
        show.warn(f"The widget is not built: {problem}")


def _introduce(stack: Stack, seconds: float) -> None:
    opened = "The front desk is open" if stack.services else "The parts run"
    lines = ["", f"[bold green]{opened}[/] ({seconds:.1f} s)"]
    lines += [f"  {service.name:13} {stack.url(service.name)}" for service in stack.services]
    if web.DIST.joinpath("frontdesk.js").exists() and any(one.name == "conversation" for one in stack.services):
        pages = sorted(path.stem for path in web.DIST.joinpath("demo").glob("*.html"))
        lines += ["", "  Demo hotels, with the widget:"] if pages else []
        lines += [f"  {page:13} {stack.url('conversation')}/demo/{page}" for page in pages]
    if any(service.has_demo for service in stack.services):
        lines += ["", f"  Demo sign-ins, password [bold]{DEMO_PASSWORD}[/]:"]
        lines += [f"  {role:13} {email}" for role, email in _SIGN_INS]
        lines += ["", '  Try: frontdesk ask "Do you have parking?"   frontdesk demo   frontdesk status']
    if any(service.name == "identity" for service in stack.services):
        lines += ["  Mails that it sends, with their links: frontdesk mails"]
    lines.append("  Stop: Ctrl-C here, or frontdesk down")
    for line in lines:
        show.console.print(line)


def _introduced(log: Path) -> bool:
    """Whether the last line of `_introduce` is written."""
    return "or frontdesk down" in log.read_text(errors="replace")


def _emit(log: logtail.Log, line: str) -> None:
    show.console.print(f"[{log.colour}]{log.name:13}[/] {escape(logtail.readable(line))}")


def _logs(state: State, names: list[str]) -> list[logtail.Log]:
    return [logtail.Log(name, state.logs / f"{name}.log") for name in names]


@contextmanager
def _leaving_politely(stack: Stack, leave: threading.Event) -> Generator[None]:
    """The first Ctrl-C or SIGTERM ends the block from inside; later ones wait for the clean stop like everybody."""

    def once(_number: int, _frame: object) -> None:
        if not leave.is_set() and not stack.stopping:
            leave.set()
            raise KeyboardInterrupt

    before = {number: signal.signal(number, once) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def logs(folder: Path, service: str | None, *, follow: bool, count: int) -> None:
    """Print the end of the logs, and what comes with `follow`, until Ctrl-C.

    Raises:
        StackError: there is no such log.
    """
    state = State(folder)
    found = _logs(state, sorted(path.stem for path in state.logs.glob("*.log")))
    parts = {"postgres": "server.log", "kafka": "kafka.log", "valkey": "server.log"}
    if service is not None:
        if service in NAMES:
            found = [logtail.Log(service, state.folder / service / parts[service])]
        else:
            found = [log for log in found if log.name == service or log.name.startswith(f"{service}-")]
        if not found or not any(log.path.exists() for log in found):
            known = ", ".join([*(entry.name for entry in CATALOGUE), *NAMES])
            raise StackError(f"There is no log of {service} in {state.folder}.", f"There may be: {known}.")
    for log in found:
        for line in logtail.last(log, count):
            _emit(log, line)
    if follow:
        logtail.follow(found, _emit, threading.Event())
