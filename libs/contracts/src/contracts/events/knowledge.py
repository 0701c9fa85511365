"""Knowledge-base events: keyed by article id. What an article says stays with the conversation service."""

from contracts import topics
from contracts.event import Event, Version
from contracts.ids import ArticleId
from contracts.values import LanguageTag


class _ArticleEvent(Event):
    article_id: ArticleId
    languages: tuple[LanguageTag, ...]
    published: bool
    version: Version


class ArticleCreated(_ArticleEvent, type="knowledge.article_created", topic=topics.KNOWLEDGE, key="article_id"):
    """An article was written; guests do not see it until it is published."""


class ArticleUpdated(_ArticleEvent, type="knowledge.article_updated", topic=topics.KNOWLEDGE, key="article_id"):
    """An article's text changed."""


class ArticlePublished(_ArticleEvent, type="knowledge.article_published", topic=topics.KNOWLEDGE, key="article_id"):
    """The AI may answer from the article."""


class ArticleUnpublished(_ArticleEvent, type="knowledge.article_unpublished", topic=topics.KNOWLEDGE, key="article_id"):
    """The AI may no longer answer from the article."""


class ArticleDeleted(_ArticleEvent, type="knowledge.article_deleted", topic=topics.KNOWLEDGE, key="article_id"):
    """The article is gone."""
