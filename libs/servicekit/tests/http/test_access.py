"""The permission walk: every route says what it demands, or the service is not built."""

import re
from types import ModuleType
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, WebSocket

from contracts.actor import ActorKind
from servicekit import Actor, Service, Tx, edge_router, first_frame, may, problems, public, route_permissions, signed_in
from servicekit.access import Access, AccessKind, Admit, NoHotel, RouteWithoutPermission, SecondFactorNeeded, check


def test_every_route_is_listed_with_what_it_demands(desk_module: ModuleType) -> None:
    walk = {
        (line.method, line.path): [(one.kind, one.value) for one in line.access]
        for line in route_permissions(desk_module.service.app())
    }
    assert walk["POST", "/notes"] == [("permission", "conversation:write")]
    assert walk["GET", "/notes"] == [("permission", "conversation:read")]
    assert walk["WS", "/live"] == [("permission", "live:read")]
    assert walk["WS", "/guarded"] == [("permission", "conversation:read")]
    assert walk["GET", "/widget"] == [("guest", "")]
    assert walk["GET", "/me"] == [("signed_in", "")]
    assert walk["GET", "/whoever"] == [("public", "says who you are")]
    assert walk["GET", "/openapi.json"] == [("public", "the API's description")]


def test_a_route_that_demands_nothing_keeps_the_service_from_starting() -> None:
    router = edge_router("/things")

    @router.get("/{thing}")
    async def bare(thing: str) -> str:
        return thing

    with pytest.raises(RouteWithoutPermission, match=r"GET /things/\{thing\}"):
        Service("bare", routers=[router]).app()


def test_a_websocket_that_demands_nothing_does_so_too() -> None:
    router = edge_router()

    @router.websocket("/live")
    async def bare(websocket: WebSocket) -> None: ...

    with pytest.raises(RouteWithoutPermission, match="WS /live"):
        Service("bare", routers=[router]).app()


def test_a_demand_counts_wherever_it_is_declared() -> None:
    inner, outer = edge_router("/inner"), edge_router("/outer", dependencies=[Depends(may("audit:read"))])

    @inner.get("/a")
    async def a() -> None: ...

    @inner.websocket("/b")
    async def b(websocket: WebSocket, admit: Annotated[Admit, Depends(first_frame("live:read"))]) -> None: ...

    outer.include_router(inner)
    walk = {
        line.path: [one.value for one in line.access] for line in route_permissions(Service("x", routers=[outer]).app())
    }
    assert walk["/outer/inner/a"] == ["audit:read"]
    assert set(walk["/outer/inner/b"]) == {"audit:read", "live:read"}


def test_a_route_that_skips_the_edge_is_refused() -> None:
    router = APIRouter()

    @router.get("/plain", dependencies=[Depends(public("a test"))])
    async def plain() -> None: ...

    with pytest.raises(TypeError, match="/plain"):
        Service("plain", routers=[router]).app()


def test_public_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="why"):
        public(" ")


def test_openapi_tells_permissions_problems_and_the_idempotency_key(desk_module: ModuleType) -> None:
    document = desk_module.service.app().openapi()
    add = document["paths"]["/notes"]["post"]
    assert add["security"] == [{"bearer": []}]
    assert add["x-permissions"] == ["conversation:write"]
    assert {"201", "400", "401", "403", "413", "415", "422", "default"} <= set(add["responses"])
    assert "Idempotency-Key" in [parameter["name"] for parameter in add["parameters"]]
    refusal = add["responses"]["422"]["content"]["application/problem+json"]["schema"]
    assert refusal == {"$ref": "#/components/schemas/Problem"}
    assert "errors" in document["components"]["schemas"]["Problem"]["properties"]
    assert "HTTPValidationError" not in str(document)
    assert "security" not in document["paths"]["/whoever"]["get"]
    assert "404" in document["paths"]["/notes/{note_id}"]["get"]["responses"]


def test_openapi_names_the_types_of_a_routes_own_problems_and_then_of_everybodys() -> None:
    router = edge_router()

    @router.post("/a", responses=problems(NoHotel), dependencies=[Depends(signed_in())])
    async def a(body: dict[str, str], tx: Tx) -> None: ...

    @router.get("/b", dependencies=[Depends(signed_in(enrolling=True))])
    async def b() -> None: ...

    paths = Service("x", routers=[router]).app().openapi()["paths"]
    posted, asked = paths["/a"]["post"]["responses"], paths["/b"]["get"]["responses"]
    slugs = {
        status: re.findall(r"\(`(.+?)`\)", answer["description"])
        for status, answer in (*posted.items(), ("b403", asked["403"]), ("b422", asked["422"]))
    }
    assert slugs["401"] == ["unauthenticated"]
    assert slugs["403"] == ["no-hotel", "forbidden", "not-your-account", "second-factor-needed"]
    assert slugs["422"] == ["validation", "invalid", "idempotency-key-reused"]
    assert (slugs["b403"], slugs["b422"]) == (["forbidden", "not-your-account"], ["validation"])


@pytest.mark.parametrize("kind", [AccessKind.PERMISSION, AccessKind.SIGNED_IN, AccessKind.GUEST])
def test_who_has_yet_to_set_up_a_second_factor_gets_in_only_where_a_route_says_so(kind: AccessKind) -> None:
    waiting = Actor(ActorKind.USER, scopes=frozenset({"user:read"}), enrolling=True)
    with pytest.raises(SecondFactorNeeded):
        check(waiting, Access(kind, "user:read"))
    assert check(waiting, Access(AccessKind.SIGNED_IN, enrolling=True)) is waiting
