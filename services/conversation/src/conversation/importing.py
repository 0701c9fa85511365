"""The runner of imports: reads page after page and writes article after article, each in a transaction of its own.

A crash anywhere leaves the import due: whoever claims it next goes on with the first page that has not been read or the first
article that has not been written. Fetching, reading and splitting hold no transaction.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from conversation.adapters.fetched import Fetched, NotFetched, NotModified
from conversation.adapters.readers import Unreadable, read
from conversation.commands.importing import write_imported
from conversation.commands.imports import NEXT_ARTICLE, NEXT_PAGE
from conversation.domain.importing import (
    MAX_PAGES,
    MAX_TRIES,
    ImportKind,
    ImportState,
    PageState,
    change,
    fingerprint,
)
from conversation.domain.splitting import Proposed, propose
from conversation.resources import resources_of
from conversation.tables import HotelRow
from conversation.tables_imports import ImportArticleRow, ImportPageRow, ImportRow, OriginRow
from servicekit.due import DueItem
from servicekit.ids import new_id
from servicekit.logging import log
from servicekit.metrics import counter
from servicekit.runtime import Runtime
from servicekit.transaction import Transaction

PAUSE_SECONDS = 2.0
"""Before a page is tried again; doubles with each try, unless the site says how long to wait."""

PAGES = counter("conversation_import_pages_total", "Pages and files that were read for the knowledge base", "state")

_HIGHEST = text("SELECT coalesce(max(position), -1) FROM knowledge_import_articles WHERE import_id = :import_id")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that is to be read, with what is known of it."""

    position: int
    name: str
    kind: ImportKind
    media_type: str | None
    content: bytes | None
    tries: int
    etag: str | None
    last_modified: str | None
    default_language: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """What came of a page."""

    state: PageState
    reason: str | None = None
    proposed: tuple[Proposed, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    pause_seconds: float = 0.0


async def run_import(item: DueItem, rt: Runtime) -> None:
    """Do what is left of an import until it is read or written, or somebody stops it."""
    while await _step(item, rt):
        pass


async def _step(item: DueItem, rt: Runtime) -> bool:
    """One page or one article; whether there may be more."""
    async with rt.worker_db.transaction(item.hotel_id, read_only=True) as tx:
        row = await tx.find(ImportRow, item.object_id)
        state = None if row is None or row.stopped else ImportState(row.state)
        sitemap = row.url if row is not None and row.kind == ImportKind.SITEMAP.value else None
        listed = await _is_listed(item.object_id, tx)
        page = await _next_page(item.object_id, row, tx) if row is not None and state is ImportState.READING else None
        article = await tx.scalar(NEXT_ARTICLE, {"import_id": item.object_id})
    if state is ImportState.READING and sitemap is not None and not listed:
        return await _list_pages(item, sitemap, rt)
    if state is ImportState.READING and page is not None:
        if page.tries:
            await asyncio.sleep(PAUSE_SECONDS * 2 ** (page.tries - 1))
        found = await _read(page, rt)
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await _store(item.object_id, page, found, tx)
        PAGES.labels(found.state.value).inc()
        return True
    if state is ImportState.WRITING and article is not None:
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await write_imported(item.object_id, article, tx, resources_of(rt).embedder)
        return True
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await _rest(item, tx)
    return False


async def _rest(item: DueItem, tx: Transaction) -> None:
    """Nothing is left, or it was stopped. Looked at again under the lock: somebody may have resumed it."""
    row = await tx.find_locked(ImportRow, item.object_id)
    await tx.finish(item)
    if row is None or row.stopped:
        return
    if row.state == ImportState.READING.value:
        row.state = ImportState.PREVIEW.value
        row.version += 1
    elif row.state == ImportState.WRITING.value:
        row.state = ImportState.DONE.value
        row.version += 1


async def _list_pages(item: DueItem, url: str, rt: Runtime) -> bool:
    problem, names = None, list[str]()
    try:
        names = [entry.url for entry in await resources_of(rt).web.sitemap(url, limit=MAX_PAGES)]
        if not names:
            problem = "The sitemap lists no page of its site."
    except NotFetched as error:
        problem = error.reason
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        row = await tx.lock(ImportRow, item.object_id)
        if problem is not None:
            row.problem, row.state = problem, ImportState.DONE.value
            row.version += 1
        elif not await _is_listed(row.id, tx):
            for position, name in enumerate(names):
                tx.add(ImportPageRow(import_id=row.id, position=position, hotel_id=row.hotel_id, name=name))
    return True


async def _is_listed(import_id: UUID, tx: Transaction) -> bool:
    first = select(ImportPageRow.position).where(col(ImportPageRow.import_id) == import_id).limit(1)
    return await tx.scalar(first) is not None


async def _next_page(import_id: UUID, row: ImportRow, tx: Transaction) -> _Page | None:
    position = await tx.scalar(NEXT_PAGE, {"import_id": import_id})
    if position is None:
        return None
    page = await tx.get(ImportPageRow, (import_id, position))
    hotel = await tx.get(HotelRow, row.hotel_id)
    origin = next(iter(await _origins(page.name, tx)), None)
    return _Page(
        position=page.position,
        name=page.name,
        kind=ImportKind(row.kind),
        media_type=page.media_type,
        content=page.content,
        tries=page.tries,
        etag=origin.etag if origin else None,
        last_modified=origin.last_modified if origin else None,
        default_language=hotel.default_language,
        languages=tuple(hotel.languages),
    )


async def _read(page: _Page, rt: Runtime) -> _Read:
    """Fetch, read and split. Whatever is wrong with one page is a reason beside it, and no more."""
    name, media_type, content = page.name, page.media_type, page.content
    etag = last_modified = charset = None
    try:
        if page.kind is not ImportKind.FILES:
            got = await resources_of(rt).web.fetch(name, etag=page.etag, last_modified=page.last_modified)
            if isinstance(got, NotModified):
                return _Read(PageState.UNCHANGED)
            assert isinstance(got, Fetched)
            media_type, content, charset = got.media_type, got.content, got.charset
            etag, last_modified = got.etag, got.last_modified
        assert content is not None
        source = await asyncio.to_thread(read, name, media_type, content, charset)
        proposed = await asyncio.to_thread(propose, source, page.default_language, page.languages)
    except NotFetched as error:
        again = error.retry and page.tries + 1 < MAX_TRIES
        return _Read(PageState.WAITING if again else PageState.FAILED, error.reason)
    except Unreadable as error:
        return _Read(PageState.FAILED, str(error))
    except Exception as error:
        # A reader that trips over one file must not keep the other 999 from being read.
        log.warning("import.page_failed", error=type(error).__name__)
        return _Read(PageState.FAILED, "This could not be read.")
    if not proposed:
        return _Read(PageState.FAILED, "There is no text in it that could become an article.")
    return _Read(PageState.READ, None, proposed, etag, last_modified)


async def _store(import_id: UUID, page: _Page, found: _Read, tx: Transaction) -> None:
    """What came of a page, whole or not at all; nothing where it has been stored already or the import is gone."""
    row = await tx.find_locked(ImportRow, import_id)
    stored = await tx.find_locked(ImportPageRow, (import_id, page.position))
    if row is None or stored is None or stored.state != PageState.WAITING.value:
        return
    stored.state, stored.reason, stored.tries = found.state.value, found.reason, page.tries + 1
    stored.etag, stored.last_modified = found.etag, found.last_modified
    if found.state is not PageState.WAITING:
        stored.content = None
    row.version += 1
    known = {(one.anchor, one.language): one for one in await _origins(page.name, tx)}
    last = int(await tx.scalar(_HIGHEST, {"import_id": import_id}) or 0)
    for place, one in enumerate(found.proposed, last + 1):
        tx.add(_article(row, page.name, place, one, known))


def _article(
    row: ImportRow, source: str, position: int, one: Proposed, known: Mapping[tuple[str, str], OriginRow]
) -> ImportArticleRow:
    origin = known.get((one.anchor, one.language))
    now = fingerprint(one.title, one.questions, one.body)
    return ImportArticleRow(
        id=new_id(),
        import_id=row.id,
        hotel_id=row.hotel_id,
        position=position,
        source=source,
        anchor=one.anchor,
        language=one.language,
        title=one.title,
        questions=list(one.questions),
        body=one.body,
        change=change(origin.fingerprint if origin else None, now).value,
        article_id=origin.article_id if origin else None,
    )


async def _origins(source: str, tx: Transaction) -> Sequence[OriginRow]:
    found: list[OriginRow] = await tx.scalars(
        select(OriginRow).where(col(OriginRow.hotel_id) == tx.hotel_id, col(OriginRow.source) == source)
    )
    return found
