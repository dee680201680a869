"""The same work, put to other libraries: `elapsed` in µs, `deadline` and `is_open`, for aware UTC datetimes.

zendesk/biz is left out: it is Ruby, and cannot run in this process.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from businesstime import zone

__all__ = ["PEERS", "Peer", "load_peers"]

NEW_YORK: Final = zone("America/New_York")
MICROSECOND: Final = timedelta(microseconds=1)


class Peer(NamedTuple):
    """One library's way to ask; None where it has none. The units are the finest that it takes."""

    elapsed: Callable[[datetime, datetime], int] | None
    deadline: Callable[[datetime, timedelta], datetime] | None
    is_open: Callable[[datetime], bool] | None = None
    instant_unit: timedelta = MICROSECOND
    duration_unit: timedelta = MICROSECOND


def timegrid(holidays: list[date]) -> Peer:
    """Ask timegrid, which knows no zones: local times go in."""
    library = importlib.import_module("timegrid")
    calendar = library.TimeGridCalendar.weekdays(time(9), time(17, 30)).break_weekdays(
        time(12, 30), time(13, 15)
    )
    for day in holidays:
        calendar.close(day)
    # A naive time is what this library takes.
    grid = calendar.compile(datetime(2020, 1, 1), datetime(2031, 1, 1))  # noqa: DTZ001 - as said above

    def local(at: datetime) -> datetime:
        return at.astimezone(NEW_YORK).replace(tzinfo=None)

    def elapsed(start: datetime, end: datetime) -> int:
        return int(grid.get_working_duration(local(start), local(end)) / MICROSECOND)

    def deadline(start: datetime, duration: timedelta) -> datetime:
        due: datetime = calendar.add_work_duration(local(start), duration)
        return due.replace(tzinfo=NEW_YORK).astimezone(UTC)

    def is_open(at: datetime) -> bool:
        return bool(grid.get_capacity_at(local(at)) > 0)

    return Peer(elapsed, deadline, is_open)


def workclock(holidays: list[date]) -> Peer:
    """Ask workclock."""
    library = importlib.import_module("workclock")
    schedule = library.Schedule(
        [
            library.WorkDay(time(9), time(17, 30)),
            library.Break(time(12, 30), time(13, 15)),
            library.Holidays(holidays),
        ],
        time_zone="America/New_York",
    )

    def elapsed(start: datetime, end: datetime) -> int:
        return int(schedule.between(start, end) / MICROSECOND)

    def deadline(start: datetime, duration: timedelta) -> datetime:
        due: datetime = schedule.add(start, duration)
        return due

    return Peer(elapsed, deadline)


def businesstimedelta(holidays: list[date]) -> Peer:
    """Ask businesstimedelta."""
    library = importlib.import_module("businesstimedelta")
    pytz = importlib.import_module("pytz")
    new_york = pytz.timezone("America/New_York")
    rules = library.Rules(
        [
            library.WorkDayRule(
                start_time=time(9), end_time=time(17, 30), working_days=[0, 1, 2, 3, 4], tz=new_york
            ),
            library.LunchTimeRule(
                start_time=time(12, 30), end_time=time(13, 15), working_days=[0, 1, 2, 3, 4], tz=new_york
            ),
            library.HolidayRule(dict.fromkeys(holidays, "holiday"), tz=new_york),
        ]
    )

    def elapsed(start: datetime, end: datetime) -> int:
        return int(rules.difference(start, end).timedelta / MICROSECOND)

    def deadline(start: datetime, duration: timedelta) -> datetime:
        due: datetime = start + library.BusinessTimeDelta(rules, timedelta=duration)
        return due

    return Peer(elapsed, deadline)


def pandas(holidays: list[date]) -> Peer:
    """Ask pandas' CustomBusinessHour, which adds whole hours and measures nothing."""
    offsets: Any = importlib.import_module("pandas.tseries.offsets")
    timestamp: Any = importlib.import_module("pandas").Timestamp
    hours = offsets.CustomBusinessHour(start=["09:00", "13:15"], end=["12:30", "17:30"], holidays=holidays)

    def deadline(start: datetime, duration: timedelta) -> datetime:
        local = timestamp(start).tz_convert("America/New_York")
        opened = local if hours.is_on_offset(local) else hours.rollforward(local)
        due: datetime = (opened + duration // timedelta(hours=1) * hours).to_pydatetime()
        return due

    def is_open(at: datetime) -> bool:
        return bool(hours.is_on_offset(timestamp(at).tz_convert("America/New_York")))

    return Peer(None, deadline, is_open, duration_unit=timedelta(hours=1))


def exchange_calendars(holidays: list[date]) -> Peer:
    """Ask exchange_calendars, which counts whole trading minutes, all of them in one index."""
    library = importlib.import_module("exchange_calendars")
    timestamp: Any = importlib.import_module("pandas").Timestamp
    attributes = {
        "name": "FEDERAL",
        "tz": NEW_YORK,
        "open_times": ((None, time(9)),),
        "break_start_times": ((None, time(12, 30)),),
        "break_end_times": ((None, time(13, 15)),),
        "close_times": ((None, time(17, 30)),),
        "adhoc_holidays": [timestamp(day) for day in holidays],
    }
    office = type("FederalOffice", (library.ExchangeCalendar,), attributes)
    calendar: Any = office(start="2020-01-01", end="2030-12-31")
    minute = timedelta(minutes=1)

    def elapsed(start: datetime, end: datetime) -> int:
        minutes: int = calendar.minutes_distance(timestamp(start), timestamp(end - minute))
        return int(minutes) * 60_000_000

    def deadline(start: datetime, duration: timedelta) -> datetime:
        first = calendar.minute_to_trading_minute(timestamp(start), "next")
        due: datetime = calendar.minute_offset(first, duration // minute).to_pydatetime()
        return due

    def is_open(at: datetime) -> bool:
        return bool(calendar.is_open_at_time(timestamp(at)))

    return Peer(elapsed, deadline, is_open, instant_unit=minute, duration_unit=minute)


PEERS: Final = {
    "workclock": workclock,
    "timegrid": timegrid,
    "businesstimedelta": businesstimedelta,
    "pandas": pandas,
    "exchange_calendars": exchange_calendars,
}


def load_peers(holidays: list[date]) -> dict[str, Peer]:
    """Load the peers that are installed, and say of each other one that it is not."""
    found = {}
    for name, build in PEERS.items():
        if importlib.util.find_spec(name) is None:
            sys.stdout.write(f"  {name} is not installed: skipped (it belongs to the extra `bench`)\n")
        else:
            found[name] = build(holidays)
    return found
