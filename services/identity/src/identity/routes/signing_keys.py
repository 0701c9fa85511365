"""The keys that sign every token: for the platform's operators."""

from typing import Annotated

from fastapi import Depends, Path

from contracts.errors import NotFound
from identity.commands.signing_keys import rotate_keys, withdraw_key
from identity.domain.signing_keys import NextKeyTooYoung
from identity.queries.signing_keys import SigningKeysView, SigningKeyView, list_signing_keys, view_of
from identity.resources import resources_of
from servicekit import Actor, PlatformTx, Rt, edge_router, may, problems

router = edge_router("/signing-keys", tags=["signing keys"])
Rotator = Annotated[Actor, Depends(may("signing_key:rotate"))]
Kid = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]


@router.get("")
async def list_signing_keys_route(_: Rotator, tx: PlatformTx) -> SigningKeysView:
    """Every key there ever was: the one that signs, the next one, and those whose signatures are still checked."""
    return await list_signing_keys(tx)


@router.post("/rotate", responses=problems(NextKeyTooYoung))
async def rotate_keys_route(_: Rotator, rt: Rt, tx: PlatformTx) -> SigningKeyView:
    """Let the next key sign from now on. No token is refused, nothing is started again."""
    row = await rotate_keys(resources_of(rt).vault, tx)
    assert row is not None  # on demand it is due, or refused
    return view_of(row, tx.now)


@router.post("/{kid}/withdraw", responses=problems(NotFound))
async def withdraw_key_route(kid: Kid, _: Rotator, rt: Rt, tx: PlatformTx) -> SigningKeyView:
    """Withdraw a key that is in the wrong hands: what it signed is refused within five seconds. People refresh by
    themselves."""
    return view_of(await withdraw_key(kid, resources_of(rt).vault, tx), tx.now)
