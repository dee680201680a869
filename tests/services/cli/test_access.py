"""Which gateway a command asks, and with whose token."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.access import DEFAULT_URL, Access, find_access
from cli.errors import OptionError
from cli.runtime import Runtime, write_runtime


def found(data: Path, *, environ: dict[str, str] | None = None, **given: str | None) -> Access:
    """Find access, with nothing given but what is said."""
    options = {"tenant": None, "url": None, "token": None} | given
    return find_access(
        tenant=options["tenant"],
        url=options["url"],
        token=options["token"],
        data=data,
        environ=environ or {},
    )


@pytest.fixture
def up(tmp_path: Path) -> Path:
    """Leave what a `meantime up` leaves."""
    runtime = Runtime(
        pid=1,
        database_url="postgresql://",
        redis_url="unix://",
        gateway_url="http://127.0.0.1:9700",
        tenant="demo",
        token="mt_demo_own",  # noqa: S106 - opens nothing
        internal_secret="",
        ports={},
    )
    write_runtime(tmp_path, runtime)
    return tmp_path


def test_a_running_up_is_enough(up: Path) -> None:
    """Without any option it is the gateway, tenant and token of `meantime up`."""
    access = found(up)
    assert (access.url, access.token, access.tenant) == (
        "http://127.0.0.1:9700/graphql",
        "mt_demo_own",
        "demo",
    )


def test_options_come_before_the_environment_and_that_before_up(up: Path) -> None:
    """What is said last in that order is taken only where the others say nothing."""
    environ = {"MEANTIME_URL": "http://env", "MEANTIME_TOKEN": "from-env"}
    assert found(up, environ=environ, url="https://option/api", token="given").url == "https://option/api"  # noqa: S106 - opens nothing
    access = found(up, environ=environ)
    assert (access.url, access.token, access.tenant) == ("http://env/graphql", "from-env", None)


def test_no_token_of_another_tenant_is_taken_from_up(up: Path) -> None:
    """The token that `up` has left is used for its own tenant alone."""
    with pytest.raises(OptionError, match=r"'demo', not of 'acme'.*meantime token --tenant acme"):
        found(up, tenant="acme")


def test_without_up_a_token_is_needed(tmp_path: Path) -> None:
    """With a token alone it is the usual address; without, the error says what to give."""
    assert found(tmp_path, token="given").url == DEFAULT_URL  # noqa: S106 - opens nothing
    with pytest.raises(OptionError, match="give --token or MEANTIME_TOKEN"):
        found(tmp_path)


@pytest.mark.parametrize("url", ["127.0.0.1:8700", "ftp://x", "http://", "graphql"])
def test_what_is_no_address_is_refused(tmp_path: Path, url: str) -> None:
    """An address has http or https and a host."""
    with pytest.raises(OptionError, match="is not an address"):
        found(tmp_path, url=url, token="given")  # noqa: S106 - opens nothing


def test_a_token_is_not_printed(up: Path) -> None:
    """What is printed of an access does not hold its token."""
    assert "mt_demo_own" not in repr(found(up))
