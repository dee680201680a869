"""Date maths at the door: each answer against one counted by hand, or by the library itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from businesstime import compile_schedule, schedule_from_document
from calendars.contract import (
    AmendCalendar,
    AskCalendarDeadline,
    AskCalendarElapsed,
    AskCalendarState,
    AskCalendarWindow,
    Calendars,
    CreateCalendar,
    DeadlineQuestion,
    ElapsedQuestion,
    StateQuestion,
    WindowQuestion,
)
from serving.context import RequestContext
from tests.services.calendars.conftest import acting_for
from tests.services.calendars.documents import LONDON, NEW_YORK, SYDNEY, hours, refusal_of
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000
OFFICE = hours(
    "UTC",
    "09:00-12:00",
    "13:00-17:00",
    holidays=[{"date": "2026-03-04", "name": "Founders' Day"}],
    special={"2026-03-05": ["10:00-11:00"]},
    seasons=[
        {"name": "summer", "from": "2026-06-01", "to": "2026-06-30", "hours": {"mon-fri": ["08:00-14:00"]}}
    ],
)


def on(day: int, hour: int = 0, minute: int = 0, *, month: int = 3, year: int = 2026) -> datetime:
    """Return an instant of March 2026, or another month."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
async def offices(door: Calendars, context: RequestContext) -> Calendars:
    """Give a door behind which there are four Calendars."""
    documents = {
        "office": OFFICE,
        "london": LONDON,
        "new-york": NEW_YORK,
        "always": hours("UTC", "00:00-24:00", days="mon-sun"),
    }
    for key, document in documents.items():
        await door.create_calendar(context, CreateCalendar(key=key, name=key, document=document))
    return door


@pytest.mark.parametrize(
    ("at", "is_open", "reason", "name", "next_open", "next_close"),
    [
        (on(2, 8, 59), False, "weekly_hours", None, on(2, 9), on(2, 12)),
        (on(2, 9), True, "weekly_hours", None, on(2, 9), on(2, 12)),
        (on(2, 11, 59), True, "weekly_hours", None, on(2, 11, 59), on(2, 12)),
        (on(2, 12), False, "weekly_hours", None, on(2, 13), on(2, 17)),
        (on(3, 17), False, "weekly_hours", None, on(5, 10), on(5, 11)),
        (on(4, 10), False, "holiday", "Founders' Day", on(5, 10), on(5, 11)),
        (on(5, 10, 30), True, "special_hours", None, on(5, 10, 30), on(5, 11)),
        (on(7, 10), False, "weekly_hours", None, on(9, 9), on(9, 12)),
        (on(1, 8, month=6), True, "season", "summer", on(1, 8, month=6), on(1, 14, month=6)),
    ],
)
async def test_the_state_at_an_instant(
    offices: Calendars,
    context: RequestContext,
    at: datetime,
    is_open: bool,  # noqa: FBT001 - a column of the table
    reason: str,
    name: str | None,
    next_open: datetime,
    next_close: datetime,
) -> None:
    """Open or closed, by which rule, and what comes next, at every kind of boundary."""
    asked = AskCalendarState(questions=(StateQuestion(key="office", at=at),))
    (answer,) = (await offices.ask_calendar_state(context, asked)).answers
    assert (answer.at, answer.is_open, answer.reason, answer.name) == (at, is_open, reason, name)
    assert (answer.next_open, answer.next_close) == (next_open, next_close)
    assert (answer.key, answer.version) == ("office", 1)


