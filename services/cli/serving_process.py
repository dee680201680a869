"""One process of `meantime serve`: composes its targets, listens, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
import uvloop

from cli.composition import Composition
from cli.errors import OptionError
from cli.listening import serve_apps
from cli.ports import ports_from
from serving.garbage import settle_garbage
from serving.telemetry import configure_logging, log_style

__all__ = ["TARGETS", "ServeOptions", "run_serve"]

TARGETS = ("gateway", "calendars", "clocks", "credits", "worker")
ALL = "all"

_CANCEL_WITHIN_S = 5.0

_LOG = structlog.get_logger("serve")


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """What the user asked of `meantime serve`: targets, and where to listen."""

    targets: Sequence[str]
    host: str
    first_port: int
    environ: Mapping[str, str]


def run_serve(options: ServeOptions, now: Callable[[], datetime]) -> None:
    """Serve until a signal asks to end; raises what keeps it from starting."""
    targets = parse_targets(options.targets)
    ports = ports_from(options.first_port)
    configure_logging(service=targets[0], style=log_style(options.environ))
    logging.getLogger("uvicorn.error").setLevel(
        logging.WARNING
    )  # what it says of a good start we say ourselves
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(targets, ports, options, now))


def parse_targets(names: Sequence[str]) -> tuple[str, ...]:
    """Put targets in order, once each; raises OptionError."""
    unknown = [name for name in names if name not in {*TARGETS, ALL}]
    if unknown or not names:
        wrong = unknown[0] if unknown else "nothing"
        raise OptionError(f"{wrong} is not one of {', '.join((*TARGETS, ALL))}", field="TARGET")
    return tuple(target for target in TARGETS if target in names or ALL in names)


async def _serve(
    targets: Sequence[str],
    ports: Mapping[str, int],
    options: ServeOptions,
    now: Callable[[], datetime],
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        composition = Composition(options.environ, own=frozenset(targets), stack=stack, now=now)
        apps = {ports[target]: await composition.app(target) for target in _listening(targets)}
        settle_garbage()
        work = asyncio.create_task(_work(composition)) if "worker" in targets else None
        _LOG.info("serving", targets=" ".join(targets), host=options.host, ports=sorted(apps))
        try:
            await serve_apps(apps, host=options.host, stop=stop)
        finally:
            if work is not None:
                await _end(work)


async def _work(composition: Composition) -> None:
    """Run what a worker does, until cancelled."""
    worker, delivery = await composition.worker(), await composition.delivery()
    calendars, trimming = await composition.calendars_worker(), await composition.trimming()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        tasks.create_task(calendars.run())
        tasks.create_task(delivery.run())
        tasks.create_task(trimming.run())


async def _end(work: asyncio.Task[None]) -> None:
    work.cancel()
    # What misses the cancellation ends with the event loop.
    await asyncio.wait([work], timeout=_CANCEL_WITHIN_S)
    if work.done():
        with suppress(asyncio.CancelledError):
            work.result()


def _listening(targets: Sequence[str]) -> tuple[str, ...]:
    # Beside the gateway in one process the services need no doors of their own: it is the way in.
    services = {"calendars", "clocks", "credits"} if "gateway" in targets else set()
    return tuple(target for target in targets if target not in services)
