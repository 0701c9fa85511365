"""The conversation service's table of contents: settings, routers, reactions, jobs, and what lives as long as it does."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from conversation.adapters.embedder import LocalEmbedder
from conversation.adapters.engine import LocalEngine
from conversation.adapters.guest_tokens import MIN_KEY_BYTES, GuestTokens
from conversation.commands.demo import seed_demo
from conversation.commands.imports import LARGEST_IMPORT_BYTES
from conversation.jobs import jobs
from conversation.projections import PROJECTIONS
from conversation.reactions import reactions
from conversation.resources import Resources, made, resources_of
from conversation.routes import (
    articles,
    conversations,
    files,
    gaps,
    guest_data,
    imports,
    knowledge,
    live,
    versions,
    widget,
)
from conversation.settings import Settings
from servicekit.actor import Actor
from servicekit.runtime import Runtime
from servicekit.service import Service
from servicekit.settings import BadSettings


@asynccontextmanager
async def resources(rt: Runtime) -> AsyncGenerator[Resources]:
    """Guests' tokens, and the engine on its embedder, warm before the first guest asks; a model's writer if there is one."""
    settings: Settings = rt.settings
    key = settings.guest_token_key.get_secret_value()
    if len(key.encode()) < MIN_KEY_BYTES:
        raise BadSettings(
            [f"FRONTDESK_GUEST_TOKEN_KEY (or FRONTDESK_GUEST_TOKEN_KEY_FILE) needs {MIN_KEY_BYTES} bytes"]
        )
    embedder = LocalEmbedder()
    async with AsyncExitStack() as stack:
        stack.callback(embedder.close)
        writer = None
        if settings.model_provider is not None:
            from conversation.adapters.models import model_writer  # 90 MB that most hotels don't need

            writer = await stack.enter_async_context(model_writer(settings))
        resources = made(rt, GuestTokens(key, rt.clock), embedder, LocalEngine(embedder, writer).answer)
        stack.push_async_callback(resources.web.aclose)
        yield resources


def guest_tokens(rt: Runtime) -> Callable[[str], Awaitable[Actor | None]]:
    """How the chassis tells guests by their token."""

    async def verify(token: str) -> Actor | None:
        return resources_of(rt).tokens.verify(token)

    return verify


def make_service(resources: Callable[[Runtime], AbstractAsyncContextManager[Resources]] = resources) -> Service:
    """The service; with other `resources`, another engine answers."""
    return Service(
        "conversation",
        settings=Settings,
        routers=[
            widget.router,
            live.router,
            conversations.router,
            articles.router,
            versions.router,
            knowledge.router,
            gaps.router,
            imports.router,
            files.router,
            guest_data.router,
        ],
        cors_prefix="/widget/",
        large_bodies={"/knowledge/imports": LARGEST_IMPORT_BYTES},
        reactions=reactions,
        jobs=jobs,
        projections=PROJECTIONS,
        resources=resources,
        guest_tokens=guest_tokens,
        api_tasks=[live.wake_widgets],
    )


service = make_service()
service.command(seed_demo)
main = service.main
