"""The rows of imports: what was read, what is proposed of it, and where articles came from."""

from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from conversation.domain.importing import ArticleState, ImportState, PageState
from servicekit.rows import Row, TenantRow


class ImportRow(TenantRow, table=True):
    """Files, a page or a sitemap on their way into the knowledge base."""

    __tablename__ = "knowledge_imports"

    kind: str
    url: str | None = None
    state: str = ImportState.READING.value
    stopped: bool = False
    problem: str | None = None
    publish: bool = False


class ImportPageRow(Row, table=True):
    """One file or page of an import."""

    __tablename__ = "knowledge_import_pages"

    import_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True)
    hotel_id: UUID
    name: str
    state: str = PageState.WAITING.value
    reason: str | None = None
    tries: int = 0
    media_type: str | None = None
    content: bytes | None = None
    etag: str | None = None
    last_modified: str | None = None


class ImportArticleRow(Row, table=True):
    """An article as it would be written."""

    __tablename__ = "knowledge_import_articles"

    id: UUID = Field(primary_key=True)
    import_id: UUID
    hotel_id: UUID
    position: int
    source: str
    anchor: str
    language: str
    title: str
    questions: Any = Field(default_factory=list, sa_type=ARRAY(Text))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # Any: a list of text, which SQLModel does not know as a column
    body: str
    change: str
    state: str = ArticleState.PROPOSED.value
    article_id: UUID | None = None


class OriginRow(Row, table=True):
    """Where an article's text in one language came from, and what it was then."""

    __tablename__ = "knowledge_origins"

    hotel_id: UUID = Field(primary_key=True)
    source: str = Field(primary_key=True)
    anchor: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    article_id: UUID
    fingerprint: str
    etag: str | None = None
    last_modified: str | None = None
