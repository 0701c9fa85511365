"""Imports are started, stopped, taken up again, accepted and discarded; the worker reads and writes (`importing.py`)."""

from base64 import b64decode
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy import text
from sqlmodel import col, select

from contracts.errors import Conflict, NotFound
from conversation.domain.importing import (
    MAX_FILE_BYTES,
    MAX_FILES,
    ArticleState,
    Change,
    ImportKind,
    ImportState,
)
from conversation.tables_imports import ImportArticleRow, ImportPageRow, ImportRow
from servicekit.commands import Command, Text
from servicekit.ids import new_id
from servicekit.transaction import Transaction

DUE = "knowledge_import"
"""An import has something to read or to write."""
MAX_FILES_BYTES = 8_000_000
"""Of all files of an import together."""
LARGEST_IMPORT_BYTES = MAX_FILES_BYTES * 4 // 3 + 100_000
"""Of the request that brings them, in base64."""


class ImportNotReady(Conflict):
    """Articles are accepted once everything has been read, and once."""

    slug, title = "import-not-ready", "This import can't be accepted now"


class ImportOver(Conflict):
    """There is nothing left to stop or to take up."""

    slug, title = "import-over", "This import is over"


class ImportOfFiles(Conflict):
    """Files are not kept, so that they can't be read again; upload them anew."""

    slug, title = "import-of-files", "Files have to be uploaded again"


def _base64(content: str) -> str:
    b64decode(content, validate=True)
    return content


class ImportFile(Command):
    """A file to read."""

    name: Annotated[Text, Field(max_length=200)]
    media_type: Annotated[str | None, Field(max_length=100, description="as the browser says, if it does")] = None
    content: Annotated[
        str,
        AfterValidator(_base64),
        Field(
            description=f"base64; {MAX_FILE_BYTES} bytes at most once decoded",
            json_schema_extra={"contentEncoding": "base64", "examples": ["IyBEb2dzCgpEb2dzIGFyZSB3ZWxjb21lLg=="]},
        ),
    ]

    def decoded(self) -> bytes:
        """What the file holds."""
        return b64decode(self.content)


