from __future__ import annotations

import asyncio
import secrets
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.errors import (
    DatabaseNewerError,
    MigrationChangedError,
    MigrationFailedError,
    MigrationsBusyError,
    MigrationsForbiddenError,
    MigrationsPendingError,
    ServerUnsuitableError,
)
from pgstore.grants import check_server, ensure_roles
from pgstore.migrations import migrate, pending, require_current
from pgstore.tracks import Track
from tests.databases import url_of

NOTES = Track(schema="notes", package="tests.libs.pgstore.notes")
EVERY = [
    f"notes.shared {name}"
    for name in (
        "0001_outbox",
        "0002_feed_cursors",
        "0003_idempotency",
        "0004_set_aside",
        "0005_trimming",
        "0006_waiting_messages",
        "0007_held_messages",
    )
]


def url_with_user(url: str, user: str) -> str:
    """Name the same database for another user."""
    parts = urlsplit(url)
    _, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{user}{at or '@'}{place}"))


@pytest.fixture
async def owner_url(empty_url: str, administrator: Connection) -> AsyncIterator[str]:
    """Name an empty database for its owner, an ordinary user without any privilege beside."""
    user, database = f"owner_{secrets.token_hex(4)}", urlsplit(empty_url).path.strip("/")
    await administrator.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{user}'")
    await administrator.execute(f"ALTER DATABASE {database} OWNER TO {user}")
    yield url_with_user(empty_url, user)
    mover = await asyncpg.connect(empty_url)
    await mover.execute(f"REASSIGN OWNED BY {user} TO CURRENT_USER; DROP OWNED BY {user}")
    await mover.close()
    await administrator.execute(f"DROP ROLE {user}")


async def test_an_empty_database_is_brought_up_to_date(empty_url: str, tenant: str) -> None:
    """All that is pending is applied in order, and then nothing is pending and a service can work."""
    waiting = [str(one) for one in await pending(empty_url, [NOTES])]
    assert waiting == [*EVERY, "notes 0001_notes"]
    with pytest.raises(
        MigrationsPendingError, match=rf"lacks {len(waiting)} migrations, first notes\.shared 0001_outbox"
    ):
        await require_current(empty_url, [NOTES])
    assert [str(one) for one in await migrate(empty_url, [NOTES])] == waiting
    assert await migrate(empty_url, [NOTES]) == ()
    await require_current(empty_url, [NOTES])
    database = await Database.open(empty_url, schema="notes")
    async with database.transaction(tenant) as connection:
        await connection.execute("INSERT INTO notes (note_id) VALUES ('a')")
    await database.close()


async def test_two_services_live_in_one_database(empty_url: str) -> None:
    """Each schema has shared tables of its own."""
    other = Track(schema="more_notes", package="tests.libs.pgstore.notes")
    assert len(await migrate(empty_url, [NOTES])) == len(EVERY) + 1
    assert len(await migrate(empty_url, [NOTES, other])) == len(EVERY) + 1


async def test_runners_at_the_same_time_apply_each_file_once(empty_url: str) -> None:
    """One of them works, the others wait and find nothing to do."""
    applied = await asyncio.gather(*(migrate(empty_url, [NOTES]) for _ in range(5)))
    assert sorted(len(one) for one in applied) == [0, 0, 0, 0, len(EVERY) + 1]


async def test_a_runner_does_not_wait_for_ever(empty_url: str) -> None:
    """Whoever waits too long for another runner is told so."""
    holder = await asyncpg.connect(empty_url)
    await holder.execute("SELECT pg_advisory_lock($1)", 0x6D65616E74696D65)
    with pytest.raises(MigrationsBusyError, match="has been running on this database for over 1 s"):
        await migrate(empty_url, [NOTES], wait_s=1)
    await holder.close()
    assert len(await migrate(empty_url, [NOTES])) == len(EVERY) + 1


async def test_a_database_newer_than_the_code_is_left_alone(empty_url: str) -> None:
    """Code that does not know the newest migration applies nothing, and says which one it is."""
    await migrate(empty_url, [NOTES])
    connection = await asyncpg.connect(empty_url)
    await connection.execute("INSERT INTO meantime.migrations VALUES ('notes', 2, 'later', 'c')")
    await connection.close()
    for run in (migrate, pending, require_current):
        with pytest.raises(DatabaseNewerError, match="notes 0002_later"):
            await run(empty_url, [NOTES])


async def test_a_changed_migration_is_refused(empty_url: str) -> None:
    """A file with other content than was applied stops the runner."""
    await migrate(empty_url, [NOTES])
    connection = await asyncpg.connect(empty_url)
    await connection.execute("UPDATE meantime.migrations SET checksum = 'c' WHERE track = 'notes'")
    await connection.close()
    with pytest.raises(MigrationChangedError, match="notes 0001_notes"):
        await migrate(empty_url, [NOTES])


