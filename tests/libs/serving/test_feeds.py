from __future__ import annotations

import uuid

import aiohttp
import pytest

from pgstore.errors import CursorAheadError
from pgstore.feed import FeedCursor, FeedMessage, FeedPage
from serving.application import build_application
from serving.client import DoorClient
from serving.context import RequestContext
from serving.feeds import FeedClient, feed_route
from serving.problems import Problem
from serving.tokens import InternalTokens

from .conftest import NOON, Serve

MESSAGE = FeedMessage(
    id=uuid.uuid5(uuid.NAMESPACE_URL, "a"),
    tenant_id="acme",
    type="calendar.amended",
    subject="support",
    payload={"key": "support", "version": 2},
    created_at=NOON,
)


class OnePage:
    """A feed of one message, which remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[FeedCursor | None, int]] = []

    async def read(self, after: FeedCursor | None, limit: int) -> FeedPage:
        """Answer the message, or refuse."""
        self.asked.append((after, limit))
        if after == FeedCursor("9:9:"):
            raise CursorAheadError("the cursor is past all", field="after")
        return FeedPage(messages=(MESSAGE,), cursor=FeedCursor("7:8:7"))


@pytest.fixture
def feed() -> OnePage:
    """Make the feed."""
    return OnePage()


@pytest.fixture
async def client(
    serve: Serve, feed: OnePage, tokens: InternalTokens, session: aiohttp.ClientSession
) -> DoorClient:
    """Serve the feed, and hold a client of where it is served."""
    url = await serve(build_application(service="x", routes=[feed_route(feed, tokens)]))
    return DoorClient(url, tokens, session)


async def test_a_feed_by_http_is_the_feed(client: DoorClient, feed: OnePage) -> None:
    """The same page comes as in process, and the same question arrives."""
    follower = FeedClient(client, follower="gateway")
    for after in (None, FeedCursor("10:20:10,14", "30:40:", 3)):
        assert await follower.read(after, 10) == await OnePage().read(after, 10)
    assert feed.asked == [(None, 10), (FeedCursor("10:20:10,14", "30:40:", 3), 10)]


async def test_a_cursor_ahead_is_told_by_its_code(client: DoorClient) -> None:
    """A follower knows the refusal by the same code as in process."""
    with pytest.raises(Problem) as refused:
        await FeedClient(client, follower="gateway").read(FeedCursor("9:9:"), 10)
    assert refused.value.code == CursorAheadError.code


async def test_a_tenant_reads_no_feed(client: DoorClient, context: RequestContext, feed: OnePage) -> None:
    """The feed has all tenants' messages: whoever acts for one is refused."""
    with pytest.raises(Problem) as refused:
        await client.get(context, "/feed", {}, FeedPage)
    assert (refused.value.code, refused.value.kind) == ("service_only", "forbidden")
    assert feed.asked == []


@pytest.mark.parametrize(
    ("limit", "after", "code"), [(0, "1:1:", "limit_invalid"), (1001, "1:1:", "limit_invalid")]
)
async def test_a_page_is_bounded(client: DoorClient, limit: int, after: str, code: str) -> None:
    """One to a thousand messages."""
    del after
    with pytest.raises(Problem) as refused:
        await FeedClient(client, follower="gateway").read(None, limit)
    assert (refused.value.code, refused.value.field) == (code, "limit")


async def test_a_cursor_must_be_one(client: DoorClient, context: RequestContext) -> None:
    """Anything else is the asker's mistake."""
    service = RequestContext(
        tenant_id="*", subject="service:x", scopes=frozenset(), request_id=context.request_id
    )
    with pytest.raises(Problem) as refused:
        await client.get(service, "/feed", {"after": "yesterday"}, FeedPage)
    assert (refused.value.code, refused.value.kind, refused.value.field) == (
        "cursor_invalid",
        "invalid",
        "after",
    )
