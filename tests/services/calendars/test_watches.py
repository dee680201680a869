"""What is watched over: holidays that run out, and zones whose rules change under what was counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from businesstime.zones import PACKAGED, ZoneDatabase
from calendars.contract import (
    AcceptIcsEdition,
    AdoptZoneRules,
    AmendCalendar,
    ApplyCalendars,
    CalendarFile,
    Calendars,
    CreateCalendar,
    OfferIcsContent,
    ReadWatches,
    SaveIcsSource,
)
from calendars.operations.watch_calendars import watch, watch_changed, watch_some
from calendars.service import CalendarsService
from calendars.storage.watches import read_rules
from pgstore.feed import FeedMessage
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import hours, refusal_of
from tests.services.calendars.test_ics_sources import ics
from tests.services.standing_time import StandingTime

CHRISTMAS = {"rule": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", "from": "2020-12-25", "name": "Christmas"}
FAIR = {"date": "2026-04-20", "name": "Fair"}
GALA = {"date": "2026-09-01", "name": "Gala"}


class Later(ZoneDatabase):
    """A later tzdata, in which one zone has the rules of another."""

    def __init__(self, zone: str, like: str) -> None:
        super().__init__("2099z", lambda key: PACKAGED._read(like if key == zone else key))


async def create(door: Calendars, context: RequestContext, key: str, document: dict[str, Any]) -> None:
    """Create a Calendar."""
    await door.create_calendar(context, CreateCalendar(key=key, name=key, document=document))


async def messages(service: CalendarsService, tenant: str) -> list[FeedMessage]:
    """Read what was told of watches for a tenant."""
    found: list[FeedMessage] = []
    page = await service.feed.read(None, 1_000)
    while page.messages:
        found += [message for message in page.messages if message.tenant_id == tenant]
        page = await service.feed.read(page.cursor, 1_000)
    return [message for message in found if message.type not in {"calendar.created", "calendar.amended"}]


async def look(
    service: CalendarsService, tenant: str, clock: StandingTime, zones: ZoneDatabase = PACKAGED
) -> None:
    """Look after a tenant as the worker does."""
    await watch(tenant, database=service._database, zones=zones, now=clock())


@pytest.mark.parametrize(
    ("holidays", "last_on"),
    [
        ([FAIR], date(2026, 4, 20)),
        ([{"date": "2025-12-24", "name": "Eve"}], date(2025, 12, 24)),
        ([{"date": "2010-12-24", "name": "Eve"}], None),
        ([CHRISTMAS | {"rule": "FREQ=YEARLY;COUNT=6"}], date(2025, 12, 25)),
        ([{"date": "2026-05-01", "name": "May"}], date(2026, 5, 1)),
    ],
)
async def test_holidays_that_end_within_sixty_days_are_listed(
    holidays: list[dict[str, Any]], last_on: date | None, door: Calendars, context: RequestContext
) -> None:
    """The last of all holidays decides; one that is past counts too."""
    await create(door, context, "office", hours("UTC", "09:00-17:00", holidays=holidays))
    (one,) = (await door.read_watches(context, ReadWatches())).holidays
    assert (one.key, one.source, one.last_on) == ("office", None, last_on)


@pytest.mark.parametrize(
    "holidays",
    [[], [CHRISTMAS], [FAIR, GALA], [FAIR, {"country": "GB"}], [{"date": "2026-05-02", "name": "x"}]],
)
async def test_holidays_that_go_on_are_not_listed(
    holidays: list[dict[str, Any]], door: Calendars, context: RequestContext
) -> None:
    """A Calendar without holidays has none to run out; a country's go on; the sixty-first day is far."""
    await create(door, context, "office", hours("UTC", "09:00-17:00", holidays=holidays))
    assert (await door.read_watches(context, ReadWatches())).holidays == ()


async def test_an_ics_source_runs_out_by_itself(door: Calendars, context: RequestContext) -> None:
    """Whatever other holidays a Calendar has; children inherit, compositions are made of others."""
    await door.save_ics_source(context, SaveIcsSource(key="company", name="Company"))
    content = ics(("20260311", "Fair"))
    await door.offer_ics_content(context, OfferIcsContent(key="company", content=content))
    await door.accept_ics_edition(context, AcceptIcsEdition(key="company", edition=1))
    document = hours("UTC", "09:00-17:00", holidays=[{"ics": "company"}, CHRISTMAS])
    await create(door, context, "office", document)
    await create(door, context, "desk", hours("UTC", "09:00-17:00", holidays=[FAIR]))
    await create(door, context, "child", {"parent": "desk"})
    await create(door, context, "both", {"union": ["office", "desk"]})
    found = (await door.read_watches(context, ReadWatches(within_days=60))).holidays
    assert [(one.key, one.source, one.last_on) for one in found] == [
        ("child", None, date(2026, 4, 20)),
        ("desk", None, date(2026, 4, 20)),
        ("office", "company", date(2026, 3, 11)),
    ]
    few = (await door.read_watches(context, ReadWatches(within_days=9))).holidays
    assert [one.key for one in few] == ["office"]
    refused = await refusal_of(door.read_watches(context, ReadWatches(within_days=0)))
    assert (refused.code, refused.field) == ("within_days_invalid", "within_days")


