"""New zone rules: they move no due time by themselves, and once they are taken over, all of them, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from businesstime import compile_schedule, schedule_from_document
from calendars.contract import ReadTimelines, TimelineRecord, TimelinesRecord
from calendars.domain.zone_watch import ZoneChange
from calendars.service import CalendarsService
from calendars.storage.messages import tell_zone_rules_adopted
from clocks.app import open_clocks
from clocks.contract import IngestEvents, ReadSubject, SavePolicy
from clocks.service import ClocksService
from clocks.settings import Settings
from serving.context import RequestContext
from tests.services.clocks.stories import OFFICE, SUPPORT, at, event
from tests.services.clocks.test_amendments import follow_all, refold_all, values
from tests.services.standing_time import StandingTime

CHANGE = ZoneChange(
    zone="Etc/UTC",
    from_version="2026a",
    to_version="2099z",
    differs_from=datetime(2026, 3, 1, tzinfo=UTC),
    calendars=("office",),
)


class OtherRules:
    """The calendars as they answer with other zone rules: the same versions, opening two hours later."""

    def __init__(self, calendars: CalendarsService) -> None:
        self._calendars = calendars

    def __getattr__(self, name: str) -> Any:
        """Leave everything else as it is."""
        return getattr(self._calendars, name)

    async def read_timelines(self, context: RequestContext, request: ReadTimelines) -> TimelinesRecord:
        """Compile each anew."""
        found = await self._calendars.read_timelines(context, request)
        line = compile_schedule(schedule_from_document({**OFFICE, "hours": {"mon-fri": ["11:00-19:00"]}}))
        return TimelinesRecord(
            timelines=tuple(
                TimelineRecord(
                    key=each.key,
                    version=each.version,
                    content_key=line.content_key,
                    blob=line.to_bytes(),
                    revision=each.revision,
                )
                for each in found.timelines
            )
        )


async def test_new_zone_rules_wait_until_they_are_taken_over(
    settings: Settings,
    calendars: CalendarsService,
    service: ClocksService,
    clock: StandingTime,
    context: RequestContext,
    support: str,
) -> None:
    """A process that starts among them counts as before, whatever it saves; taken over, they count."""
    opened = event("e1", "T-1", "2026-03-02T09:00", priority="1")
    await service.ingest_events(context, IngestEvents(events=(opened,)))
    await refold_all(service, calendars, context)
    other: Any = OtherRules(calendars)
    async with open_clocks(settings, calendars=other, now=clock) as cold:
        await cold.save_policy(context, SavePolicy(key=support, document=SUPPORT, expected_version=1))
        await cold.ingest_events(context, IngestEvents(events=(event("e2", "T-2", "2026-03-02T09:00"),)))
        await refold_all(cold, other, context)
        assert await due_of(cold, context) == [at("2026-03-02T13:00")]

        async with calendars._database.transaction(context.tenant_id) as connection:
            await tell_zone_rules_adopted(connection, CHANGE)
        for _ in range(2):
            await follow_all(cold, other)
            await refold_all(cold, other, context)
            assert await due_of(cold, context) == [at("2026-03-02T15:00")]
    assert await values(service, context, "SELECT cause FROM revisions WHERE subject_id = 'T-1'") == [
        "calendar office version 1"
    ]


async def due_of(service: ClocksService, context: RequestContext) -> list[datetime | None]:
    """Read when the first Subject's Cycles are due, as they stand and as they are read: the same."""
    standing = await values(service, context, "SELECT due_at FROM cycles WHERE subject_id = 'T-1'")
    subject = await service.read_subject(context, ReadSubject(subject_id="T-1"))
    assert [cycle.due_at for cycle in subject.cycles] == standing
    return standing
