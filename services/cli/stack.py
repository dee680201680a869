"""What `meantime up` runs, in which order: servers, migrations, services, the demo tenant."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cli.display import Display
from cli.ports import HOST, check_ports, ports_from
from cli.provision import ensure_demo_token
from cli.runtime import Runtime, held, read_runtime, write_runtime
from cli.servers import migrate_database, start_servers
from cli.service_commands import service_commands
from cli.supervisor import Supervisor
from serving.environment import check_secret

__all__ = ["DEMO_TENANT", "UpOptions", "run_up"]

DEMO_TENANT = "demo"

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class UpOptions:
    """What the user asked of `meantime up`.

    split: each service in a process of its own. first_port: the gateway's; the others follow it.
    data: the data directory. environ: ours, where DATABASE_URL and the like may stand.
    """

    split: bool
    first_port: int
    data: Path
    environ: Mapping[str, str]


def run_up(options: UpOptions, display: Display, now: Callable[[], datetime]) -> None:
    """Run everything until a signal ends it; an error is raised when nothing runs any more."""
    ports = ports_from(options.first_port)
    with held(options.data):
        check_ports(ports.values() if options.split else (ports["gateway"], ports["worker"]))
        asyncio.run(_run(options, ports, display, now))


async def _run(
    options: UpOptions, ports: Mapping[str, int], display: Display, now: Callable[[], datetime]
) -> None:
    supervisor = Supervisor(display.say)
    task = asyncio.current_task()
    if task is not None:
        _on_signals(task.cancel)
    try:
        runtime = await _start(options, ports, supervisor, display, now)
        _announce(runtime, display)
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        display.announce("stopping; once more Ctrl-C to stop at once")
    finally:
        _on_signals(supervisor.kill)
        await supervisor.stop()


def _on_signals(action: Callable[[], object]) -> None:
    for number in _STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` asks
            asyncio.get_running_loop().add_signal_handler(number, action)


async def _start(
    options: UpOptions,
    ports: Mapping[str, int],
    supervisor: Supervisor,
    display: Display,
    now: Callable[[], datetime],
) -> Runtime:
    last = read_runtime(options.data)
    secret = check_secret(
        options.environ.get("MEANTIME_INTERNAL_SECRET")
        or (last.internal_secret if last else secrets.token_hex(32))
    )
    urls = await start_servers(options.environ, options.data, supervisor, display)
    await migrate_database(urls, display)
    commands = service_commands(urls, ports, secret, split=options.split)
    display.announce(f"starting {', '.join(command.name for command in commands)}")
    starting = asyncio.create_task(supervisor.start(*commands))
    try:
        token = await ensure_demo_token(urls.database, DEMO_TENANT, last.token if last else None, now=now())
        await starting
    finally:
        starting.cancel()
    runtime = Runtime(
        pid=os.getpid(),
        database_url=urls.database,
        redis_url=urls.redis,
        gateway_url=f"http://{HOST}:{ports['gateway']}",
        tenant=DEMO_TENANT,
        token=token,
        internal_secret=secret,
        ports=dict(ports),
    )
    write_runtime(options.data, runtime)
    return runtime


def _announce(runtime: Runtime, display: Display) -> None:
    url = runtime.gateway_url
    display.announce(f"Meantime is ready: {url}/graphql (GraphQL), {url}/ (console). Ctrl-C stops it.")
    display.announce(f"Token of the tenant {runtime.tenant}: {runtime.token}")
