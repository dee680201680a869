"""Manual actions: events of reserved types, by which people act on Clocks themselves, with a reason.

They change no attribute of the Subject, and no condition sees them. Every one can be taken back by another
event: the log without it is what is folded then.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

from clocks.domain.errors import EventInvalidError, PolicyInvalidError
from clocks.domain.event import MAX_ID_LENGTH, Event
from clocks.domain.instant import read_instant_us
from clocks.domain.policy import TermRule
from clocks.domain.target_document import parse_length

__all__ = ["RESERVED", "Action", "ActionKind", "is_action", "read_action", "revoked_in", "takes_back"]

RESERVED = "clock."
REVOKE = "clock.revoke"
MAX_REASON_LENGTH = 1_000

ActionKind = Literal["pause", "resume", "stop", "cancel", "exclude", "override", "revoke"]

ALWAYS = {"reason", "actor", "policy", "metric"}
OWN: Mapping[str, frozenset[str]] = {
    "exclude": frozenset({"from", "until"}),
    "override": frozenset({"target", "duration"}),
    "revoke": frozenset({"event"}),
}


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What was done by hand, and to which Clocks: of a Policy, a Metric, or all of the Subject.

    start_us, end_us: the time that is excluded. target, or duration_us and term: what is promised instead.
    revokes: the id of the event that is taken back.
    """

    kind: ActionKind
    reason: str
    policy_key: str | None = None
    metric: str | None = None
    start_us: int = 0
    end_us: int = 0
    target: str | None = None
    duration_us: int = 0
    term: TermRule | None = None
    revokes: str | None = None

    def concerns(self, policy_key: str, metric: str) -> bool:
        """Whether it is about this Clock."""
        return self.policy_key in {None, policy_key} and self.metric in {None, metric}


def is_action(event: Event) -> bool:
    """Tell whether an event is a manual action, by its type."""
    return event.type.startswith(RESERVED)


def read_action(event: Event) -> Action:
    """Read what was done. Raises EventInvalidError, which names the field."""
    kind = read_kind(event.type)
    said = {name: value for name, value in event.attributes.items() if value is not None}
    unknown = sorted(said.keys() - ALWAYS - OWN.get(kind, frozenset()))
    if unknown:
        raise EventInvalidError(f"is nothing that {event.type} knows", field=f"attributes.{unknown[0]}")
    start_us, end_us = read_interval(said) if kind == "exclude" else (0, 0)
    duration_us, term = read_promise(said) if kind == "override" else (0, None)
    read_text(said, "actor", needed=False)
    return Action(
        kind=kind,
        reason=read_text(said, "reason", most=MAX_REASON_LENGTH) or "",
        policy_key=read_text(said, "policy", needed=False),
        metric=read_text(said, "metric", needed=False),
        start_us=start_us,
        end_us=end_us,
        target=read_text(said, "target", needed=False),
        duration_us=duration_us,
        term=term,
        revokes=read_text(said, "event", needed=kind == "revoke"),
    )


def revoked_in(log: Sequence[Event]) -> frozenset[str]:
    """List the manual actions that a log takes back; one only takes back what stands before it in the log.

    So what a revocation that was itself revoked named is there again.
    """
    named, gone = set[str](), set[str]()
    for event in reversed(log):
        if not is_action(event):
            continue
        if event.event_id in named:
            gone.add(event.event_id)
        elif event.type == REVOKE:
            named.add(str(event.attributes.get("event")))
    return frozenset(gone)


def takes_back(actions: Container[str], events: Iterable[Event]) -> bool:
    """Tell whether any of the events revokes one of the actions."""
    return any(event.type == REVOKE and event.attributes.get("event") in actions for event in events)


def read_kind(event_type: str) -> ActionKind:
    """Tell the kind by the type. Raises EventInvalidError."""
    name = event_type.removeprefix(RESERVED)
    for kind in get_args(ActionKind):
        if name == kind:
            return kind  # type: ignore[no-any-return]  # one of the literals
    known = ", ".join(RESERVED + kind for kind in get_args(ActionKind))
    raise EventInvalidError(f"types that begin with {RESERVED} are reserved: {known}", field="type")


def read_text(
    said: Mapping[str, Any], name: str, *, needed: bool = True, most: int = MAX_ID_LENGTH
) -> str | None:
    """Take a text; None where it is absent and not needed. Raises EventInvalidError."""
    value = said.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise EventInvalidError(f"a text of 1 to {most} characters is needed", field=f"attributes.{name}")
    return value


def read_interval(said: Mapping[str, Any]) -> tuple[int, int]:
    """Take the time that is excluded: two instants with an offset, the first before the second."""
    found = []
    for name in ("from", "until"):
        instant_us = read_instant_us(said, name)
        if instant_us is None:
            reason = "an instant such as 2026-03-02T09:00:00Z is needed"
            raise EventInvalidError(reason, field=f"attributes.{name}")
        found.append(instant_us)
    if found[0] >= found[1]:
        raise EventInvalidError("is not later than the beginning", field="attributes.until")
    return found[0], found[1]


def read_promise(said: Mapping[str, Any]) -> tuple[int, TermRule | None]:
    """Take the duration that is promised instead, where no Target is named; one of them is needed."""
    if ("target" in said) == ("duration" in said):
        raise EventInvalidError("or duration: one of them is needed", field="attributes.target")
    if "target" in said:
        return 0, None
    try:
        return parse_length(said["duration"], "attributes.duration")
    except PolicyInvalidError as error:
        raise EventInvalidError(error.reason, field="attributes.duration") from None