async def test_without_an_instant_it_is_now(
    offices: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """The service's own now answers where none is given; many Calendars are asked at once."""
    asked = AskCalendarState(
        questions=tuple(StateQuestion(key=key) for key in ("new-york", "london", "office"))
    )
    answers = (await offices.ask_calendar_state(context, asked)).answers
    assert [(answer.key, answer.at, answer.is_open) for answer in answers] == [
        ("new-york", clock.at, False),
        ("london", clock.at, True),
        ("office", clock.at, False),
    ]


async def test_what_never_closes_has_no_next_closing(offices: Calendars, context: RequestContext) -> None:
    """24x7 is open, and says so without an instant that will never come."""
    (answer,) = (
        await offices.ask_calendar_state(context, AskCalendarState(questions=(StateQuestion(key="always"),)))
    ).answers
    assert (answer.is_open, answer.next_close) == (True, None)


async def test_open_time_between_two_instants(offices: Calendars, context: RequestContext) -> None:
    """Holidays, special hours and breaks are left out; backwards is negative; the order is that asked."""
    asked = AskCalendarElapsed(
        questions=(
            ElapsedQuestion(key="office", start=on(2), end=on(9)),
            ElapsedQuestion(key="office", start=on(9), end=on(2)),
            ElapsedQuestion(key="always", start=on(2), end=on(9)),
            ElapsedQuestion(key="office", start=on(2, 11, 30), end=on(2, 13, 30)),
        )
    )
    answers = (await offices.ask_calendar_elapsed(context, asked)).answers
    assert [answer.elapsed_us / HOUR_US for answer in answers] == [22, -22, 168, 1]
    assert [answer.business_days for answer in answers] == [4, -4, 7, 0]


@pytest.mark.parametrize(
    ("start", "duration", "deadline"),
    [
        (on(2, 9), "4h", on(2, 14)),
        (on(2, 9), "PT3H", on(2, 12)),
        (on(3, 16), "90m", on(5, 10, 30)),
        (on(5, 10, 30), "-90m", on(3, 16)),
        (on(2, 9), "0s", on(2, 9)),
        (on(2, 10), "2bd", on(5, 10)),
        (on(2, 9), "22h", on(6, 17)),
    ],
)
async def test_a_deadline(
    offices: Calendars, context: RequestContext, start: datetime, duration: str, deadline: datetime
) -> None:
    """Hours count open time, business days count dates, negative ones backwards."""
    asked = AskCalendarDeadline(questions=(DeadlineQuestion(key="office", start=start, duration=duration),))
    (answer,) = (await offices.ask_calendar_deadline(context, asked)).answers
    assert answer.deadline == deadline


async def test_a_window_taken_apart(offices: Calendars, context: RequestContext) -> None:
    """Open intervals are cut at the ends; segments leave no gap and say why."""
    asked = AskCalendarWindow(questions=(WindowQuestion(key="office", start=on(3, 16), end=on(5, 10, 30)),))
    (answer,) = (await offices.ask_calendar_window(context, asked)).answers
    assert answer.open_us == 1.5 * HOUR_US
    assert [(each.start, each.end) for each in answer.intervals] == [
        (on(3, 16), on(3, 17)),
        (on(5, 10), on(5, 10, 30)),
    ]
    assert [(each.start, each.end, each.is_open, each.reason, each.name) for each in answer.segments] == [
        (on(3, 16), on(3, 17), True, "weekly_hours", None),
        (on(3, 17), on(4), False, "weekly_hours", None),
        (on(4), on(5), False, "holiday", "Founders' Day"),
        (on(5), on(5, 10), False, "special_hours", None),
        (on(5, 10), on(5, 10, 30), True, "special_hours", None),
    ]


async def test_a_thousand_questions_at_once_agree_with_the_library(
    offices: Calendars, context: RequestContext
) -> None:
    """A full batch over two Calendars gives what each Timeline gives by itself."""
    lines = {
        key: compile_schedule(schedule_from_document(each))
        for key, each in (("london", LONDON), ("new-york", NEW_YORK))
    }
    questions = tuple(
        DeadlineQuestion(
            key=("london", "new-york")[n % 2], start=on(2) + timedelta(minutes=37 * n), duration=f"{n}m"
        )
        for n in range(1_000)
    )
    answers = (await offices.ask_calendar_deadline(context, AskCalendarDeadline(questions=questions))).answers
    assert [answer.deadline for answer in answers] == [
        lines[each.key].deadline(each.start, n * 60_000_000) for n, each in enumerate(questions)
    ]


async def test_a_far_question_is_answered_alike(offices: Calendars, context: RequestContext) -> None:
    """Years outside of the horizon give the same sums, and leave the shared Timeline as it was."""
    far = [on(2, year=1975), on(2, year=2090)]
    asked = AskCalendarElapsed(
        questions=tuple(ElapsedQuestion(key="london", start=at, end=at + timedelta(days=60)) for at in far)
    )
    line = compile_schedule(schedule_from_document(LONDON))
    answers = (await offices.ask_calendar_elapsed(context, asked)).answers
    assert [answer.elapsed_us for answer in answers] == [
        line.elapsed(at, at + timedelta(days=60)) for at in far
    ]
    year = AskCalendarDeadline(questions=(DeadlineQuestion(key="london", start=on(2), duration="9000h"),))
    (deadline,) = (await offices.ask_calendar_deadline(context, year)).answers
    assert deadline.deadline == line.deadline(on(2), 9000 * HOUR_US)


async def test_questions_as_known_earlier(
    offices: Calendars, context: RequestContext, clock: StandingTime
) -> None:
    """After the past was put right, the earlier answer can be had again, with the version that gave it."""
    before = clock.at
    clock.move(timedelta(hours=1))
    await offices.amend_calendar(
        context,
        AmendCalendar(
            key="office",
            expected_version=1,
            document=SYDNEY,
            mode="RESTATE",
            reason="Wrong city",
            effective_from=on(1, month=1),
        ),
    )
    question = (ElapsedQuestion(key="office", start=on(2, month=2), end=on(3, month=2)),)
    now = (await offices.ask_calendar_elapsed(context, AskCalendarElapsed(questions=question))).answers[0]
    then = (
        await offices.ask_calendar_elapsed(context, AskCalendarElapsed(questions=question, known_at=before))
    ).answers[0]
    assert (then.version, then.elapsed_us) == (1, 7 * HOUR_US)
    assert (now.version, now.elapsed_us) == (2, 8 * HOUR_US)


NAIVE = datetime(2026, 3, 2)  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("call", "request_type", "question", "code", "field"),
    [
        ("state", AskCalendarState, StateQuestion(key="nobody"), "calendar_unknown", "questions[1].key"),
        ("state", AskCalendarState, StateQuestion(key="No"), "calendar_key_invalid", "questions[1].key"),
        (
            "state",
            AskCalendarState,
            StateQuestion(key="office", at=NAIVE),
            "instant_naive",
            "questions[1].at",
        ),
        (
            "state",
            AskCalendarState,
            StateQuestion(key="office", at=on(1, year=2100)),
            "instant_out_of_bounds",
            "questions[1].at",
        ),
        (
            "elapsed",
            AskCalendarElapsed,
            ElapsedQuestion(key="office", start=on(1), end=NAIVE),
            "instant_naive",
            "questions[1].end",
        ),
        (
            "deadline",
            AskCalendarDeadline,
            DeadlineQuestion(key="office", start=on(1), duration="4 parsecs"),
            "duration_invalid",
            "questions[1].duration",
        ),
        (
            "deadline",
            AskCalendarDeadline,
            DeadlineQuestion(key="office", start=on(1), duration="800000h"),
            "deadline_unreachable",
            "questions[1]",
        ),
        (
            "window",
            AskCalendarWindow,
            WindowQuestion(key="office", start=on(1), end=on(1)),
            "window_invalid",
            "questions[1].end",
        ),
        (
            "window",
            AskCalendarWindow,
            WindowQuestion(key="office", start=on(1), end=on(1, year=2030)),
            "window_invalid",
            "questions[1].end",
        ),
    ],
)
async def test_a_bad_question_refuses_the_batch_and_names_its_place(
    offices: Calendars,
    context: RequestContext,
    call: str,
    request_type: Any,
    question: Any,
    code: str,
    field: str,
) -> None:
    """The field leads to the question at fault."""
    good = {
        "state": StateQuestion(key="office"),
        "elapsed": ElapsedQuestion(key="office", start=on(1), end=on(2)),
        "deadline": DeadlineQuestion(key="office", start=on(1), duration="1h"),
        "window": WindowQuestion(key="office", start=on(1), end=on(2)),
    }[call]
    ask = getattr(offices, f"ask_calendar_{call}")
    refused = await refusal_of(ask(context, request_type(questions=(good, question))))
    assert (refused.code, refused.field) == (code, field)


