"""Which hotels need attention: superadmins see all, admins their own."""

from uuid import UUID

from identity_play import Desk, Hotel, body

from contracts.event import Event
from contracts.events import ArticleCreated, ArticleDeleted, ArticlePublished, ArticleUnpublished
from contracts.ids import ArticleId
from servicekit import new_id
from servicekit.testing import eventually


async def listed(desk: Desk, hotel: Hotel, needs: bool | None = None) -> list[str] | None:
    """The reasons that the platform's list gives for the hotel; None where it is not in it."""
    after = {} if needs is None else {"needs_attention": str(needs).lower()}
    cursor: dict[str, str] = {}
    while True:
        page = body(await desk.root.get("/hotels", params={"limit": "100", **after, **cursor}))
        for one in page["items"]:
            if one["id"] == str(hotel.id):
                return one["attention"]
        if page["next_cursor"] is None:
            return None
        cursor = {"cursor": page["next_cursor"]}


def article(kind: type[Event], id: UUID, version: int) -> Event:
    published = kind is ArticlePublished
    return kind.model_validate(
        {"article_id": ArticleId(id), "languages": ("en",), "published": published, "version": version}
    )


async def test_a_hotel_needs_attention_while_it_has_no_published_article(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    empty = ["empty_knowledge_base"]
    assert await listed(desk, hotel, needs=True) == empty
    assert await listed(desk, hotel, needs=False) is None
    one, two = new_id(), new_id()
    for event in (article(ArticleCreated, one, 1), article(ArticlePublished, one, 2), article(ArticleCreated, two, 1)):
        await desk.app.publish(event, hotel.id)

    async def has(needs: bool) -> bool:
        return await listed(desk, hotel, needs) is not None

    assert await eventually(lambda: has(False))
    assert await listed(desk, hotel, needs=True) is None
    assert await listed(desk, other_hotel, needs=True) == empty
    own = body(await hotel.admin.api.get("/hotels"))["items"]
    assert [(row["id"], row["attention"]) for row in own] == [(str(hotel.id), [])]
    others = body(await other_hotel.admin.api.get("/hotels", params={"needs_attention": "true"}))["items"]
    assert [(row["id"], row["attention"]) for row in others] == [(str(other_hotel.id), empty)]

    await desk.app.publish(article(ArticleUnpublished, one, 3), hotel.id)
    assert await eventually(lambda: has(True))
    await desk.app.publish(article(ArticlePublished, one, 4), hotel.id)
    assert await eventually(lambda: has(False))
    await desk.app.publish(article(ArticleDeleted, one, 5), hotel.id)
    assert await eventually(lambda: has(True))
    await desk.app.publish(article(ArticlePublished, one, 2), hotel.id)  # late
    await desk.app.publish(article(ArticlePublished, two, 2), hotel.id)
    assert await eventually(lambda: has(False))

    body(await desk.root.post(f"/hotels/{other_hotel.id}/deactivate"))
    assert await listed(desk, other_hotel) == [], "who is not served needs nobody"
    assert await listed(desk, other_hotel, needs=True) is None
