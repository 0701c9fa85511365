"""One OpenAPI document for the whole: the gateway's own routes and those it passes on, as their owners document them."""

from functools import lru_cache
from importlib.resources import files

from fastapi import Depends, Response

from servicekit import edge_router, public

router = edge_router(tags=["openapi"])


@lru_cache
def _document() -> bytes:
    return files("gateway").joinpath("openapi.json").read_bytes()


@router.get("/openapi.json", include_in_schema=False, dependencies=[Depends(public("the API's description"))])
async def openapi_document() -> Response:
    """The document of the whole API (made by `make schemas`)."""
    return Response(_document(), media_type="application/json")
