"""Puts services together: each door is the service in this process, or the client of one elsewhere.

A service is imported where it is opened, so that a process pays only for what it runs.
"""
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from serving.client import open_session
from serving.environment import read_secret, read_url_or_none
from serving.tokens import InternalTokens

if TYPE_CHECKING:
    import aiohttp
    from starlette.applications import Starlette

    from calendars.contract import Calendars
    from calendars.service import CalendarsService
    from calendars.worker import CalendarsWorker
    from clocks.contract import Clocks
    from clocks.service import ClocksService
    from clocks.worker import Worker
    from credits.contract import Credits
    from credits.service import CreditsService
    from gateway.worker import DeliveryWorker
    from pgstore.feed import Feed
    from serving.trimming import Trimming

__all__ = ["Composition"]


class Speaking(Protocol):
    """A service with a feed."""

    @property
    def feed(self) -> Feed:
        """Its messages, for whoever follows."""
        ...


class Composition:
    """Opens services and clients once each, when first asked for; `stack` closes them in reverse.

    A door is a client where its variable (CALENDARS_URL, CLOCKS_URL, CREDITS_URL) is set and the service is
    not among `own`: those that this process is to run itself.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        own: frozenset[str],
        stack: AsyncExitStack,
        now: Callable[[], datetime],
    ) -> None:
        self._environ = environ
        self._own = own
        self._stack = stack
        self._now = now
        self._tokens = InternalTokens(read_secret(environ), now=now)
        self._session: aiohttp.ClientSession | None = None
        self._calendars: CalendarsService | None = None
        self._clocks: ClocksService | None = None
        self._credits: CreditsService | None = None
        self._worker: Worker | None = None
        self._calendars_worker: CalendarsWorker | None = None
        self._delivery: DeliveryWorker | None = None
        self._trimming: Trimming | None = None

    async def app(self, target: str) -> Starlette:
        """Build what a target listens with."""
        builders = {
            "worker": self._worker_app,
            "gateway": self._gateway_app,
            "calendars": self._calendars_app,
            "clocks": self._clocks_app,
            "credits": self._credits_app,
        }
        return await builders[target]()

    async def calendars_door(self) -> Calendars:
        """Open the door of the calendars."""
        if url := self._elsewhere("calendars"):
            from calendars.client import CalendarsClient

            return CalendarsClient(url, self._tokens, await self._client_session())
        return await self.calendars_service()

    async def clocks_door(self) -> Clocks:
        """Open the door of the clocks."""
        if url := self._elsewhere("clocks"):
            from clocks.client import ClocksClient

            return ClocksClient(url, self._tokens, await self._client_session())
        return await self.clocks_service()

    async def credits_door(self) -> Credits:
        """Open the door of the credits."""
        if url := self._elsewhere("credits"):
            from credits.client import CreditsClient

            return CreditsClient(url, self._tokens, await self._client_session())
        return await self.credits_service()

    async def calendars_service(self) -> CalendarsService:
        """Open the calendars in this process."""
        from calendars.app import open_calendars
        from calendars.settings import Settings

        if self._calendars is None:
            settings = Settings.from_environment(self._environ)
            self._calendars = await self._stack.enter_async_context(open_calendars(settings, now=self._now))
        return self._calendars

    async def clocks_service(self) -> ClocksService:
        """Open the clocks in this process."""
        from clocks.app import open_clocks
        from clocks.settings import Settings

        if self._clocks is None:
            settings, door = Settings.from_environment(self._environ), await self.calendars_door()
            self._clocks = await self._stack.enter_async_context(
                open_clocks(settings, calendars=door, now=self._now)
            )
        return self._clocks

    async def credits_service(self) -> CreditsService:
        """Open the credits in this process."""
        from credits.app import open_credits
        from credits.settings import Settings

        if self._credits is None:
            settings, door = Settings.from_environment(self._environ), await self.clocks_door()
            self._credits = await self._stack.enter_async_context(
                open_credits(settings, clocks=door, now=self._now)
            )
        return self._credits

    async def worker(self) -> Worker:
        """Open the worker in this process; who runs it is the caller's business."""
        from clocks.app import open_worker
        from clocks.settings import Settings

        if self._worker is None:
            settings, door = Settings.from_environment(self._environ), await self.calendars_door()
            feed = await self._feed("calendars", "clocks", self.calendars_service)
            self._worker = await self._stack.enter_async_context(
                open_worker(settings, calendars=door, feed=feed)
            )
        return self._worker

    async def calendars_worker(self) -> CalendarsWorker:
        """Open the worker of calendars in this process; who runs it is the caller's business."""
        from calendars.app import open_worker
        from calendars.settings import Settings

        if self._calendars_worker is None:
            settings = Settings.from_environment(self._environ)
            self._calendars_worker = await self._stack.enter_async_context(
                open_worker(settings, now=self._now)
            )
        return self._calendars_worker

    async def delivery(self) -> DeliveryWorker:
        """Open the worker of delivery in this process; who runs it is the caller's business."""
        from gateway.app import open_delivery
        from gateway.settings import Settings

        if self._delivery is None:
            settings = Settings.from_environment(self._environ)
            feeds = {
                "calendars": await self._feed("calendars", "gateway", self.calendars_service),
                "clocks": await self._feed("clocks", "gateway", self.clocks_service),
                "credits": await self._feed("credits", "gateway", self.credits_service),
            }
            self._delivery = await self._stack.enter_async_context(
                open_delivery(settings, feeds=feeds, now=self._now)
            )
        return self._delivery

    async def trimming(self) -> Trimming:
        """Open what trims all services' tables; who runs it is the caller's business."""
        from cli.tracks import SERVICES
        from pgstore.database import Database
        from serving.environment import read_url
        from serving.trimming import Trimming, read_retention

        if self._trimming is None:
            dsn = read_url(self._environ, "DATABASE_URL", schemes=("postgresql", "postgres"))
            databases = {}
            for schema in SERVICES:
                database = await Database.open(dsn, schema=schema, min_size=0, max_size=1, application="trim")
                self._stack.push_async_callback(database.close)
                databases[schema] = database
            self._trimming = Trimming(databases, read_retention(self._environ))
        return self._trimming

    async def _feed(self, name: str, follower: str, service: Callable[[], Awaitable[Speaking]]) -> Feed:
        """Read a service's feed by HTTP where it is elsewhere, else from the service itself."""
        if url := self._elsewhere(name):
            from serving.client import DoorClient
            from serving.feeds import FeedClient

            door = DoorClient(url, self._tokens, await self._client_session())
            return FeedClient(door, follower=follower)
        from pgstore.feed import followed_by

        return followed_by((await service()).feed, follower)

    async def _worker_app(self) -> Starlette:
        from clocks.app import build_worker_app

        delivery, calendars = await self.delivery(), await self.calendars_worker()
        checks = {"delivery_database": delivery.check_database, "delivery_loops": delivery.check_loops}
        checks["calendars_loops"] = calendars.check_loops
        checks["trimming"] = (await self.trimming()).check
        return build_worker_app(await self.worker(), checks=checks)

    async def _gateway_app(self) -> Starlette:
        from gateway.app import build_app, open_gateway
        from gateway.settings import Settings
        from gateway.upstream.doors import Doors

        settings = Settings.from_environment(self._environ)
        gateway = await self._stack.enter_async_context(open_gateway(settings, now=self._now))
        doors = Doors(
            calendars=await self.calendars_door(),
            clocks=await self.clocks_door(),
            credits=await self.credits_door(),
        )
        return build_app(gateway, doors)

    async def _calendars_app(self) -> Starlette:
        from calendars.app import build_app
        from calendars.settings import Settings

        service = await self.calendars_service()
        return build_app(service, Settings.from_environment(self._environ), now=self._now)

    async def _clocks_app(self) -> Starlette:
        from clocks.app import build_app
        from clocks.settings import Settings

        service = await self.clocks_service()
        return build_app(service, Settings.from_environment(self._environ), now=self._now)

    async def _credits_app(self) -> Starlette:
        from credits.app import build_app
        from credits.settings import Settings

        service = await self.credits_service()
        return build_app(service, Settings.from_environment(self._environ), now=self._now)

    def _elsewhere(self, service: str) -> str | None:
        if service in self._own:
            return None
        return read_url_or_none(self._environ, f"{service.upper()}_URL", schemes=("http", "https"))

    async def _client_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = await self._stack.enter_async_context(open_session())
        return self._session
