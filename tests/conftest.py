"""Real servers for the tests: one PostgreSQL and one Valkey a run, one migrated database a worker.

TEST_DATABASE_URL and TEST_REDIS_URL name servers of your own instead; databases of a run are dropped there.
"""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import HealthCheck, settings

from embedded.running import temporary_servers
from tests.databases import drop_databases, make_database, make_empty_database

# No deadline for one example: two cores that others use too are no measure of anything.
settings.register_profile("meantime", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("meantime")
if "MEANTIME_HYPOTHESIS_EXAMPLES" in os.environ:
    settings.register_profile(
        "soak", settings.get_profile("meantime"), max_examples=int(os.environ["MEANTIME_HYPOTHESIS_EXAMPLES"])
    )
    settings.load_profile("soak")

_RUN = "MEANTIME_TEST_RUN"
_SERVERS = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before xdist starts its workers, which inherit the addresses, and heed Ctrl-C."""
    if _is_worker(config):
        return
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is in the background of a script, and every process of a test would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ[_RUN] = secrets.token_hex(4)
    if getattr(config.option, "numprocesses", None):
        _start_servers()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this run started; a worker has started nothing."""
    if not _is_worker(config):
        _SERVERS.close()


@pytest.fixture(scope="session")
def database_url() -> str:
    """Name the worker's own database, with all migrations applied."""
    _start_servers()
    return make_database(os.environ["TEST_DATABASE_URL"], run=os.environ[_RUN])


@pytest.fixture
def fresh_database_url() -> str:
    """Name a database of the test's own, in which there is nothing yet."""
    _start_servers()
    return make_empty_database(os.environ["TEST_DATABASE_URL"], run=os.environ[_RUN])


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Name the worker's own numbered database of the Valkey."""
    _start_servers()
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    parts = urlsplit(os.environ["TEST_REDIS_URL"])
    own = {"query": f"db={number}"} if parts.scheme == "unix" else {"path": f"/{number}"}
    return urlunsplit(parts._replace(**own))


@pytest.fixture
def tenant() -> str:
    """Give a fresh tenant id: tests share a database and see nothing of one another."""
    return f"t-{secrets.token_hex(8)}"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _start_servers() -> None:
    # The environment carries the addresses: from a developer to us, and from us to the workers.
    wanted = {"TEST_DATABASE_URL", "TEST_REDIS_URL"} - os.environ.keys()
    if wanted:
        servers = _SERVERS.enter_context(temporary_servers())
        found = {"TEST_DATABASE_URL": servers.database_url, "TEST_REDIS_URL": servers.redis_url}
        for variable in wanted:
            os.environ[variable] = found[variable]
            _SERVERS.callback(os.environ.pop, variable, None)
    if "TEST_DATABASE_URL" not in wanted:
        _SERVERS.callback(drop_databases, os.environ["TEST_DATABASE_URL"], run=os.environ[_RUN])
