"""One Cycle of the slow oracle: what it did, piece by piece, from which all else is counted from the start.

Pieces are cut into slots wherever a Calendar opens or closes or an exclusion begins or ends; within a slot
nothing changes. No code is shared with the project.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from tests.scenarios.story import Length, PolicySaying, Warn
from tests.scenarios.story_hours import MINUTE_US, Hours

__all__ = ["FAR_US", "Count", "Piece", "Promise", "Run"]

FAR_US = 1 << 60


class Promise(NamedTuple):
    """What holds: the Target, how long, on which Calendar and by which rule, and its warnings.

    length: for what was `said`, Length("instant", µs) or Length("date", day).
    """

    target: str
    length: Length
    calendar: str
    warnings: tuple[Warn, ...] = ()
    chosen_by: str = "default"

    @property
    def fixed(self) -> bool:
        """Whether pauses leave its end alone."""
        return self.length.kind not in {"minutes", "days"}

    def another(self, other: Promise) -> bool:
        """Whether its end is another one, of the Target that follows."""
        moves = self.calendar != other.calendar and self.length.kind not in {"minutes", "instant"}
        return self.length != other.length or moves


class Piece(NamedTuple):
    """Time [start, end) in one phase under one promise."""

    start: int
    end: int
    phase: str
    promise: Promise


class Slot(NamedTuple):
    """Time in which nothing changes: whether the Calendar is open, and whether it is excluded."""

    start: int
    end: int
    is_open: bool
    excluded: bool


class Count(NamedTuple):
    """Where a count has come to. point: where the promise ends if it is no sum. broken: lived past due."""

    used: int = 0
    due: int | None = None
    point: int = 0
    broken: bool = False
    stands: bool = False
    promise: Promise | None = None


@dataclass(kw_only=True)
class Run:
    """A Cycle. hand: what was done by hand and still holds; waits: what pauses it meanwhile."""

    number: int
    rule: PolicySaying
    started: int
    promise: Promise
    hours: Mapping[str, Hours]
    excluded: Sequence[tuple[int, int]]
    phase: str = "RUNNING"
    since: int = 0
    pieces: list[Piece] = field(default_factory=list)
    stopped: int | None = None
    cancelled: int | None = None
    hand: str = ""
    waits: bool = False
    overridden: bool = False

    def __post_init__(self) -> None:
        self.since = self.started

    @property
    def open(self) -> bool:
        """Running or paused."""
        return self.phase in {"RUNNING", "PAUSED"}

    @property
    def ended(self) -> int | None:
        """When it was done or cancelled."""
        return self.cancelled if self.stopped is None else self.stopped

    def turn(self, at: int, phase: str) -> None:
        """Be in another phase from an instant on."""
        at = max(at, self.started)
        if at > self.since:
            self.pieces.append(Piece(self.since, at, self.phase, self.promise))
        self.phase, self.since = phase, at

    def retarget(self, at: int, promise: Promise, *, recount: bool) -> None:
        """Come under another promise."""
        if promise == self.promise:
            return
        if recount:
            self.pieces = [piece._replace(promise=promise) for piece in self.pieces]
        else:
            self.turn(at, self.phase)
        self.promise = promise

    def seen(self, at: int) -> Run:
        """See it as it stood at an instant, by what is known of it now."""
        pieces = [*self.pieces, Piece(self.since, FAR_US, self.phase, self.promise)]
        now = next((piece for piece in pieces if piece.start <= at < piece.end), None)
        if now is None or now is pieces[-1]:
            return self
        return Run(
            number=self.number,
            rule=self.rule,
            started=self.started,
            promise=now.promise,
            hours=self.hours,
            excluded=self.excluded,
            phase=now.phase,
            pieces=[piece for piece in pieces if piece.end <= at],
            stopped=now.start if now.phase == "STOPPED" else None,
        ).beginning(now.start)

    def beginning(self, since: int) -> Run:
        """Say since when the present phase lasts."""
        self.since = since
        return self

    def slots(self, piece: Piece) -> Iterator[Slot]:
        """Cut a piece."""
        hours = self.hours[piece.promise.calendar]
        cuts = {at for span in self.excluded for at in span} | {
            at for pair in hours.between(piece.start, piece.end) for at in pair
        }
        edges = [piece.start, *sorted(at for at in cuts if piece.start < at < piece.end), piece.end]
        for start, end in pairwise(edges):
            yield Slot(start, end, hours.is_open(start), self.is_excluded(start))

    def is_excluded(self, at: int) -> bool:
        """Tell whether nothing counts at an instant."""
        return any(start <= at < end for start, end in self.excluded)

    def reaches_to(self, promise: Promise) -> int:
        """Tell where a promise that is no sum ends, if nothing is paused."""
        hours, (kind, count) = self.hours[promise.calendar], promise.length
        if kind == "minutes":
            return 0
        if kind == "days":
            return hours.days_on(self.started, count)
        if kind == "day_end":
            return hours.day_end_after(self.started, count)
        return max(count if kind == "instant" else hours.day_end(count), self.started)

    def worth(self) -> int:
        """Tell what the present promise is worth in open time."""
        if self.promise.length.kind == "minutes":
            return self.promise.length.amount * MINUTE_US
        return self.hours[self.promise.calendar].count(self.started, self.reaches_to(self.promise))

    def counted(self, pieces: Sequence[Piece]) -> Count:
        """Live through pieces."""
        count = Count()
        for piece in pieces:
            count = self.promised(count, piece.promise, piece.start)
            for slot in self.slots(piece):
                count = self.lived(count, piece, slot)
        return count

    def promised(self, count: Count, promise: Promise, at: int) -> Count:
        """Come under a promise: what was broken before stands, else what was used is held against it."""
        before = count.promise
        if before is not None and not before.another(promise):
            return count._replace(promise=promise)
        if count.stands or count.broken:
            return count._replace(promise=promise, stands=True)
        if promise.length.kind == "minutes":
            over = count.used >= promise.length.amount * MINUTE_US
            return Count(used=count.used, due=at if over else None, promise=promise)
        point = self.reaches_to(promise)
        if before is not None and not promise.fixed:
            hours = self.hours[promise.calendar]
            point = hours.after(at, max(hours.count(self.started, point) - count.used, 0))
        return Count(used=count.used, due=at if point <= at else None, point=max(point, at), promise=promise)

    def lived(self, count: Count, piece: Piece, slot: Slot) -> Count:
        """Live through a slot."""
        counts = piece.phase == "RUNNING" and not slot.excluded
        used, due, point, long = count.used, count.due, count.point, slot.end - slot.start
        if piece.promise.length.kind == "minutes":
            left = piece.promise.length.amount * MINUTE_US - used
            if counts and slot.is_open and due is None and left <= long:
                due = slot.start + left
        else:
            if slot.is_open and not counts and due is None and not piece.promise.fixed:
                point = self.hours[piece.promise.calendar].after(point, long)
            if due is None and point <= slot.end and (counts or piece.promise.fixed):
                due = point
        used += long if counts and slot.is_open else 0
        broken = count.broken or (piece.phase != "STOPPED" and due is not None and due < slot.end)
        return count._replace(used=used, due=due, point=point, broken=broken)

    def due(self, at: int) -> int | None:
        """Tell when it is due, or was, or would have been, had it run on; seen at an instant."""
        ran_until = self.since
        if self.phase == "CANCELLED" and self.stopped is not None:
            ran_until = max(self.stopped, self.started)
        count = self.counted([piece for piece in self.pieces if piece.start < ran_until])
        count = self.promised(count, self.promise, ran_until)
        if count.due is not None or count.stands:
            return count.due
        if self.promise.fixed:
            return count.point
        if self.phase == "PAUSED":
            return None
        del at
        for slot in self.slots(
            Piece(ran_until, self.hours[self.promise.calendar].ends[-1], "RUNNING", self.promise)
        ):
            count = self.lived(count, Piece(slot.start, slot.end, "RUNNING", self.promise), slot)
            if count.due is not None:
                return count.due
        raise AssertionError("a story is due in sight")

    def used(self, at: int) -> int:
        """Tell how much time was used by an instant."""
        pieces = [*self.pieces, Piece(self.since, max(at, self.since), self.phase, self.promise)]
        return sum(
            slot.end - slot.start
            for piece in pieces
            if piece.phase == "RUNNING" and piece.start < at
            for slot in self.slots(piece._replace(end=min(piece.end, at)))
            if slot.is_open and not slot.excluded
        )
