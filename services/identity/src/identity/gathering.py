"""Gathering a person's data from every service that keeps some, until all have answered."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx

from contracts.guest_data import HOLDERS
from contracts.ids import GuestId
from identity.commands.export import keep_archive, kept_until, note_missing
from identity.domain.export_archive import build
from identity.queries.export import own_part
from identity.resources import resources_of
from identity.settings import settings_of
from identity.tables_privacy import ExportRow
from servicekit import DueItem, Runtime
from servicekit.logging import log
from servicekit.problems import Unavailable

ANSWER_SECONDS = 30.0
"""How long a service may take to say all it has."""
OWN = "identity"
Json = Any  # Any: JSON


class NotAllAnswered(Exception):
    """A service is away: the export waits for it. The runner asks all of them again, later and later."""


async def gather(item: DueItem, rt: Runtime) -> None:
    """Ask every service, seal what they say, and keep it for as long as the settings say.

    Raises:
        NotAllAnswered: it is to be tried again.
    """
    async with rt.worker_db.transaction(item.hotel_id, read_only=True) as tx:
        row = await tx.find(ExportRow, item.object_id)
        own = await own_part(GuestId(row.guest_id), tx) if row is not None else None
    if row is None or own is None:
        return
    ids = [guest.id for guest in own.guests]
    others = sorted(HOLDERS - {OWN})
    answers = await asyncio.gather(*(_ask(service, ids, row, rt) for service in others))
    if missing := [service for service, answer in zip(others, answers, strict=True) if answer is None]:
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await note_missing(item, missing, tx)
        raise NotAllAnswered(", ".join(missing))
    parts = {OWN: own.model_dump(mode="json"), **dict(zip(others, answers, strict=True))}
    archive = await asyncio.to_thread(build, own.hotel, rt.clock(), parts)
    sealed = await asyncio.to_thread(resources_of(rt).vault.seal, archive, *row.place)
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await keep_archive(item, sealed, kept_until(tx.now, settings_of(rt).guest_export_days), tx)


async def _ask(service: str, guest_ids: Sequence[GuestId], row: ExportRow, rt: Runtime) -> Json | None:
    """What the service keeps under these ids; None while it cannot say."""
    client = rt.http(settings_of(rt).service_url(service), timeout_seconds=ANSWER_SECONDS)
    try:
        answer = await client.get(
            "/guest-data",
            params=[("guest_id", str(one)) for one in guest_ids],
            auth=rt.service_tokens.auth(service, row.hotel_id, row.asked_by()),
        )
    except (httpx.HTTPError, Unavailable) as error:
        log.warning("export.not_answered", of=service, error=type(error).__name__)
        return None
    if not answer.is_success:
        log.warning("export.not_answered", of=service, status=answer.status_code)
        return None
    return answer.json()
