"""ETag and If-Match (RFC 9110, 8.8.3 and 13.1.1): nobody overwrites what somebody else has just changed."""

import re
from hashlib import sha256
from typing import Annotated, Protocol

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from contracts.errors import PreconditionFailed
from servicekit.problems import Malformed

_ETAG = re.compile(r'^(?:W/)?"(\d{1,18})"$')
"""The weak form too: proxies that compress make our ETags weak, and a version is as good then as before."""


class Versioned(Protocol):
    """A row with an optimistic version."""

    version: int


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            description='the ETag last read, e.g. `"3"`; `*` takes any',
            json_schema_extra={
                "pattern": r'^(\*|(W/)?"[0-9]{1,18}")$'
            },  # told, not checked: ours is the clearer refusal
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.match(if_match.strip())
    if found is None:
        raise Malformed("If-Match holds one ETag of ours or *", pointer="header:if-match")
    return int(found[1])


IfMatch = Annotated[int | None, Depends(_if_match)]
"""The version the caller last saw; None when they did not say or take any."""


def set_etag(response: Response, version: int) -> None:
    """Give the answer the ETag of that version."""
    response.headers["ETag"] = f'"{version}"'


def check_version(row: Versioned, if_match: int | None) -> None:
    """Compare under the row's lock.

    Raises:
        PreconditionFailed: the row has another version.
    """
    if if_match is not None and row.version != if_match:
        raise PreconditionFailed(f"it is at version {row.version} now", pointer="header:if-match")


def not_modified(request: Request, view: BaseModel) -> Response:
    """The view with an ETag of its content, to be asked for again each time; 304 where the caller has it already."""
    body = view.model_dump_json().encode()
    etag = f'W/"{sha256(body).hexdigest()[:24]}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
