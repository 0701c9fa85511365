"""The `frontdesk` command: parses, calls one command module, turns what went wrong into one paragraph."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from devstack import show
from devstack.errors import StackError
from devstack.options import (
    HERE,
    DatabaseUrl,
    Kafka,
    Namespace,
    StateDir,
    broker,
    front_door,
    worker_database,
    worker_databases,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def frontdesk() -> None:
    """The whole front desk on this machine: real PostgreSQL, Kafka and Valkey, every service, no Docker."""


@app.command()
def up(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="start only these services (repeat it; '' for the parts alone)")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="delete the old data first")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="return when it is ready, and go on behind")] = False,
    logs: Annotated[bool, typer.Option("--logs/--no-logs", help="go on with the services' logs")] = True,
    state_dir: StateDir = HERE,
) -> None:
    """Run the whole system: parts, databases, topics, demo hotels, services. Ctrl-C stops it, data stays."""
    from devstack.commands import up as commands

    chosen = None if only is None else [name for name in only if name]
    if detach:
        commands.detach(state_dir, only=chosen, fresh=fresh)
    else:
        commands.up(state_dir, only=chosen, fresh=fresh, stream=logs)


@app.command()
def down(state_dir: StateDir = HERE) -> None:
    """Stop what `up` started, also when its supervisor was killed. Data stays."""
    from devstack.commands import up as commands

    if not commands.down(state_dir):
        show.console.print(f"Nothing runs on {state_dir.resolve()}.")


@app.command()
def status(state_dir: StateDir = HERE) -> None:
    """What runs, where, and whether it takes work. Exit code 1 when something does not."""
    from devstack.commands import status as commands

    raise typer.Exit(0 if commands.status(state_dir) else 1)


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="a service or part; all services when left out")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on with what comes")] = False,
    count: Annotated[int, typer.Option("-n", help="how many lines of each log to begin with")] = 40,
    state_dir: StateDir = HERE,
) -> None:
    """The logs, readable and side by side."""
    from devstack.commands import up as commands

    commands.logs(state_dir, service, follow=follow, count=count)


@app.command()
def doctor(state_dir: StateDir = HERE) -> None:
    """What this machine lacks, and how to get it. Exit code 1 when something keeps the stack from running."""
    from devstack.commands import doctor as commands

    raise typer.Exit(0 if commands.doctor(state_dir) else 1)


@app.command()
def mails(
    to: Annotated[str | None, typer.Option(help="only those to this address")] = None,
    count: Annotated[int, typer.Option("-n", min=1, help="how many, the newest last")] = 10,
    full: Annotated[bool, typer.Option("--full", help="with all of the text, and the file")] = False,
    state_dir: StateDir = HERE,
) -> None:
    """The mails that the local stack has caught: invitations and new passwords, with their links."""
    from devstack.commands import mails as commands

    commands.mails(state_dir, to=to, count=count, full=full)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="what the guest asks")],
    hotel: Annotated[str, typer.Option(help="slug of the hotel")] = "lindenhof",
    language: Annotated[str | None, typer.Option(help="BCP 47, such as de; found out when left out")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    url: Annotated[str | None, typer.Option(help="a gateway elsewhere", envvar="FRONTDESK_GATEWAY_URL")] = None,
    state_dir: StateDir = HERE,
) -> None:
    """Ask as a guest, through the real guest API; print answer, action, sources, confidence, milliseconds."""
    from devstack.commands import ask as commands

    answer = commands.ask(front_door(url, state_dir), question, hotel=hotel, language=language)
    if as_json:
        print(commands.as_json(answer))
    else:
        commands.show(answer)


@app.command()
def demo(
    url: Annotated[str | None, typer.Option(help="a gateway elsewhere", envvar="FRONTDESK_GATEWAY_URL")] = None,
    state_dir: StateDir = HERE,
) -> None:
    """An evening at the demo hotels: guests, languages, a complaint, staff who take over. Nothing in it is played back."""
    from devstack.commands import demo as commands
    from devstack.commands.up import DEMO_PASSWORD

    commands.demo(front_door(url, state_dir), DEMO_PASSWORD)


topics = typer.Typer(help="The broker's topics: made and checked as contracts defines them.", no_args_is_help=True)
app.add_typer(topics, name="topics")
Replication = Annotated[int, typer.Option("--replication", help="copies of each partition, 1 for a single node")]


@topics.command("apply")
def topics_apply(
    kafka: Kafka = None, namespace: Namespace = None, replication: Replication = 1, state_dir: StateDir = HERE
) -> None:
    """Create missing topics and set differing settings. Exit code 1 when something can't be changed in place."""
    from devstack.commands import bus

    raise typer.Exit(0 if bus.apply_topics(*broker(kafka, namespace, state_dir), replication) else 1)


@topics.command("check")
def topics_check(
    kafka: Kafka = None, namespace: Namespace = None, replication: Replication = 1, state_dir: StateDir = HERE
) -> None:
    """How the broker differs from contracts; changes nothing. Exit code 1 when it does."""
    from devstack.commands import bus

    raise typer.Exit(0 if bus.check_topics(*broker(kafka, namespace, state_dir), replication) else 1)


