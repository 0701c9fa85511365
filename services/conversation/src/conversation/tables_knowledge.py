"""The rows of the knowledge base: articles, their variants per language, and the embedded chunks of each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from contracts.ids import ArticleId
from conversation.domain.gaps import GapState
from conversation.domain.words import Language
from servicekit.ids import new_id
from servicekit.rows import Row, TenantRow, timestamp

SEARCH_CONFIGURATION: dict[Language, str] = {
    Language.EN: "english",
    Language.DE: "german",
    Language.FR: "french",
    Language.ES: "spanish",
    Language.IT: "italian",
    Language.NL: "dutch",
    Language.PT: "portuguese",
    Language.AR: "arabic",
    Language.ZH: "simple",
}
"""PostgreSQL's text search configuration per language; the text is normalised first, as the question is."""


class ArticleRow(TenantRow, table=True):
    """An article; what it says stands in its variants. Locked before anything about it changes."""

    __tablename__ = "knowledge_articles"

    published: bool = False

    @property
    def key(self) -> ArticleId:
        """The id, typed."""
        return ArticleId(self.id)


class VariantRow(Row, table=True):
    """An article in one language; position 0 is the original. `tsv` is written by commands.articles and not read."""

    __tablename__ = "knowledge_variants"

    article_id: UUID = Field(primary_key=True)
    language: str = Field(primary_key=True)
    hotel_id: UUID
    position: int
    title: str
    questions: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # SQLModel's stub takes the class only
    body: str


class ChunkRow(Row, table=True):
    """A piece of a variant with its vector (length 1) and its commonness. Its text stands in the variant."""

    __tablename__ = "knowledge_chunks"

    article_id: UUID = Field(primary_key=True)
    language: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    hotel_id: UUID
    text_key: str
    embedding: Any = Field(sa_type=Vector(384))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # Any: a list of floats, which SQLModel does not know as a column
    commonness: float


class RatingRow(Row, table=True):
    """What one person says of one answer. `article_ids` are the sources it is about; who rated is forgotten with a guest."""

    __tablename__ = "knowledge_ratings"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hotel_id: UUID
    conversation_id: UUID
    message_id: UUID
    turn_id: UUID | None = None
    rater: str
    rater_id: UUID | None = None
    article_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # SQLModel's stub takes the class only
    helpful: bool
    rated_at: datetime = timestamp()


class GapRow(TenantRow, table=True):
    """Questions of one meaning and language that the knowledge base left open. Changed under `commands.gaps`' gate."""

    __tablename__ = "knowledge_gaps"

    language: str
    state: str = GapState.OPEN.value
    article_id: UUID | None = None
    """That closed it; it may have been deleted since."""
    embedding: Any = Field(sa_type=Vector(384))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # Any: a list of floats, which SQLModel does not know as a column
    """Of its first question."""


class GapQuestionRow(Row, table=True):
    """A turn that is part of a gap. What was asked stands in the messages."""

    __tablename__ = "knowledge_gap_questions"

    turn_id: UUID = Field(primary_key=True)
    hotel_id: UUID
    gap_id: UUID
    conversation_id: UUID
    cause: str
    embedding: Any = Field(sa_type=Vector(384))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # Any: as above
    asked_at: datetime = timestamp()
