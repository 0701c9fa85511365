"""Every service does what its OpenAPI document says, and nothing else, whatever is sent to it.

`pytest tests/contract --examples 200 --hypothesis-seed 7` sends more, and the same again.
"""

import asyncio
import copy
import random

import httpx
import pytest

from contract.desk import Desk
from contract.trial import SHORT_RUN, Json, labels, try_document
from gateway.routes.passing_on import ROUTES

GETS_THROUGH, ENOUGH = 0.6, 20
"""Share of the operations that at least one of `ENOUGH` requests must get through to, or the refusals prove little; links of mails,
one-time codes and signatures of others are not to be had here."""
PATHS, PASSED_ON = 24, 6
"""So many paths of a document, and of those that are passed on, does a short run try; one with more examples tries all."""


async def document_of(desk: Desk, service: str) -> Json:
    """The document as the running service serves it."""
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        answer = await http.get(f"{desk.stack.url(service)}/openapi.json")
    answer.raise_for_status()
    return answer.json()


def chosen(document: Json, service: str, seed: int) -> list[str]:
    """The paths of a short run, by the seed; of what the gateway only passes on fewer, since its own service answers for it
    here."""
    own = sorted(document["paths"])
    passed_on = (
        sorted({f"/api{route.path}" for route in ROUTES} & document["paths"].keys()) if service == "gateway" else []
    )
    many, most = (passed_on, PASSED_ON) if passed_on else (own, PATHS)
    dropped = set(random.Random(seed).sample(many, max(len(many) - most, 0)))
    return [path for path in own if path not in dropped]


@pytest.mark.timeout(0)  # as long as the examples take
@pytest.mark.parametrize("service", ["identity", "conversation", "escalation", "gateway"])
async def test_every_answer_is_as_the_document_says(desk: Desk, service: str, seed: int, examples: int) -> None:
    document = await document_of(desk, service)
    paths = chosen(document, service, seed) if examples <= SHORT_RUN else sorted(document["paths"])
    wanted = labels(document, paths)
    outcome = await asyncio.to_thread(try_document, desk, service, document, seed=seed, examples=examples, paths=paths)
    print(f"{service}, {outcome}")
    assert not outcome.errors, f"seed {seed}\n" + "\n".join(outcome.errors)
    assert not outcome.findings, f"seed {seed}\n" + "\n".join(map(str, outcome.findings))
    assert outcome.operations >= wanted, f"never tried: {wanted - outcome.operations}"
    if examples < ENOUGH:
        return
    through = {label for label, seen in outcome.by_operation.items() if any(200 <= status < 300 for status in seen)}
    missed = wanted - through
    assert len(through) >= GETS_THROUGH * len(wanted), f"seed {seed}: nothing got through to {missed}"


async def test_a_document_that_leaves_something_out_is_found_out(desk: Desk, seed: int) -> None:
    """The control: a status that is not documented, a body of another shape and a route that lets everybody in."""
    document = copy.deepcopy(await document_of(desk, "escalation"))
    queue = document["paths"]["/escalations/queue"]["get"]
    del queue["responses"]["422"]
    shape = document["components"]["schemas"]["Page_EscalationView_"]["properties"]
    shape["items"] = {"type": "integer"}
    outcome = await asyncio.to_thread(
        try_document, desk, "escalation", document, seed=seed, examples=4, paths=["/escalations/queue"]
    )
    found = {finding.check for finding in outcome.findings}
    assert {"status_code_conformance", "response_schema_conformance"} <= found, outcome.findings