class StartImport(Command):
    """Read files, a web page, or the pages of a sitemap, and propose articles of them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "page", "url": "https://lindenhof.example/faq"}]}
    )

    kind: ImportKind
    url: Annotated[
        str | None,
        Field(max_length=2000, pattern=r"^https?://\S+$", description="of the page or the sitemap; a public address"),
    ] = None
    files: Annotated[
        tuple[ImportFile, ...], Field(max_length=MAX_FILES, description="Markdown, CSV, HTML, PDF or DOCX")
    ] = ()

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        of_files = self.kind is ImportKind.FILES
        if of_files != bool(self.files) or of_files == bool(self.url):
            raise ValueError("an import of files has files, any other an address")
        sizes = [len(one.decoded()) for one in self.files]
        if max(sizes, default=0) > MAX_FILE_BYTES or sum(sizes) > MAX_FILES_BYTES:
            raise ValueError(f"{MAX_FILE_BYTES} bytes a file at most, {MAX_FILES_BYTES} in all")
        return self


class AcceptImport(Command):
    """Write articles of what is proposed."""

    articles: Annotated[
        tuple[UUID, ...] | Literal["all"],
        Field(max_length=5000, description="ids of proposed articles, or all that are new or changed"),
    ] = "all"
    publish: Annotated[StrictBool, Field(description="whether the AI may answer from them at once")] = False


async def start_import(command: StartImport, tx: Transaction) -> ImportRow:
    """Have something read. Files are kept until they have been."""
    row = ImportRow(id=new_id(), kind=command.kind.value, url=command.url)
    tx.add(row)
    await tx.flush()
    for position, file in enumerate(command.files):
        tx.add(
            ImportPageRow(
                import_id=row.id,
                position=position,
                hotel_id=row.hotel_id,
                name=file.name,
                media_type=file.media_type,
                content=file.decoded(),
            )
        )
    if command.kind is ImportKind.PAGE:
        tx.add(ImportPageRow(import_id=row.id, position=0, hotel_id=row.hotel_id, name=command.url or ""))
    await tx.due(DUE, row.id, tx.now)
    tx.audit("import.start", "import", row.id)
    return row


async def import_again(import_id: UUID, tx: Transaction) -> ImportRow:
    """Read the same page or sitemap anew, to find what has changed since its articles were written.

    Raises:
        NotFound: the hotel has no such import.
        ImportOfFiles: its files are gone.
    """
    before = await tx.get(ImportRow, import_id)
    if before.kind == ImportKind.FILES.value:
        raise ImportOfFiles
    return await start_import(StartImport(kind=ImportKind(before.kind), url=before.url), tx)


async def stop_import(import_id: UUID, tx: Transaction) -> ImportRow:
    """Stop between two pages or articles. What is done stays.

    Raises:
        NotFound: the hotel has no such import.
        ImportOver: it has nothing left to do.
    """
    row = await _in_work(import_id, tx)
    if not row.stopped:
        row.stopped = True
        row.version += 1
        tx.audit("import.stop", "import", row.id)
    return row


async def resume_import(import_id: UUID, tx: Transaction) -> ImportRow:
    """Go on where it was stopped.

    Raises:
        NotFound: the hotel has no such import.
        ImportOver: it has nothing left to do.
    """
    row = await _in_work(import_id, tx)
    if row.stopped:
        row.stopped = False
        row.version += 1
        await tx.due(DUE, row.id, tx.now)
        tx.audit("import.resume", "import", row.id)
    return row


async def accept_import(import_id: UUID, command: AcceptImport, tx: Transaction) -> ImportRow:
    """Have the chosen articles written, one after the other; each is there as a whole or not at all.

    Raises:
        NotFound: the hotel has no such import, or the import no such proposal.
        ImportNotReady: not everything has been read yet, or it has been accepted already.
    """
    row = await tx.lock(ImportRow, import_id)
    if row.state != ImportState.PREVIEW.value:
        raise ImportNotReady
    found: list[ImportArticleRow] = await tx.scalars(
        select(ImportArticleRow).where(col(ImportArticleRow.import_id) == row.id)
    )
    chosen = (
        {one.id for one in found if one.change != Change.SAME.value}
        if command.articles == "all"
        else set(command.articles)
    )
    if chosen - {one.id for one in found}:
        raise NotFound("No such proposed article")
    for one in found:
        one.state = (ArticleState.ACCEPTED if one.id in chosen else ArticleState.LEFT_OUT).value
    row.publish = command.publish
    row.state = (ImportState.WRITING if chosen else ImportState.DONE).value
    row.version += 1
    if chosen:
        await tx.due(DUE, row.id, tx.now)
    tx.audit("import.accept", "import", row.id)
    return row


async def discard_import(import_id: UUID, tx: Transaction) -> None:
    """Forget an import and what is left to do of it. Articles that were written stay.

    Raises:
        NotFound: the hotel has no such import.
    """
    row = await tx.lock(ImportRow, import_id)
    await tx.not_due(DUE, row.id)
    await tx.delete(row)
    tx.audit("import.discard", "import", row.id)


async def _in_work(import_id: UUID, tx: Transaction) -> ImportRow:
    row = await tx.lock(ImportRow, import_id)
    if row.state not in (ImportState.READING.value, ImportState.WRITING.value):
        raise ImportOver
    return row


NEXT_PAGE = text("""
    SELECT position FROM knowledge_import_pages
     WHERE import_id = :import_id AND state = 'waiting' ORDER BY tries, position LIMIT 1
""")
NEXT_ARTICLE = text("""
    SELECT id FROM knowledge_import_articles
     WHERE import_id = :import_id AND state = 'accepted' ORDER BY position LIMIT 1
""")