async def test_what_runs_out_is_told_once(
    service: CalendarsService, context: RequestContext, tenant: str, clock: StandingTime
) -> None:
    """A message a Calendar and last day, however often the worker looks."""
    await create(service, context, "office", hours("UTC", "09:00-17:00", holidays=[GALA]))
    await look(service, tenant, clock)
    assert await messages(service, tenant) == []
    clock.at = datetime(2026, 7, 4, tzinfo=UTC)
    for _ in range(3):
        await look(service, tenant, clock)
        clock.move(timedelta(days=1))
    (message,) = await messages(service, tenant)
    assert (message.type, message.subject) == ("calendar.holidays_run_out", "office")
    assert message.payload == {"key": "office", "source": None, "last_on": "2026-09-01"}


@pytest.fixture
async def counted(
    service: CalendarsService, context: RequestContext, tenant: str, clock: StandingTime
) -> CalendarsService:
    """Give a service whose tenant counts by the zones of today."""
    await create(service, context, "paris", hours("Europe/Paris", "09:00-17:00"))
    await create(service, context, "child", {"parent": "paris"})
    await create(service, context, "tokyo", hours("Asia/Tokyo", "09:00-17:00"))
    await create(service, context, "all", {"union": ["child", "tokyo"]})
    await look(service, tenant, clock)
    return service


async def test_a_new_tzdata_that_changes_a_zone_is_told_before_anything_is_counted_anew(
    counted: CalendarsService, context: RequestContext, tenant: str, clock: StandingTime
) -> None:
    """The zone, from when on it differs, and every Calendar that counts by it, told once."""
    assert (await counted.read_watches(context, ReadWatches())).zones == ()
    later = Later("Europe/Paris", like="Europe/London")
    for _ in range(2):
        await look(counted, tenant, clock, later)
    counted._zones = later
    (change,) = (await counted.read_watches(context, ReadWatches())).zones
    assert (change.zone, change.from_version, change.to_version) == (
        "Europe/Paris",
        PACKAGED.version,
        "2099z",
    )
    assert change.calendars == ("all", "child", "paris")
    (message,) = await messages(counted, tenant)
    assert message.type == "calendar.zone_rules_changed"
    assert message.payload["calendars"] == ["all", "child", "paris"]


async def test_a_zone_is_known_from_the_first_version_that_names_it(
    service: CalendarsService, context: RequestContext, tenant: str, clock: StandingTime
) -> None:
    """A new tzdata is told of though no worker has looked since the Calendar was made, or amended."""
    paris, later = hours("Europe/Paris", "09:00-17:00"), Later("Europe/Paris", like="Europe/London")
    await create(service, context, "office", hours("UTC", "09:00-17:00"))
    await service.amend_calendar(
        context, AmendCalendar(key="office", expected_version=1, document=paris, effective_from=None)
    )
    await create(service, context, "branch", paris)
    assert await watch_changed(database=service._database, zones=later, now=clock()) >= 1
    (message,) = await messages(service, tenant)
    assert message.type == "calendar.zone_rules_changed"
    assert (message.payload["zone"], message.payload["calendars"]) == ("Europe/Paris", ["branch", "office"])


async def test_a_version_leaves_what_the_tenant_counts_by(
    counted: CalendarsService, context: RequestContext, tenant: str
) -> None:
    """Another Calendar of a zone whose change waits does not take it over; and a plan notes nothing."""
    later = Later("Asia/Tokyo", like="Asia/Shanghai")
    counted._zones = later
    await create(counted, context, "osaka", hours("Asia/Tokyo", "09:00-17:00"))
    (change,) = (await counted.read_watches(context, ReadWatches())).zones
    assert change.calendars == ("all", "osaka", "tokyo")
    lima = ApplyCalendars(
        calendars=(CalendarFile(key="lima", name="Lima", document=hours("America/Lima", "09:00-17:00")),),
        plan=True,
    )
    await counted.apply_calendars(context, lima)
    async with counted._database.transaction(tenant) as connection:
        assert "America/Lima" not in await read_rules(connection, tenant)