@pytest.mark.parametrize(
    ("call", "request_type", "question", "most"),
    [
        ("state", AskCalendarState, StateQuestion(key="office"), 1_000),
        ("window", AskCalendarWindow, WindowQuestion(key="office", start=on(1), end=on(2)), 50),
    ],
)
async def test_a_batch_is_bounded_and_may_be_empty(
    offices: Calendars, context: RequestContext, call: str, request_type: Any, question: Any, most: int
) -> None:
    """One question too many is refused, the most allowed is answered, none at all gives no answer."""
    ask = getattr(offices, f"ask_calendar_{call}")
    refused = await refusal_of(ask(context, request_type(questions=(question,) * (most + 1))))
    assert (refused.code, refused.field) == ("batch_too_large", "questions")
    assert len((await ask(context, request_type(questions=(question,) * most))).answers) == most
    assert (await ask(context, request_type(questions=()))).answers == ()


async def test_questions_need_the_scope_to_read(offices: Calendars, context: RequestContext) -> None:
    """Changing Calendars does not allow asking."""
    writer = acting_for(context.tenant_id, scopes=frozenset({"calendars"}))
    refused = [
        await refusal_of(offices.ask_calendar_state(writer, AskCalendarState(questions=()))),
        await refusal_of(offices.ask_calendar_elapsed(writer, AskCalendarElapsed(questions=()))),
        await refusal_of(offices.ask_calendar_deadline(writer, AskCalendarDeadline(questions=()))),
        await refusal_of(offices.ask_calendar_window(writer, AskCalendarWindow(questions=()))),
    ]
    assert {each.code for each in refused} == {"scope_missing"}
