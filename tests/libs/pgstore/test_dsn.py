from __future__ import annotations

import pytest

from pgstore.dsn import check_dsn, describe_dsn
from pgstore.errors import DatabaseUrlError


@pytest.mark.parametrize(
    ("dsn", "description"),
    [
        ("postgresql://ada:hush@db:5433/meantime", "postgresql://ada@db:5433/meantime"),
        ("postgres://ada:hu%2Fsh@db/meantime?sslmode=require", "postgresql://ada@db/meantime"),
        ("postgresql://ada@/meantime?host=/run/pg", "postgresql://ada@/run/pg/meantime"),
        ("postgresql:///meantime?host=/run/pg&user=ada&password=hush", "postgresql://ada@/run/pg/meantime"),
        ("postgresql:///meantime", "postgresql://localhost/meantime"),
    ],
)
def test_a_database_is_described_without_its_password(dsn: str, description: str) -> None:
    """What is told of a URL is who, where and which, never the password."""
    check_dsn(dsn)
    assert describe_dsn(dsn) == description


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "mysql://ada:hush@db/meantime",
        "postgresql://ada:hush@db",
        "postgresql://ada:hu/sh@db/meantime",
        "postgresql://ada:hu#sh@db/meantime",
        "postgresql://ada:hush@db:port/meantime",
        "postgresql://ada:hu[sh@db/meantime",
    ],
)
def test_a_broken_url_is_refused_without_quoting_it(dsn: str) -> None:
    """The error says what a URL looks like, and holds no part of the one given."""
    with pytest.raises(DatabaseUrlError, match="expected postgresql://user:password@host") as refused:
        check_dsn(dsn)
    assert "hu" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