async def test_changed_rules_are_taken_over_once(
    counted: CalendarsService, context: RequestContext, tenant: str, clock: StandingTime
) -> None:
    """Whoever does it is written down; followers learn whom it touches; there is no second time."""
    counted._zones = Later("Asia/Tokyo", like="Asia/Shanghai")
    done = await counted.adopt_zone_rules(context, AdoptZoneRules(zone="Asia/Tokyo", reason="law of 2026"))
    assert (done.adopted_by, done.reason, done.change.calendars) == (
        "user:ada",
        "law of 2026",
        ("all", "tokyo"),
    )
    refused = await refusal_of(counted.adopt_zone_rules(context, AdoptZoneRules(zone="Asia/Tokyo")))
    assert (refused.code, refused.kind) == ("zone_unchanged", "not_found")
    await look(counted, tenant, clock, counted._zones)
    (message,) = await messages(counted, tenant)
    assert message.type == "calendar.zone_rules_adopted"
    assert message.payload["affected"] == ["all", "tokyo"]
    assert message.payload["effective_from"].endswith("Z")


@pytest.mark.parametrize("reason", ["\x00", "x" * 2_001])
async def test_a_reason_that_is_no_text_is_refused(
    counted: CalendarsService, context: RequestContext, reason: str
) -> None:
    """As that of an amendment is; nothing is taken over."""
    counted._zones = Later("Asia/Tokyo", like="Asia/Shanghai")
    refused = await refusal_of(
        counted.adopt_zone_rules(context, AdoptZoneRules(zone="Asia/Tokyo", reason=reason))
    )
    assert (refused.code, refused.field) == ("reason_invalid", "reason")
    assert len((await counted.read_watches(context, ReadWatches())).zones) == 1


async def test_taking_over_needs_the_scope(counted: CalendarsService, tenant: str) -> None:
    """Reading is not enough."""
    reader = acting_for(tenant, scopes=frozenset({"read"}))
    refused = await refusal_of(counted.adopt_zone_rules(reader, AdoptZoneRules(zone="Asia/Tokyo")))
    assert refused.kind == "forbidden"


async def test_an_edition_that_means_the_same_is_taken_over_in_silence(
    counted: CalendarsService, context: RequestContext, tenant: str, clock: StandingTime
) -> None:
    """Most editions of tzdata change other zones: then nobody is told."""
    later = Later("Africa/Cairo", like="UTC")
    await look(counted, tenant, clock, later)
    counted._zones = later
    assert (await counted.read_watches(context, ReadWatches())).zones == ()
    assert await messages(counted, tenant) == []


async def test_a_service_that_starts_with_another_tzdata_tells_before_it_answers(
    counted: CalendarsService, tenant: str, clock: StandingTime
) -> None:
    """Whoever counts by the old rules is told at once, whoever was told is not looked at again."""
    later = Later("Europe/Paris", like="Europe/London")
    assert await watch_changed(database=counted._database, zones=later, now=clock()) >= 1
    assert [message.type for message in await messages(counted, tenant)] == ["calendar.zone_rules_changed"]
    assert await watch_changed(database=counted._database, zones=later, now=clock()) == 0


async def test_the_worker_looks_after_every_tenant(
    counted: CalendarsService, tenant: str, clock: StandingTime
) -> None:
    """Some tenants a step, in order, until all are done."""
    seen, last = [], ""
    while after := await watch_some(database=counted._database, zones=PACKAGED, after=last, now=clock()):
        seen.append(after)
        last = after
    assert seen == sorted(seen)
    assert last >= tenant


async def test_a_tenant_that_cannot_be_looked_after_is_passed_over(
    service: CalendarsService, tenant: str, clock: StandingTime, database_url: str
) -> None:
    """One whose document no longer reads keeps neither the next one waiting nor the service from starting."""
    for name in ("sick", "well"):
        context = acting_for(f"{tenant}-{name}")
        await create(service, context, "office", hours("Europe/Paris", "09:00-17:00", holidays=[FAIR]))
    administrator = await asyncpg.connect(database_url)
    try:
        spoil = "UPDATE calendars.calendar_versions SET document = $2 WHERE tenant_id = $1"
        await administrator.execute(spoil, f"{tenant}-sick", '{"zone": 3}')
        later, database = Later("Europe/Paris", like="Europe/London"), service._database
        last = await watch_some(database=database, zones=PACKAGED, after=f"{tenant}-r", now=clock())
        assert last is not None
        assert last >= f"{tenant}-well"
        assert await watch_changed(database=database, zones=later, now=clock()) >= 1
        told = [message.type for message in await messages(service, f"{tenant}-well")]
        assert told == ["calendar.holidays_run_out", "calendar.zone_rules_changed"]
    finally:
        await administrator.execute(
            "DELETE FROM calendars.calendar_books WHERE tenant_id = $1", f"{tenant}-sick"
        )
        await administrator.execute("DELETE FROM calendars.zone_rules WHERE tenant_id = $1", f"{tenant}-sick")
        await administrator.close()
