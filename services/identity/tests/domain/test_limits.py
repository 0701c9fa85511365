"""Numbers and lists that people and other systems were told (README, decisions, RFCs): changing one is a decision."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.permissions import Permission
from identity.domain import (
    api_keys,
    clients,
    devices,
    documents,
    guessing,
    hotels,
    impersonation,
    letters,
    links,
    mail,
    oidc,
    passwords,
    roles,
    second_factor,
    signing_keys,
)
from identity.domain.contact import PersonName, PhoneNumber
from identity.domain.sessions import Lifetimes


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Lifetimes(), Lifetimes(timedelta(days=14), timedelta(days=60), timedelta(seconds=10))),
        (api_keys.DEFAULT_DAYS, 365),
        (api_keys.LONGEST_DAYS, 730),
        (api_keys.LONGEST_OVERLAP, timedelta(days=7)),
        (api_keys.USE_NOTED_EVERY, timedelta(minutes=1)),
        (guessing.DEVICE_DAYS, 180),
        (impersonation.DEFAULT_MINUTES, 10),
        (impersonation.LONGEST_MINUTES, 14),
        (mail.LONGEST_PAUSE, timedelta(minutes=15)),
        (oidc.STATE_LIFE, timedelta(minutes=10)),
        (oidc.HANDOVER, timedelta(seconds=60)),
        (oidc.SECOND_FACTOR, timedelta(minutes=5)),
        (second_factor.ENROLMENT, timedelta(minutes=15)),
        (second_factor.FIRST_LOCK, timedelta(seconds=30)),
        (second_factor.LONGEST_LOCK, timedelta(hours=1)),
        (signing_keys.OVERLAP, timedelta(minutes=6)),
        (signing_keys.TOKENS_LAST, timedelta(minutes=15)),
    ],
)
def test_how_long_things_hold(found: object, told: object) -> None:
    assert found == told


def test_how_many_bits_a_secret_has_and_how_much_there_may_be() -> None:
    assert (links.TOKEN_BYTES, second_factor.SECRET_BYTES, second_factor.RECOVERY_BYTES) == (32, 20, 10)
    assert (second_factor.RECOVERY_CODES, second_factor.FREE_TRIES) == (10, 5)
    assert (passwords.MIN_LENGTH, passwords.MAX_LENGTH, passwords.MIN_DISTINCT, passwords.MIN_OWN) == (12, 128, 5, 4)
    assert (roles.MAX_OWN_ROLES, hotels.MAX_LANGUAGES, letters.LONGEST_NAME) == (50, 30, 80)
    assert (documents.MAX_DASHBOARD_BYTES, documents.MAX_FILTER_BYTES, documents.MAX_DEPTH) == (16_384, 4_096, 6)
    assert (devices.V4_BITS, devices.V6_BITS, devices.READ) == (24, 48, 512)


def test_what_no_key_is_given() -> None:
    assert {permission.value for permission in api_keys.NOT_FOR_KEYS} == {
        "message:send", "conversation:take_over", "user:write", "role:write", "api_key:read", "api_key:write",
        "impersonation:read", "impersonation:end", "impersonation:start", "signing_key:rotate", "hotel:create",
        "hotel:suspend", "hotel:delete", "hotel:link",
    }  # fmt: skip


def test_what_is_lent_to_somebody_in_a_members_place() -> None:
    assert {permission.value for permission in impersonation.LENT} == {
        "hotel:read", "hotel:write", "user:read", "guest:read", "guest:write", "audit:read", "conversation:read",
        "conversation:write", "conversation:take_over", "message:send", "article:read", "article:write",
        "article:publish", "escalation:read", "escalation:assign", "escalation:work", "live:read",
    }  # fmt: skip


def test_what_services_may_do_at_each_other() -> None:
    opening = (Permission.CONVERSATION_READ, Permission.ESCALATION_READ, Permission.HOTEL_READ)
    export = (Permission.CONVERSATION_READ, Permission.ESCALATION_READ, Permission.GUEST_READ)
    assert sorted(clients.AUDIENCES) == ["conversation", "escalation", "identity"]
    for audience in clients.AUDIENCES:
        assert clients.granted("gateway", audience) == opening
    assert clients.granted("identity", "conversation") == clients.granted("identity", "escalation") == export
    for client, audience in (("identity", "identity"), ("gateway", "gateway"), ("conversation", "identity")):
        assert clients.granted(client, audience) is None


@pytest.mark.parametrize("word", ["admin", "api", "app", "by-slug", "www", "static", "widget", "platform"])
def test_no_hotel_is_called_like_a_part_of_our_addresses(word: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        hotels.check_slug(word)


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        (PersonName, "x" * 200),
        (hotels.HotelName, "x" * 200),
        (hotels.Slug, "x" * 40),
        (hotels.Origin, "https://" + "x" * 245),
        (roles.RoleName, "x" * 40),
        (PhoneNumber, "+43 1 234 5678" + " " * 26),
    ],
)
def test_what_people_enter_is_bounded_at_both_ends(kind: Any, longest: str) -> None:
    entered = TypeAdapter[str](kind)  # Any: an annotated type
    entered.validate_python(longest)
    for bad in (longest + longest[-1], ""):
        with pytest.raises(ValidationError):
            entered.validate_python(bad)


def test_one_letter_is_a_name() -> None:
    for kind in (PersonName, hotels.HotelName):
        assert TypeAdapter[str](kind).validate_python("A") == "A"


def test_a_phone_number_and_an_origin_are_kept_in_their_one_form() -> None:
    assert TypeAdapter[str](PhoneNumber).validate_python("+43 (0)1 234-5678") == "+4312345678"
    assert TypeAdapter[str](hotels.Origin).validate_python("https://X.example") == "https://x.example"
