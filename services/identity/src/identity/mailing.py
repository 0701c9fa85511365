"""How a due mail gets out: opened, handed to the mail server between two transactions, and settled by what that said.

A crash in between hands it over once more, with the same Message-ID.
"""

from dataclasses import dataclass
from datetime import timedelta

from identity.adapters.smtp import server_of
from identity.commands.mail import Contents, opened, settle_try, wait_for_server
from identity.commands.passwords import issue_reset
from identity.domain.letters import Facts, letter
from identity.domain.links import link_to
from identity.domain.mail import MailKind, MailStatus, Next, Tried, Try
from identity.resources import resources_of
from identity.settings import settings_of
from identity.tables_mail import MailRow
from servicekit import DueItem, Runtime
from servicekit.logging import log
from servicekit.vault import CannotOpen

NO_SERVER_PAUSE = timedelta(minutes=1)
"""Between two looks whether there is a mail server."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A mail that can be sent."""

    row: MailRow
    contents: Contents


async def deliver(item: DueItem, rt: Runtime) -> None:
    """Send one mail, or leave it for later."""
    settings = settings_of(rt)
    server = server_of(settings)
    if server is None:
        async with rt.worker_db.transaction(None, platform=True) as tx:
            following = await wait_for_server(item, NO_SERVER_PAUSE, tx)
        if following is not None:
            log.warning(
                "mail.waits", mail=str(item.object_id), status=following.status, why="FRONTDESK_SMTP_HOST is not set"
            )
        return
    try:
        ready = await _prepared(item, rt)
    except CannotOpen as error:
        await _settle(item, Try(Tried.REFUSED, "sealed under a key that is gone"), rt)
        log.error("mail.cannot_be_opened", mail=str(item.object_id), why=str(error))
        return
    if ready is None:
        return
    row, contents = ready.row, ready.contents
    link = link_to(settings.dashboard_url, contents.token) if contents.token else ""
    facts = Facts(name=contents.name, hotel=contents.hotel, link=link, lasting=contents.lasting)
    said = letter(MailKind(row.kind), row.language, facts)
    await _settle(item, await server.send(row.id, said, contents.to, contents.name, row.created_at), rt)


async def _prepared(item: DueItem, rt: Runtime) -> _Ready | None:
    """The mail with all that it needs; None: there is nothing to send any more."""
    vault = resources_of(rt).vault
    async with rt.worker_db.transaction(None, platform=True) as tx:
        row = await tx.find_locked(MailRow, item.object_id)
        if row is None or row.status != MailStatus.WAITING:
            return None
        if tx.now >= row.valid_until:
            row.settle(MailStatus.GIVEN_UP, tx.now)
            log.error("mail.given_up", mail=str(row.id), kind=str(row.kind), tries=row.tries, why=row.why)
            return None
        contents = opened(row, vault)
        if row.kind == MailKind.PASSWORD_RESET and not contents.token:
            complete = await issue_reset(row, contents, vault, tx)
            if complete is None:
                return None
            contents = complete
    return _Ready(row, contents)


async def _settle(item: DueItem, tried: Try, rt: Runtime) -> None:
    pause = timedelta(seconds=settings_of(rt).smtp_retry_seconds)
    async with rt.worker_db.transaction(None, platform=True) as tx:
        row, following = await settle_try(item, tried, pause, tx)
    if following is not None:
        _log(row, following, tried)


def _log(row: MailRow, following: Next, tried: Try) -> None:
    said = {"mail": str(row.id), "kind": str(row.kind), "tries": row.tries, "why": tried.why}
    match following.status:
        case MailStatus.SENT:
            log.info("mail.sent", **said)
        case MailStatus.WAITING:
            log.warning("mail.not_yet_sent", **said)
        case _:
            log.error(f"mail.{following.status}", **said)
