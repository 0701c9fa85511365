"""Who is on record when somebody acts in another's place, or a hotel's other system calls."""

from uuid import uuid4

from contracts.actor import ActorKind, ActorRef
from contracts.ids import HotelId
from servicekit.auth import actor_of
from servicekit.testing import RunningService, TokenIssuer

CLAIMS = {"iat": 1.0, "exp": 2.0}


def test_a_service_acts_for_whom_it_names_and_an_impersonated_member_is_acted_for() -> None:
    somebody, member = uuid4(), uuid4()
    act = {"kind": "user", "id": str(somebody)}
    person, of_member = (ActorRef(kind=ActorKind.USER, id=one) for one in (somebody, member))
    service = actor_of({**CLAIMS, "sub": "gateway", "kind": "service", "act": act})
    assert service.on_record() == (ActorRef(kind=ActorKind.SERVICE), person)
    lent = actor_of({**CLAIMS, "sub": str(member), "act": {**act, "sub": str(somebody)}})
    assert lent.on_record() == (person, of_member)
    assert lent.ref() == of_member, "what they do in the member's place, the member has done"
    assert (service.impersonated, lent.impersonated) == (False, True)


def test_an_api_key_is_a_service_with_an_id_and_no_person() -> None:
    key = uuid4()
    actor = actor_of({**CLAIMS, "sub": str(key), "kind": "api_key", "hotel_id": str(uuid4())})
    assert (actor.kind, actor.id, actor.api_key_id) == (ActorKind.SERVICE, None, key)
    assert actor.on_record() == (ActorRef(kind=ActorKind.SERVICE, id=key), None)


async def test_who_acts_in_a_members_place_leaves_the_account_alone(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    root, member = uuid4(), uuid4()
    act = {"sub": str(root), "kind": "user", "id": str(root)}
    lent = desk.client(issuer.token(hotel_id=hotel, user_id=member, act=act))
    refused = await lent.get("/me")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:frontdesk:problem:not-your-account")
    assert (await lent.post("/notes", json={"text": "x"})).status_code == 201
