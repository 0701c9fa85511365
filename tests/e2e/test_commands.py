"""The `frontdesk` command's own guests and staff, against the running stack."""

import asyncio
import json

from devstack.commands.ask import as_json, ask
from devstack.commands.demo import demo
from devstack.stack import Stack
from kit.people import PASSWORD


async def test_frontdesk_ask_tells_answer_action_sources_confidence_and_time(stack: Stack) -> None:
    answer = await asyncio.to_thread(ask, stack.url("gateway"), "Can I bring my dog?", hotel="lindenhof")
    told = json.loads(as_json(answer))
    assert told["action"] == "answer"
    assert [source["title"] for source in told["sources"]] == ["Dogs and other pets"]
    assert told["confidence"] > 0.5
    assert told["milliseconds"] > 0


async def test_the_demo_evening_happens_as_the_product_says(stack: Stack) -> None:
    await asyncio.to_thread(demo, stack.url("gateway"), PASSWORD)