async def test_a_failing_migration_leaves_no_trace(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names file and line; what the file did before is undone, what earlier files did stays."""
    folder = tmp_path / "failing_track" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_good.sql").write_text("CREATE TABLE good (a int);\n")
    (folder / "0002_bad.sql").write_text("CREATE TABLE half (a int);\n\nCREATE TABLE bad (a nonsense);\n")
    monkeypatch.syspath_prepend(tmp_path)
    track = Track(schema="failing", package="failing_track")
    with pytest.raises(
        MigrationFailedError, match=r'failing 0002_bad, line 3: type "nonsense" does not exist'
    ):
        await migrate(empty_url, [track])
    assert [str(one) for one in await pending(empty_url, [track])] == ["failing 0002_bad"]
    connection = await asyncpg.connect(empty_url)
    tables = ("failing.good", "failing.half")
    assert [await connection.fetchval("SELECT to_regclass($1)::text", table) for table in tables] == [
        tables[0],
        None,
    ]
    await connection.close()


async def test_an_owner_without_our_roles_is_told_what_to_do(owner_url: str) -> None:
    """A user who may neither create nor hold the roles gets the statements that an administrator runs."""
    with pytest.raises(MigrationsForbiddenError, match=r"GRANT meantime_app, meantime_definer TO that user"):
        await migrate(owner_url, [NOTES])


async def test_an_ordinary_owner_who_holds_our_roles_can_migrate(
    owner_url: str, administrator: Connection, tenant: str
) -> None:
    """No superuser is needed: an owner of the database who was given the roles migrates and serves."""
    user = urlsplit(owner_url).username
    await administrator.execute(f"GRANT meantime_app, meantime_definer TO {user}")
    assert len(await migrate(owner_url, [NOTES])) == len(EVERY) + 1
    database = await Database.open(owner_url, schema="notes")
    async with database.transaction(tenant) as connection:
        await connection.execute("INSERT INTO notes (note_id) VALUES ('a')")
        assert await connection.fetchval("SELECT count(*) FROM notes") == 1
    await database.close()
    owner = await asyncpg.connect(owner_url)
    with pytest.raises(asyncpg.UndefinedObjectError, match=r"meantime\.tenant"):
        await owner.fetchval("SELECT count(*) FROM notes.notes")  # forced: the owner is held as well
    await owner.close()


async def test_a_user_who_may_not_create_schemas_is_told_so(
    owner_url: str, empty_url: str, administrator: Connection
) -> None:
    """The error names the privilege that is missing."""
    user, database = urlsplit(owner_url).username, urlsplit(empty_url).path.strip("/")
    await administrator.execute(f"GRANT meantime_app, meantime_definer TO {user}")
    await administrator.execute(f"ALTER DATABASE {database} OWNER TO CURRENT_USER")
    with pytest.raises(MigrationsForbiddenError, match=r"may not create a schema .*migrate as the owner"):
        await migrate(owner_url, [NOTES])


async def test_roles_that_may_not_be_created_are_named(owner_url: str) -> None:
    """On a server without the roles, a user without CREATEROLE learns which statements are missing."""
    owner = await asyncpg.connect(owner_url)
    name = f"missing_{secrets.token_hex(4)}"
    with pytest.raises(
        MigrationsForbiddenError, match=f"give it CREATEROLE, or run .*CREATE ROLE {name} NOLOGIN"
    ):
        await ensure_roles(owner, [name])
    await owner.close()


async def test_runners_of_two_databases_may_meet_at_the_roles(
    owner_url: str, administrator: Connection
) -> None:
    """Roles are the server's: several that create the same ones at the same time all succeed."""
    await administrator.execute(f"ALTER ROLE {urlsplit(owner_url).username} CREATEROLE")
    roles = [f"raced_{secrets.token_hex(4)}" for _ in range(3)]
    runners = [await asyncpg.connect(owner_url) for _ in range(6)]
    await asyncio.gather(*(ensure_roles(runner, roles) for runner in runners))
    made = "SELECT count(*) FROM pg_roles WHERE rolname = ANY ($1)"
    assert await administrator.fetchval(made, roles) == len(roles)
    for role in roles:
        await runners[0].execute(f"SET ROLE {role}")
        await runners[0].execute("RESET ROLE")
        await administrator.execute(f"DROP ROLE {role}")
    for runner in runners:
        await runner.close()


async def test_a_database_in_another_encoding_is_refused(empty_url: str, administrator: Connection) -> None:
    """Text of any language must fit: only UTF-8 will do."""
    name = f"meantime_test_latin_{secrets.token_hex(4)}"
    await administrator.execute(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc"
    )
    with pytest.raises(ServerUnsuitableError, match="encoded in UTF8, this one is in SQL_ASCII"):
        await migrate(url_of(empty_url, name), [NOTES])
    await administrator.execute(f"DROP DATABASE {name}")


class OldServer:
    """Answers what PostgreSQL 14 says of itself; there is no such server to ask."""

    async def fetchrow(self, _query: str) -> dict[str, object]:
        """Describe the server."""
        return {"version": 140011, "version_name": "14.11", "encoding": "UTF8"}


async def test_an_old_server_is_refused() -> None:
    """The version that is needed and the one that is there are named."""
    with pytest.raises(ServerUnsuitableError, match=r"PostgreSQL 15 or later is needed, this is 14\.11"):
        await check_server(OldServer())


async def test_errors_hold_no_password(owner_url: str) -> None:
    """Neither the message nor the traceback of a refusal quotes the URL's password."""
    secret = secrets.token_hex(8)
    user = urlsplit(owner_url).username or ""
    wrong = owner_url.replace(f"{user}:{user}@", f"{user}:{secret}@")
    with pytest.raises(MigrationsForbiddenError) as refused:
        await migrate(wrong, [NOTES])
    assert secret not in "".join(traceback.format_exception(refused.value))
