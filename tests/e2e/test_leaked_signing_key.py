"""A signing key leaks: whoever has it is anybody everywhere, until it is withdrawn, and nobody five seconds later."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import httpx
import jwt
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from devstack.services import named, program
from devstack.stack import Stack
from kit.people import Staff
from servicekit.vault import Vault

FELT_SECONDS = 5.0
ASKED = {
    "identity": "/users",
    "conversation": "/articles",
    "escalation": "/escalations",
    "gateway": "/api/users",
}


async def leak(stack: Stack) -> tuple[str, str]:
    """Id and private half of the next key, for which no honest token stands yet: the other tests' go on. A thief has the
    database and the keys of its secrets."""
    vault = Vault(stack.state.secret_text("secret-keys"))
    connection = await asyncpg.connect(stack.database_urls("identity")["worker"])
    try:
        await connection.execute("select set_config('app.platform', 'on', false)")
        row = await connection.fetchrow("select kid, private from signing_keys where state = 'next'")
    finally:
        await connection.close()
    assert row is not None
    return row["kid"], vault.open(row["private"], "signing_keys", "private", row["kid"]).decode()


def forger(kid: str, private: str, hotel_id: str) -> Callable[[], str]:
    """Makes an admin's token each time."""

    def forge() -> str:
        claims = {
            "iss": "frontdesk-identity",
            "aud": "frontdesk",
            "sub": str(uuid4()),
            "sid": str(uuid4()),
            "kind": "user",
            "hotel_id": hotel_id,
            "role": "admin",
            "scopes": ["user:read", "article:read", "escalation:read", "live:read"],
            "iat": time.time(),
            "exp": time.time() + 600,
        }
        return jwt.encode(claims, private, algorithm="ES256", headers={"kid": kid})

    return forge


async def test_what_a_leaked_key_signs_is_refused_by_every_service_within_five_seconds_of_its_withdrawal(
    stack: Stack,
) -> None:
    kid, private = await leak(stack)
    async with await Staff.signs_in(stack.url("gateway"), "anna.admin@lindenhof.example") as anna:
        forge = forger(kid, private, anna.profile["hotel"]["id"])
        former = forge()
        async with httpx.AsyncClient(timeout=15, trust_env=False) as http:

            async def answers(token: str) -> dict[str, int]:
                headers = {"authorization": f"Bearer {token}"}
                asked = [http.get(stack.url(service) + path, headers=headers) for service, path in ASKED.items()]
                return dict(zip(ASKED, [answer.status_code for answer in await asyncio.gather(*asked)], strict=True))

            assert await answers(former) == dict.fromkeys(ASKED, 200), "the thief is in"
            live = f"{stack.url('gateway').replace('http', 'ws', 1)}/api/live"
            async with connect(live, proxy=None, additional_headers={"authorization": f"Bearer {former}"}) as socket:
                assert json.loads(await socket.recv())["type"] == "hello"
                done = await asyncio.to_thread(withdraw, stack, kid)
                began = time.monotonic()
                assert (done.returncode, done.stdout) == (0, f"{kid} is withdrawn\n"), done.stderr
                while set((await answers(former)).values()) != {401}:
                    assert time.monotonic() - began < FELT_SECONDS, await answers(former)
                    await asyncio.sleep(0.1)
                async with asyncio.timeout(max(0.1, FELT_SECONDS - (time.monotonic() - began))):
                    try:
                        while True:
                            await socket.recv()
                    except ConnectionClosed:
                        pass
            assert socket.close_code == 4401
            assert await answers(forge()) == dict.fromkeys(ASKED, 401), "nor what is signed since"
        assert (await anna.get("/users"))["items"], "everybody else works on"


def withdraw(stack: Stack, kid: str) -> subprocess.CompletedProcess[str]:
    """What an operator does who has heard of it."""
    environment = stack.layout.environment(
        stack.layout.playing("identity", "all"), stack.part_urls, stack.database_urls("identity")
    )
    command = [program(named(["identity"])[0]), "withdraw-key", kid]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
