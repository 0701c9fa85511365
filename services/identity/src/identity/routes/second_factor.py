"""One's own second factor: an authenticator app and recovery codes. Answers hold secrets: nothing keeps them.

Where a code is looked at, the route opens its own transaction and refuses after the commit, so that a wrong code stays
counted; Idempotency-Key does not apply there.
"""

from fastapi import Response
from pydantic import BaseModel, Field

from identity.commands.second_factor import (
    ConfirmTotp,
    DisableTotp,
    EnrolTotp,
    RenewRecoveryCodes,
    confirm_totp,
    disable_totp,
    enrol_totp,
    renew_recovery_codes,
)
from identity.domain.second_factor import (
    NoEnrolment,
    SecondFactorLocked,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRefused,
    WrongSecondFactor,
)
from identity.domain.sessions import WrongPassword
from identity.resources import resources_of
from identity.routes.account import Enrolling, SignedIn, check_password_limit
from identity.routes.scopes import OwnTx, own_id
from identity.settings import settings_of
from servicekit import Actor, Rt, Runtime, edge_router, problems
from servicekit.problems import TooManyRequests

router = edge_router("/me/totp", tags=["own account"])


class EnrolmentView(BaseModel):
    """A secret that is said once. Nobody is asked for a code before one confirmed it."""

    secret: str = Field(description="base32, for typing")
    uri: str = Field(description="otpauth://, for a QR code")


class RecoveryCodesView(BaseModel):
    """Recovery codes, said once. Each stands in for the authenticator app one time."""

    recovery_codes: list[str]


@router.post("", responses=problems(WrongPassword, SecondFactorOn, TooManyRequests))
async def enrol_totp_route(
    command: EnrolTotp, actor: Enrolling, rt: Rt, tx: OwnTx, response: Response
) -> EnrolmentView:
    """Begin with an authenticator app. A code from it confirms within 15 minutes; until then nothing changes."""
    await check_password_limit(actor, rt)
    kept, issuer = resources_of(rt), settings_of(rt).totp_issuer
    enrolment = await enrol_totp(own_id(actor), command, kept.passwords, kept.vault, issuer, tx)
    response.headers["Cache-Control"] = "no-store"
    return EnrolmentView(secret=enrolment.secret, uri=enrolment.uri)


@router.post(
    "/confirm",
    responses=problems(NoEnrolment, SecondFactorOn, WrongSecondFactor, SecondFactorLocked, TooManyRequests),
)
async def confirm_totp_route(command: ConfirmTotp, actor: Enrolling, rt: Rt, response: Response) -> RecoveryCodesView:
    """Switch the second factor on. Every other session ends; this one goes on."""
    await _limit(actor, rt)
    async with rt.db.transaction(actor.hotel_id, actor=actor) as tx:
        codes = await confirm_totp(own_id(actor), command, actor.sid, resources_of(rt).vault, tx)
    if isinstance(codes, SecondFactorRefused):
        raise _of_somebody_signed_in(codes, "/code")
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesView(recovery_codes=codes)


@router.post(
    "/recovery-codes", responses=problems(SecondFactorOff, WrongSecondFactor, SecondFactorLocked, TooManyRequests)
)
async def renew_recovery_codes_route(
    command: RenewRecoveryCodes, actor: SignedIn, rt: Rt, response: Response
) -> RecoveryCodesView:
    """Other recovery codes; the former ones are void."""
    await _limit(actor, rt)
    async with rt.db.transaction(actor.hotel_id, actor=actor) as tx:
        codes = await renew_recovery_codes(own_id(actor), command, resources_of(rt).vault, tx)
    if isinstance(codes, SecondFactorRefused):
        raise _of_somebody_signed_in(codes, "/code")
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesView(recovery_codes=codes)


@router.post(
    "/disable",
    status_code=204,
    responses=problems(WrongPassword, SecondFactorOff, WrongSecondFactor, SecondFactorLocked, TooManyRequests),
)
async def disable_totp_route(command: DisableTotp, actor: SignedIn, rt: Rt) -> None:
    """Switch the second factor off, with the password and a code or a recovery code. Every other session ends."""
    await check_password_limit(actor, rt)
    kept = resources_of(rt)
    async with rt.db.transaction(actor.hotel_id, actor=actor) as tx:
        refused = await disable_totp(own_id(actor), command, actor.sid, kept.passwords, kept.vault, tx)
    if refused is not None:
        raise _of_somebody_signed_in(refused, "/second_factor")


def _of_somebody_signed_in(refused: SecondFactorRefused, pointer: str) -> SecondFactorLocked | WrongSecondFactor:
    return refused if isinstance(refused, SecondFactorLocked) else WrongSecondFactor(pointer=pointer)


async def _limit(actor: Actor, rt: Runtime) -> None:
    await rt.limits.check(settings_of(rt).sign_in_limit, "second-factor", actor.key)
