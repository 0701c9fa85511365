"""Two hotels: nothing crosses, and no table of this service could let it."""

from uuid import uuid4

import pytest
from escalation_play import Hotel, names

from contracts.errors import NotFound
from escalation.commands.escalations import AssignEscalation, assign_escalation
from servicekit import tenancy
from servicekit.testing import RunningService


async def test_the_other_hotels_escalation_is_not_there(hotel: Hotel, other_hotel: Hotel) -> None:
    theirs = await hotel.conversation().in_queue()
    stranger = await other_hotel.member()
    asked = [
        await stranger.client.get(f"/escalations/{theirs['id']}"),
        await stranger.client.get(f"/escalations/{theirs['id']}/timeline"),
        await stranger.assigns(theirs, to=stranger),
        await stranger.does("acknowledge", theirs),
        await stranger.does("resolve", theirs),
        await stranger.client.get(f"/escalations/{uuid4()}"),
    ]
    assert [answer.status_code for answer in asked] == [404] * len(asked)
    listed = await stranger.client.get("/escalations", params={"conversation_id": theirs["conversation_id"]})
    assert listed.json()["items"] == []
    assert await other_hotel.queue() == []
    assert names(await hotel.timeline(theirs)) == ["created"]


async def test_the_other_hotels_conversation_cannot_be_escalated(hotel: Hotel, other_hotel: Hotel) -> None:
    theirs = await hotel.heard_of_conversation()
    stranger = await other_hotel.member()
    answer = await stranger.client.post("/escalations", json={"conversation_id": str(theirs.id)})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:frontdesk:problem:unknown-conversation"
    assert await theirs.escalations() == []


async def test_a_command_finds_nothing_in_another_hotels_transaction(hotel: Hotel, other_hotel: Hotel) -> None:
    theirs = await hotel.conversation().in_queue()
    stranger = await other_hotel.member()
    with pytest.raises(NotFound):
        async with hotel.desk.runtime.db.transaction(other_hotel.id) as tx:
            await assign_escalation(theirs["id"], AssignEscalation(assignee_id=stranger.id), tx.actor.ref(), tx)


async def test_every_table_keeps_hotels_apart(desk: RunningService) -> None:
    assert await tenancy.lint_url(desk.settings.database_owner_url) == []
