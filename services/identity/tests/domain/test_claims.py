"""What an access token says, claim by claim: other services decide by it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from identity.domain import claims

AT = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
MINUTES = timedelta(minutes=10)
ISSUER = "https://identity.example"
USER, HOTEL, SID, JTI = (UUID(int=number) for number in range(1, 5))
FRAME = {
    "iss": ISSUER,
    "aud": "frontdesk",
    "sub": str(USER),
    "iat": AT.timestamp(),
    "exp": AT.timestamp() + 600,
    "jti": str(JTI),
}
SCOPES = ("guest:read", "guest:write")


def of_user(hotel_id: UUID | None = HOTEL, *, enrolling: bool | None = None) -> claims.Claims:
    how = {} if enrolling is None else {"enrolling": enrolling}
    return claims.user_claims(
        user_id=USER, hotel_id=hotel_id, role="staff", scopes=SCOPES, sid=SID, at=AT, lifetime=MINUTES, issuer=ISSUER,
        jti=JTI, **how,
    )  # fmt: skip


MEMBER = {
    **FRAME,
    "kind": "user",
    "hotel_id": str(HOTEL),
    "role": "staff",
    "scopes": ["guest:read", "guest:write"],
    "sid": str(SID),
}


def test_a_persons_token_says_who_where_in_which_session_and_what_they_may_do() -> None:
    assert of_user() == MEMBER
    assert of_user(enrolling=False) == MEMBER


def test_on_the_platform_there_is_no_hotel() -> None:
    assert of_user(None) == {**MEMBER, "hotel_id": None}


def test_who_must_set_up_a_second_factor_may_do_nothing_else_and_nowhere_else() -> None:
    assert of_user(enrolling=True) == {**MEMBER, "aud": ["identity", "gateway"], "scopes": [], "enrolling": True}


def test_moments_keep_their_fractions_of_a_second() -> None:
    assert of_user()["iat"] == 1795435200.25


def test_a_services_token_is_for_one_other_service_and_says_for_whom_it_acts() -> None:
    def of_service(hotel_id: UUID | None, act: dict[str, object] | None) -> claims.Claims:
        return claims.service_claims(
            client_id="gateway", audience="conversation", hotel_id=hotel_id, scopes=SCOPES, act=act, at=AT,
            lifetime=MINUTES, issuer=ISSUER, jti=JTI,
        )  # fmt: skip

    alone = {
        **FRAME,
        "aud": "conversation",
        "sub": "gateway",
        "kind": "service",
        "client_id": "gateway",
        "hotel_id": str(HOTEL),
        "scopes": ["guest:read", "guest:write"],
    }
    assert of_service(HOTEL, None) == alone
    assert of_service(HOTEL, {"sub": "x"}) == {**alone, "act": {"sub": "x"}}
    assert of_service(None, None) == {**alone, "hotel_id": None}


def test_an_api_keys_token_is_the_hotels_and_ends_with_its_session() -> None:
    found = claims.api_key_claims(
        key_id=USER, hotel_id=HOTEL, scopes=SCOPES, sid=SID, at=AT, lifetime=MINUTES, issuer=ISSUER, jti=JTI
    )
    assert found == {
        **FRAME,
        "kind": "api_key",
        "hotel_id": str(HOTEL),
        "scopes": ["guest:read", "guest:write"],
        "sid": str(SID),
    }


def test_in_a_members_place_the_token_is_the_members_and_names_who_acts() -> None:
    superadmin = UUID(int=9)
    found = claims.impersonation_claims(
        user_id=USER, superadmin_id=superadmin, hotel_id=HOTEL, role="staff", scopes=SCOPES, sid=SID, at=AT,
        lifetime=MINUTES, issuer=ISSUER, jti=JTI,
    )  # fmt: skip
    assert found == {**MEMBER, "act": {"sub": str(superadmin), "kind": "user", "id": str(superadmin)}}
