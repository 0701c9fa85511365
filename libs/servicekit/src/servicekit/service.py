"""A service as a table of contents: its settings, routers, reactions and jobs; and the command that runs it."""

import asyncio
import inspect
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import typer
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from servicekit import logging, process, tracing
from servicekit.actor import Actor
from servicekit.app import create_app
from servicekit.clock import Clock, utc_now
from servicekit.runtime import Runtime
from servicekit.settings import BadSettings, ServiceSettings, load, require
from servicekit.startup import Role, open_runtime
from servicekit.tasks import Task

if TYPE_CHECKING:
    from servicekit.consumers import Reactions
    from servicekit.forgetting import BeforeForgetting
    from servicekit.jobs import Jobs
    from servicekit.projections import Projection

P = ParamSpec("P")
GuestTokens = Callable[[Runtime], Callable[[str], Awaitable[Actor | None]]]


@dataclass
class Service:
    """One service of the front desk.

        service = Service("escalation", settings=Settings, routers=[...], reactions=reactions, jobs=jobs)
        main = service.main

    Attributes:
        name: import name, client id, audience of its tokens, prefix of its consumer groups.
        settings: its own ServiceSettings.
        routers: made by `edge_router`.
        reactions, jobs: what its worker does.
        resources: an async context manager around the service's own long-lived things; found at `rt.resources`.
        api_tasks, worker_tasks: run beside the servers as long as the process lives, started again when they fail.
        database: False for a service that keeps nothing of its own.
        middleware: extra ASGI classes, made as `cls(app, rt)`, inside of the chassis's own.
        large_bodies: bytes of a request's body by its exact path, where more is taken than the setting says.
        cors_prefix: paths under it may be called by pages of other sites, with bearer tokens; see `servicekit.cors`.
        guest_tokens: called once at start; what it gives tells guests by their token, None for a token that is not a guest's.
        openapi_url: where the API describes itself; None for a service that has a route of its own for it.
        platform_tables: tables without RLS, each with its reason, for the lint.
        kept_tables: tables whose rows stay when their hotel is purged, each with its reason.
        before_forgetting: called when a hotel is forgotten, in the transaction that deletes its rows, before that.
        projections: of the directory; they make the command `rebuild-projections`.
    """

    name: str
    settings: type[ServiceSettings] = ServiceSettings
    routers: Sequence[APIRouter] = ()
    reactions: "Reactions | None" = None
    jobs: "Jobs | None" = None
    resources: Callable[[Runtime], AbstractAsyncContextManager[Any]] | None = None  # Any: the service's own type
    api_tasks: Sequence[Task] = ()
    worker_tasks: Sequence[Task] = ()
    database: bool = True
    middleware: Sequence[Callable[[ASGIApp, Any], ASGIApp]] = ()  # Any: Runtime, or None when only described
    cors_prefix: str | None = None
    large_bodies: dict[str, int] = field(default_factory=dict[str, int])
    guest_tokens: GuestTokens | None = None
    platform_tables: dict[str, str] = field(default_factory=dict[str, str])
    kept_tables: dict[str, str] = field(default_factory=dict[str, str])
    before_forgetting: "BeforeForgetting | None" = None
    projections: Sequence["Projection"] = ()
    openapi_url: str | None = "/openapi.json"
    version: str = "0.1.0"
    clock: Clock = utc_now

    def __post_init__(self) -> None:
        frame = inspect.currentframe()
        caller = frame.f_back.f_back if frame and frame.f_back else None
        self._declared_in = Path(caller.f_code.co_filename) if caller else Path.cwd()
        self._cli = self._make_cli()
        if self.projections:
            self.command(self._rebuild_projections)

    @property
    def migrations_dir(self) -> Path | None:
        """The `migrations` folder at or above the module that declares the service; None where there is none."""
        for folder in self._declared_in.resolve().parents:
            if (folder / "migrations" / "env.py").is_file():
                return folder / "migrations"
        return None

    def app(self, rt: Runtime | None = None, settings: ServiceSettings | None = None) -> FastAPI:
        """The HTTP application; without a runtime it can be described, not called."""
        return create_app(self, settings or self.settings.model_construct(), rt)

    def main(self) -> None:
        """The console command: `api`, `worker`, `all`, `migrate`, `openapi`, and the service's own."""
        self._cli()

    def work(self) -> "tuple[Reactions | None, Jobs | None]":
        """What the worker does: the service's own reactions and jobs, and forgetting hotels."""
        if self.reactions is None or not self.database:
            return self.reactions, self.jobs
        from servicekit import forgetting, jobs  # an API process does without

        reactions, forget = forgetting.parts_of(self.kept_tables, self.before_forgetting)
        return self.reactions.joined(reactions), (self.jobs or jobs.Jobs()).joined(forget)

    async def _rebuild_projections(self, rt: Runtime) -> None:
        """Make what is kept of the directory again, from its topics, while the service goes on serving."""
        require(rt.base_settings, "database_worker_url")
        from servicekit import projections  # the other commands do without Kafka

        for table, rows in (await projections.rebuild(rt, self.projections)).items():
            typer.echo(f"{table}: {rows} rows put right")

    def command(
        self, run: Callable[Concatenate[Runtime, P], Awaitable[None]]
    ) -> Callable[Concatenate[Runtime, P], Awaitable[None]]:
        """Adds a command of the service's own, called with a started runtime and no servers:

        @service.command
        async def seed_demo(rt: Runtime, hotel: str = "lindenhof") -> None: ...
        """

        @wraps(run)
        def call(*args: P.args, **kwargs: P.kwargs) -> None:
            async def inside(settings: ServiceSettings) -> None:
                async with open_runtime(self, settings, "command") as rt:
                    await run(rt, *args, **kwargs)

            self._with_settings(lambda settings: asyncio.run(inside(settings)))

        signature = inspect.signature(run)
        call.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]  # read by typer
        call.__annotations__ = {
            name: kind for name, kind in run.__annotations__.items() if name != next(iter(signature.parameters))
        }
        self._cli.command(getattr(run, "__name__", "command").strip("_").replace("_", "-"), help=inspect.getdoc(run))(
            call
        )
        return run

    def _make_cli(self) -> typer.Typer:
        cli = typer.Typer(
            name=self.name,
            help=f"The {self.name} service.",
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_enable=False,
        )

        def serve(role: Role, help: str) -> None:
            def run() -> None:
                self._with_settings(lambda settings: sys.exit(process.serve(self, settings, role)))

            cli.command(role, help=help)(run)

        serve("api", "Serve HTTP and WebSockets.")
        serve("worker", "Run reactions, the outbox relay and jobs.")
        serve("all", "Both in one process.")

        @cli.command(help="Bring the database to the newest migration, as the owner role.")
        def migrate() -> None:
            self._with_settings(self._migrate)

        @cli.command(help="Print the OpenAPI document.")
        def openapi() -> None:
            typer.echo(json.dumps(self.app().openapi(), indent=2))

        return cli

    def _migrate(self, settings: ServiceSettings) -> None:
        if not self.database:
            typer.echo(f"{self.name} keeps no database")
            return
        require(settings, "database_owner_url")
        from servicekit import migrations  # Alembic takes a fifth of a second to import, and only this needs it

        migrations.upgrade(settings, self.name, self.migrations_dir)

    def _with_settings(self, run: Callable[[ServiceSettings], None]) -> None:
        """Run with what the environment says; or say, line by line, what is missing there, and exit with 2."""
        try:
            settings = load(self.settings)
            logging.configure(self.name, level=settings.log_level, format=settings.log_format)
            tracing.configure(self.name, settings.otlp_url)
            run(settings)
        except BadSettings as bad:
            typer.echo(f"{self.name} cannot start; its settings are incomplete:", err=True)
            for line in bad.lines:
                typer.echo(f"  {line}", err=True)
            raise typer.Exit(2) from None
