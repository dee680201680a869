"""When the warnings of the slow oracle come: at an amount of used time, or before a fixed point."""

from __future__ import annotations

from collections.abc import Iterator

from tests.scenarios.story import Warn
from tests.scenarios.story_hours import MINUTE_US
from tests.scenarios.story_run import Piece, Run

__all__ = ["label_of", "warned"]


def label_of(warn: Warn) -> str:
    """Write a warning as in a policy."""
    return f"{warn.amount}{ {'share': '%', 'minutes': 'm', 'days': 'bd'}[warn.kind] }"


def warned(run: Run, due: int | None) -> Iterator[tuple[str, int]]:
    """List a Cycle's warnings and when they come, or would."""
    for warn in run.promise.warnings:
        if run.promise.fixed:
            at = before_point(run, warn, due)
        else:
            amount = used_up(warn, run.worth())
            at = reached(run, amount) if amount > 0 else None
        if at is not None:
            yield label_of(warn), at


def used_up(warn: Warn, worth: int) -> int:
    """Tell how much time is used when it comes; a share of a microsecond counts as one."""
    if warn.kind == "share":
        return -(-worth * warn.amount // 100)
    return worth - warn.amount * MINUTE_US


def reached(run: Run, amount: int) -> int | None:
    """Tell when so much was used, at the earliest where the present Target began to hold."""
    pieces = list(run.pieces)
    far = max(run.hours[run.promise.calendar].ends[-1], run.since)
    pieces.append(Piece(run.since, far if run.phase == "RUNNING" else run.since, run.phase, run.promise))
    used, held = 0, False
    for piece in pieces:
        holds = (piece.promise.target, piece.promise.length) == (run.promise.target, run.promise.length)
        if holds and not held and used >= amount:
            return piece.start
        held = holds
        for slot in run.slots(piece):
            if piece.phase == "RUNNING" and slot.is_open and not slot.excluded:
                used += slot.end - slot.start
                if holds and used >= amount:
                    return slot.end - (used - amount)
    return None


def before_point(run: Run, warn: Warn, due: int | None) -> int | None:
    """Tell when a warning before a fixed point comes; what lies before the present Target, at the change."""
    if due is None:
        return None
    hours = run.hours[run.promise.calendar]
    if warn.kind == "days":
        at = hours.days_back(due, warn.amount)
    elif warn.kind == "share":
        at = hours.after(run.started, used_up(warn, hours.count(run.started, due)))
    else:
        at = hours.before(due, warn.amount * MINUTE_US)
    since = run.since
    for piece in reversed(run.pieces):
        if (piece.promise.target, piece.promise.length) != (run.promise.target, run.promise.length):
            break
        since = piece.start
    return max(at, since) if at > run.started else None
