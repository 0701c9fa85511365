"""A hotel's other system calls with an API key, through the one public address, until somebody revokes it."""

import httpx

from devstack.stack import Stack
from kit.people import Staff
from servicekit.testing import eventually

ADMIN = "anna.admin@lindenhof.example"


async def test_a_key_opens_every_service_through_the_gateway_and_ends_within_seconds(stack: Stack) -> None:
    gateway = stack.url("gateway")
    async with await Staff.signs_in(gateway, ADMIN) as anna:
        asked = {"name": "Bookings", "scopes": ["guest:read", "article:read", "escalation:read"]}
        made = await anna.does("/api-keys", asked)
        headers = {"authorization": f"Bearer {made['secret']}"}
        async with httpx.AsyncClient(base_url=gateway, headers=headers, timeout=20, trust_env=False) as system:

            async def statuses() -> set[int]:
                paths = ("/api/guests", "/api/articles", "/api/escalations")
                return {(await system.get(path)).status_code for path in paths}

            async def refused() -> bool:
                return await statuses() == {401}

            assert await statuses() == {200}
            assert (await system.get("/api/users")).status_code == 403
            await anna.does(f"/api-keys/{made['key']['id']}/revoke", {})
            assert await eventually(refused, timeout=5)
