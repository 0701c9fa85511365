"""Connections: who makes them, who sees them, and what nobody is told."""

from base64 import urlsafe_b64encode
from uuid import UUID

from identity_play import SECRET_KEY, Desk, Hotel, body, refusal
from oidc_play import Issuer, connect, domain_of

from identity.commands.oidc_connections import rewrap_connections
from identity.tables_oidc import OidcConnectionRow
from servicekit.vault import Vault

CONNECTION = {
    "name": "Chain",
    "issuer": "https://login.example.com/realms/a",
    "client_id": "desk",
    "client_secret": "hush",
}


async def test_an_admin_runs_their_hotels_connections_and_nobody_is_told_the_secret(hotel: Hotel) -> None:
    api = hotel.admin.api
    made = body(await api.post("/oidc-connections", json=CONNECTION | {"domains": [domain_of(hotel)]}), 201)
    path = f"/oidc-connections/{made['id']}"
    assert (made["has_secret"], made["confirmed_domains"], made["default_role"]) == (True, [], "viewer")
    changed = body(await api.patch(path, json={"name": "Our chain"}, headers={"If-Match": '"1"'}))
    assert (changed["name"], changed["has_secret"], changed["version"]) == ("Our chain", True, 2)
    assert body(await api.get(path)) == changed
    assert refusal(await api.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'}), 412) == "precondition-failed"
    listed = await api.get("/oidc-connections")
    assert [item["id"] for item in body(listed)["items"]] == [made["id"]]
    assert "hush" not in listed.text
    assert (await api.delete(path)).status_code == 204
    assert refusal(await api.get(path), 404) == "not-found"


async def test_another_hotels_connection_and_the_platforms_do_not_exist_for_a_hotel(
    desk: Desk, hotel: Hotel, other_hotel: Hotel, provider: Issuer
) -> None:
    theirs, platforms = await connect(desk, other_hotel, provider), await connect(desk, None, provider)
    for made in (theirs, platforms):
        path = f"/oidc-connections/{made['id']}"
        assert refusal(await hotel.admin.api.get(path), 404) == "not-found"
        assert refusal(await hotel.admin.api.patch(path, json={"name": "x"}), 404) == "not-found"
        assert refusal(await hotel.admin.api.delete(path), 404) == "not-found"
    staff = await hotel.member("staff")
    assert refusal(await staff.api.get("/oidc-connections"), 403) == "missing-permission"
    assert (await desk.root.delete(f"/oidc-connections/{platforms['id']}")).status_code == 204


async def test_a_hotel_does_not_confirm_its_own_domains_and_another_issuer_has_them_confirmed_again(
    desk: Desk, hotel: Hotel, provider: Issuer
) -> None:
    made = await connect(desk, hotel, provider)
    path, domains = f"/oidc-connections/{made['id']}", {"domains": [domain_of(hotel)]}
    assert made["confirmed_domains"] == [domain_of(hotel)]
    assert refusal(await hotel.admin.api.post(f"{path}/confirm-domains", json=domains), 403) == "missing-permission"
    assert (await hotel.admin.api.patch(path, json={"confirmed_domains": ["x.example"]})).status_code == 422
    more = body(await hotel.admin.api.patch(path, json={"domains": [domain_of(hotel), "bank.example"]}))
    assert more["confirmed_domains"] == [domain_of(hotel)]
    moved = body(await hotel.admin.api.patch(path, json={"issuer": "https://evil.example"}))
    assert (moved["confirmed_domains"], moved["has_secret"]) == ([], False)
    foreign = {"domains": ["other.example"]}
    assert refusal(await desk.root.post(f"{path}/confirm-domains", json=foreign), 422) == "not-its-domain"


async def test_what_cannot_be_a_connection_is_refused_with_its_field(hotel: Hotel) -> None:
    for field, value in {
        "issuer": "http://login.example.com",
        "domains": ["UPPER.example"],
        "default_role": "superadmin",
        "organisation_claim": "a b",
        "hotel_id": str(hotel.id),
    }.items():
        answer = await hotel.admin.api.post("/oidc-connections", json=CONNECTION | {field: value})
        assert answer.status_code == 422, field
        assert answer.json()["errors"][0]["pointer"].startswith(f"/{field}")
    wild = await hotel.admin.api.post("/oidc-connections", json=CONNECTION | {"domains": ["*"]})
    assert refusal(wild, 422) == "not-its-domain"


async def test_secrets_come_under_a_new_key_and_open_with_it_alone(desk: Desk, hotel: Hotel) -> None:
    made = body(await hotel.admin.api.post("/oidc-connections", json=CONNECTION), 201)
    newer = urlsafe_b64encode(bytes(32)).decode()
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:
        done = await rewrap_connections(UUID(int=0), Vault(f"{newer} {SECRET_KEY}"), tx)
        assert (done.count >= 1, done.lost) == (True, ())
        row = await tx.get(OidcConnectionRow, UUID(made["id"]))
        assert row.opened_secret(Vault(newer)) == "hush"
        await rewrap_connections(UUID(int=0), Vault(f"{SECRET_KEY} {newer}"), tx)
