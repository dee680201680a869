"""What the database itself holds to, whatever the code does."""

from __future__ import annotations

import asyncpg
import pytest

from clocks.contract import IngestEvents, ReadSubject
from clocks.service import ClocksService
from pgstore.database import Database, savepoint
from serving.context import RequestContext
from tests.services.clocks.conftest import acting_for
from tests.services.clocks.stories import event

OWN_TABLES = (
    "calendar_copies",
    "cycles",
    "events",
    "firings",
    "policies",
    "policy_versions",
    "refolds",
    "revisions",
    "rulebooks",
    "subjects",
)
REQUEST = IngestEvents(
    events=(
        event("e1", "T-1", "2026-02-02T09:00", priority="1"),
        event("e2", "T-1", "2026-02-03T15:00", state="solved"),
    )
)


@pytest.fixture
def database(service: ClocksService) -> Database:
    """Take the service's own pool, with the service's own rights."""
    return service._database


@pytest.mark.usefixtures("support")
async def test_a_tenant_sees_no_row_of_another(
    service: ClocksService, database: Database, context: RequestContext
) -> None:
    """Rows are invisible to another tenant's transaction, and may not be written into it."""
    await service.ingest_events(context, REQUEST)
    async with database.transaction(f"{context.tenant_id}-other") as connection:
        for table in OWN_TABLES:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - our own names
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with savepoint(connection):
                await connection.execute("INSERT INTO rulebooks VALUES ($1, 1, 1)", context.tenant_id)


@pytest.mark.usefixtures("support")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET type = 'other'",
        "DELETE FROM events",
        "UPDATE firings SET at = now()",
        "DELETE FROM firings",
        "UPDATE revisions SET cause = ''",
        "DELETE FROM revisions",
        "UPDATE policy_versions SET document = '{}'",
        "DELETE FROM subjects",
        "DELETE FROM policies",
    ],
)
async def test_what_was_said_is_never_changed(
    service: ClocksService, database: Database, context: RequestContext, statement: str
) -> None:
    """The service has no right to change or remove events, versions, revisions, the ledger, or a Subject."""
    await service.ingest_events(context, REQUEST)
    async with database.transaction(context.tenant_id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with savepoint(connection):
                await connection.execute(statement)


@pytest.mark.usefixtures("support")
async def test_a_second_firing_is_an_error(
    service: ClocksService, database: Database, context: RequestContext
) -> None:
    """The ledger's key is clock, cycle, generation and threshold: the same again breaks it."""
    await service.ingest_events(context, REQUEST)
    again = "INSERT INTO firings SELECT * FROM firings"
    async with database.transaction(context.tenant_id) as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            async with savepoint(connection):
                await connection.execute(again)


@pytest.mark.usefixtures("support")
async def test_functions_over_tenants_give_no_more_than_they_say(
    service: ClocksService, database: Database, context: RequestContext
) -> None:
    """Without a tenant the tables answer nothing, or refuse; the worker's functions do their narrow work."""
    await service.ingest_events(context, REQUEST)
    async with database.connection() as connection:
        for table in ("cycles", "events", "subjects"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - our own names
        assert context.tenant_id in [
            row[0] for row in await connection.fetch("SELECT tenant_id FROM tenants_to_refold(1000)")
        ]


async def test_nothing_is_half_done_when_a_batch_fails(
    service: ClocksService, database: Database, context: RequestContext, support: str
) -> None:
    """A batch that dies at its last statement leaves no event, no Cycle and no message behind."""
    del support
    other = acting_for(context.tenant_id)
    async with database.transaction(context.tenant_id) as connection:
        before = await connection.fetchval("SELECT count(*) FROM outbox")
    strange = event("e9", "T-9", "2026-02-02T09:00", priority="1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clocks.operations.fold_subjects.tell", _die)
        with pytest.raises(RuntimeError, match="gone"):
            await service.ingest_events(other, IngestEvents(events=(strange,)))
    with pytest.raises(Exception, match="T-9"):
        await service.read_subject(context, ReadSubject(subject_id="T-9"))
    async with database.transaction(context.tenant_id) as connection:
        for table in ("events", "subjects", "cycles", "firings"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608 - our own names
        assert await connection.fetchval("SELECT count(*) FROM outbox") == before
    assert (await service.ingest_events(other, IngestEvents(events=(strange,)))).accepted == 1


async def _die(*_arguments: object) -> None:
    raise RuntimeError("gone")
