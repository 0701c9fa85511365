"""The model writer against a provider at the wire: what articles support is said as it is written, and no fault is fatal."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
import pytest_asyncio
from model_server import CACHED, IN, OUT, Fault, ModelServer, answers, gives_up, model_server
from pydantic import ValidationError

from contracts.ids import ArticleId
from conversation.adapters import model_writer as writing
from conversation.adapters.engine_port import HistoryItem, WritingArticle, WritingTask
from conversation.adapters.model_writer import ModelWriter
from conversation.adapters.models import model_writer
from conversation.settings import ModelProvider, Settings
from servicekit.testing import eventually

BREAKFAST = ArticleId(UUID("0190a000-0000-7000-8000-000000000001"))
PETS = ArticleId(UUID("0190a000-0000-7000-8000-000000000002"))
TASK = WritingTask(
    question="When is breakfast, and may my dog come?",
    language="en",
    hotel_name="Hotel Lindenhof",
    history=(HistoryItem("guest", "Hello"), HistoryItem("ai", "Hello! How can I help?")),
    articles=(
        WritingArticle(BREAKFAST, "Breakfast\nBreakfast is served from 7:00 to 10:30. It costs 20 euros."),
        WritingArticle(PETS, "Dogs\nDogs are welcome for 15 EUR per night. They are not allowed in the restaurant."),
    ),
)
SAID = ("Breakfast is from 7:00 to 10:30 and costs 20 euros.", ("Dogs are welcome for 15 EUR per night.", "A2"))
TEXT = "Breakfast is from 7:00 to 10:30 and costs 20 euros. Dogs are welcome for 15 EUR per night."


@pytest_asyncio.fixture
async def provider() -> AsyncGenerator[ModelServer]:
    async with model_server() as server:
        yield server


@pytest.fixture(params=list(ModelProvider))
def kind(request: pytest.FixtureRequest) -> ModelProvider:
    return request.param


@pytest_asyncio.fixture
async def writer(provider: ModelServer, kind: ModelProvider) -> AsyncGenerator[ModelWriter]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(model_writer(settings(provider, kind)))


def settings(provider: ModelServer, kind: ModelProvider) -> Settings:
    base = provider.url if kind is ModelProvider.ANTHROPIC else f"{provider.url}/v1"
    return Settings.model_validate(
        {
            "database_url": "postgresql://nobody@127.0.0.1:1/none",
            "model_provider": kind,
            "model_name": "front-desk-1",
            "model_base_url": base,
            "model_api_key": "sk-secret-of-the-hotel",
        }
    )


async def test_a_supported_answer_is_said_in_the_models_words(provider: ModelServer, writer: ModelWriter) -> None:
    provider.says = answers(*SAID)

    written = await writer.write(TASK, None)

    assert (written.text, written.used, written.declined) == (TEXT, (BREAKFAST, PETS), False)


async def test_what_the_call_took_is_counted(provider: ModelServer, writer: ModelWriter, kind: ModelProvider) -> None:
    provider.says = answers(*SAID)

    use = (await writer.write(TASK, None)).use

    assert (use.provider, use.model, use.outcome) == (kind.value, "front-desk-1", "written")
    assert (use.input_tokens, use.cached_tokens, use.output_tokens) == (IN, CACHED, OUT)


async def test_sentences_are_told_as_they_are_finished(provider: ModelServer, writer: ModelWriter) -> None:
    provider.says, provider.pause_seconds = answers(*SAID), 0.01
    told: list[str] = []

    await writer.write(TASK, told.append)

    assert told == ["Breakfast is from 7:00 to 10:30 and costs 20 euros."]  # the last comes with the message


async def test_a_sentence_that_no_article_supports_is_left_out(provider: ModelServer, writer: ModelWriter) -> None:
    provider.says = answers(
        "Breakfast costs 12 euros.", "Breakfast is from 7:00 to 10:30.", ("The pool is heated.", "A2")
    )
    told: list[str] = []

    written = await writer.write(TASK, told.append)

    assert written.text == "Breakfast is from 7:00 to 10:30."
    assert written.used == (BREAKFAST,)
    assert "12 euros" not in "".join(told)


async def test_a_sentence_counts_for_the_article_that_it_names_only(provider: ModelServer, writer: ModelWriter) -> None:
    provider.says = answers(("Dogs are welcome for 15 EUR per night.", "A1"), ("Breakfast costs 20 euros.", "A9"))

    written = await writer.write(TASK, None)

    assert (written.text, written.use.outcome) == (None, "unsupported")


async def test_a_model_may_give_up(provider: ModelServer, writer: ModelWriter) -> None:
    provider.says = gives_up

    written = await writer.write(TASK, None)

    assert (written.text, written.declined, written.use.outcome) == (None, True, "declined")


async def test_the_model_sees_this_answers_articles_and_no_tool_but_the_reply(
    provider: ModelServer, writer: ModelWriter
) -> None:
    provider.says = answers(*SAID)

    await writer.write(TASK, None)

    [asked] = provider.asked
    assert asked.tools == ["reply"]
    assert [one["id"] for one in asked.task["articles"]] == ["A1", "A2"]
    assert asked.task["question"] == TASK.question
    assert asked.body["stream"] is True
    assert "sk-secret" not in str(asked.body)


@pytest.mark.parametrize("status", [400, 401, 404, 408, 429, 500, 503, 529])
async def test_an_error_of_the_provider_is_answered_at_once_by_the_local_writer(
    provider: ModelServer, writer: ModelWriter, status: int
) -> None:
    provider.status = status
    started = time.monotonic()

    written = await writer.write(TASK, None)

    assert (written.text, written.declined, written.use.outcome) == (None, False, f"http_{status}")
    assert time.monotonic() - started < writing.FIRST_SECONDS
    assert len(provider.asked) == 1, "tried again while the guest waits"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.BROKEN, {"unreachable", "failed", "unusable"}),
        (Fault.MALFORMED, {"unusable"}),
        (Fault.REFUSAL, {"unusable", "failed"}),
        (Fault.PLAIN_TEXT, {"unusable"}),
        (Fault.NOT_HTTP, {"unreachable"}),
    ],
)
async def test_a_broken_answer_is_no_answer(
    provider: ModelServer, writer: ModelWriter, fault: Fault, outcome: set[str]
) -> None:
    provider.says, provider.fault = answers(*SAID), fault

    written = await writer.write(TASK, None)

    assert (written.text, written.declined) == (None, False)
    assert written.use.outcome in outcome


async def test_nobody_listening_is_answered_at_once(kind: ModelProvider) -> None:
    async with model_server() as gone:
        pass
    async with model_writer(settings(gone, kind)) as writer:
        written = await writer.write(TASK, None)

    assert (written.text, written.use.outcome) == (None, "unreachable")


async def test_a_silent_provider_is_given_two_seconds(provider: ModelServer, writer: ModelWriter) -> None:
    provider.fault = Fault.SILENT
    started = time.monotonic()

    written = await writer.write(TASK, None)

    assert (written.text, written.use.outcome) == (None, "slow")
    assert 1.5 < time.monotonic() - started < 4


async def test_a_stream_that_stalls_ends(
    provider: ModelServer, kind: ModelProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.says, provider.fault = answers(*SAID), Fault.STALLED
    told: list[str] = []
    async with model_writer(settings(provider, kind), total_seconds=2.5) as writer:
        written = await writer.write(TASK, told.append)

    assert told, "it had begun"
    assert (written.text, written.use.outcome) == (None, "late")


async def test_who_stops_waiting_stops_the_call(provider: ModelServer, writer: ModelWriter) -> None:
    provider.fault = Fault.SILENT
    call = asyncio.ensure_future(writer.write(TASK, None))
    await eventually(lambda: bool(provider.asked))

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize("missing", ["model_name", "model_api_key"])
def test_a_provider_without_model_or_key_is_refused_at_the_start(missing: str) -> None:
    given = {"model_provider": "openai", "model_name": "front-desk-1", "model_api_key": "sk", missing: ""}
    with pytest.raises(ValidationError, match=f"FRONTDESK_{missing.upper()}"):
        Settings.model_validate({"database_url": "postgresql://nobody@127.0.0.1:1/none", **given})