@app.command()
def outbox(
    service: Annotated[str | None, typer.Argument(help="one service; all when left out")] = None,
    state_dir: StateDir = HERE,
) -> None:
    """Events that wait to be published: how many and how long. Exit code 1 when one waits over 10 seconds."""
    from devstack.commands import bus
    from devstack.running import find

    raise typer.Exit(0 if bus.outbox(worker_databases(find(state_dir), service)) else 1)


@app.command()
def replay(
    service: Annotated[str, typer.Argument(help="whose events")],
    since: Annotated[str, typer.Option(help="30m, 2h or 7d ago, or a time in ISO 8601")],
    topic: Annotated[str | None, typer.Option(help="only this topic")] = None,
    database_url: DatabaseUrl = None,
    state_dir: StateDir = HERE,
) -> None:
    """Publish a service's events again, from its outbox. Consumers that had them take no effect twice."""
    from devstack.commands import deadletters

    deadletters.replay(service, worker_database(service, database_url, state_dir), since, topic)


dlq = typer.Typer(help="Dead letters: events that a consumer gave up on.", no_args_is_help=True)
app.add_typer(dlq, name="dlq")


@dlq.command("list")
def dlq_list(
    topic: Annotated[str | None, typer.Option(help="only this topic's")] = None,
    redriven: Annotated[bool, typer.Option("--redriven", help="also those that were sent back")] = False,
    kafka: Kafka = None,
    namespace: Namespace = None,
    state_dir: StateDir = HERE,
) -> None:
    """What waits, and why. Exit code 1 when something does."""
    from devstack.commands import deadletters

    waiting = deadletters.list_letters(*broker(kafka, namespace, state_dir), topic, redriven=redriven)
    raise typer.Exit(1 if waiting else 0)


@dlq.command("show")
def dlq_show(
    topic: Annotated[str, typer.Argument(help="where it came from")],
    number: Annotated[int, typer.Argument(help="its number in the list")],
    kafka: Kafka = None,
    namespace: Namespace = None,
    state_dir: StateDir = HERE,
) -> None:
    """One letter with its body, as JSON. On directory topics the body may hold personal data."""
    from devstack.commands import deadletters

    deadletters.show_letter(*broker(kafka, namespace, state_dir), topic, number)


@dlq.command("redrive")
def dlq_redrive(
    topic: Annotated[str, typer.Argument(help="where they came from")],
    numbers: Annotated[list[int] | None, typer.Argument(help="their numbers in the list")] = None,
    everything: Annotated[bool, typer.Option("--all", help="all that wait there")] = False,
    body: Annotated[Path | None, typer.Option(help="a file with the mended body, for one letter")] = None,
    again: Annotated[bool, typer.Option("--again", help="also those that were sent back before")] = False,
    kafka: Kafka = None,
    namespace: Namespace = None,
    state_dir: StateDir = HERE,
) -> None:
    """Send letters back to the consumer that failed on them, and to nobody else."""
    from devstack.commands import deadletters

    where = broker(kafka, namespace, state_dir)
    deadletters.redrive(*where, topic, numbers or [], everything=everything, body=body, again=again)


audit = typer.Typer(help="The audit log: who did what, as a chain in every hotel.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command("verify")
def audit_verify(
    hotel: Annotated[
        str | None, typer.Option(help="only the log of the hotel with this id; the nil UUID for the platform's")
    ] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option(help="a checkpoint that was kept elsewhere; repeat it")
    ] = None,
    state_dir: StateDir = HERE,
) -> None:
    """Check every entry, its order and its signatures. Exit code 1, with the rows named, when something is wrong."""
    from devstack.commands import audit as commands

    raise typer.Exit(commands.verify(state_dir, hotel=hotel, checkpoints=checkpoint or []))


@app.command("build-web")
def build_web(
    check: Annotated[bool, typer.Option("--check", help="format, lint, types and unit tests instead")] = False,
) -> None:
    """Build the guest's widget, if its sources changed since the last time. Needs nothing that runs."""
    from devstack.commands import build_web as commands

    raise typer.Exit(0 if (commands.check() if check else commands.build()) else 1)


@app.command("with-parts", context_settings={"allow_interspersed_args": False})
def with_parts(
    command: Annotated[list[str], typer.Argument(help="what to run, after --", metavar="-- CMD...")],
    keep: Annotated[bool, typer.Option("--keep", help="leave the parts running afterwards")] = False,
) -> None:
    """Run a command with throw-away PostgreSQL, Kafka and Valkey, their addresses in its environment."""
    from devstack.commands import with_parts as commands

    commands.check_command(command)
    raise typer.Exit(commands.run(command, keep=keep))


def main() -> None:
    """Run the command. A known problem is one paragraph on stderr and exit code 1."""
    try:
        app()
    except StackError as error:
        show.problem(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
