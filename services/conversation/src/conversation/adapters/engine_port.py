"""What an engine is asked and what it answers: the words that the turn runner and every engine share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from contracts.ids import ArticleId
from contracts.values import HandOverReason, NeverAutoTopic, Priority, TurnAction
from conversation.adapters.embedder import Vector
from conversation.domain.decision import DEFAULT_NEVER_AUTO
from conversation.domain.ranking import Found


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A message before the turn, since the AI has had the conversation; oldest first."""

    sender: Literal["guest", "ai", "staff"]
    text: str
    choices: tuple[str, ...] = ()
    """Of a question back: what the guest was given to choose from."""


@dataclass(frozen=True, slots=True)
class HotelPolicy:
    """What the hotel and the guest's record say about answering.

    Attributes:
        threshold: confidence under which the AI hands over, 0 to 1.
        never_auto: topics that the AI leaves to staff.
        default_language: the conversation's language: what a text is in when it does not tell.
        languages: the hotel's own languages, BCP 47.
        hand_over_vips: whether VIPs always get a person.
        guest_is_vip: whether this guest is one.
        hotel_name: as guests know it.
        expected_wait: how long until staff answer, in words or numbers; None where nobody can say.
        model_allowed: whether a model may write, where one is configured: not when the hotel's budget is spent.
    """

    threshold: float = 0.5
    never_auto: frozenset[NeverAutoTopic] = DEFAULT_NEVER_AUTO
    default_language: str = "en"
    languages: tuple[str, ...] = ("en",)
    hand_over_vips: bool = False
    guest_is_vip: bool = False
    hotel_name: str = ""
    expected_wait: str | None = None
    model_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """An article that a reply was taken from; `score` is the confidence in it, 0 to 1, `version` the article's as it was read."""

    article_id: ArticleId
    title: str
    score: float
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One call of a provider's model. `cached_tokens` are among the input tokens."""

    provider: str
    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    outcome: str


@dataclass(frozen=True, slots=True)
class WritingArticle:
    """An article in the guest's language: its title, a line break, its body."""

    article_id: ArticleId
    text: str


@dataclass(frozen=True, slots=True)
class WritingTask:
    """An answer that is decided and wants words."""

    question: str
    language: str
    hotel_name: str
    history: tuple[HistoryItem, ...]
    articles: tuple[WritingArticle, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What a model made of it.

    Attributes:
        text: sentences that the articles support; None where the local writer has to say it.
        used: the articles that they are taken from.
        declined: the model finds no answer in the articles.
        use: what the call took.
    """

    text: str | None
    used: tuple[ArticleId, ...]
    declined: bool
    use: ModelUse


@dataclass(frozen=True, slots=True)
class Reply:
    """What the AI does with a turn. Code acts on `action`, never on the text."""

    action: TurnAction
    text: str
    language: str
    confidence: float
    sources: tuple[Source, ...] = ()
    reasons: tuple[HandOverReason, ...] = ()
    priority: Priority = Priority.NORMAL
    engine: str = "local"
    choices: tuple[str, ...] = ()
    """Of a question back: titles of the articles that may be meant; saying one as it is gets its answer."""
    use: ModelUse | None = None
    """What a model was asked for on the way to it."""


Search = Callable[[Vector, str, str], Awaitable[Found]]
"""The hotel's published articles for a question: (its vector, its text, its language) to what was found."""
OnText = Callable[[str], None]
"""Told the whole text so far, as it grows."""


class Writer(Protocol):
    """Words an answer; the local writer stands in wherever it gives no text."""

    async def write(self, task: WritingTask, on_text: OnText | None) -> Written:
        """The answer, as far as the task's articles support it. Raises nothing that a provider does."""
        ...
