"""Subjects: the things that promises are made about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import strawberry
from strawberry import ID

from clocks import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.cycle import Cycle
from gateway.schema.declare import node_type, object_type, resolved
from gateway.schema.failures import find
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.scalars import JSONObject

__all__ = ["Subject", "read_subject"]


def subject_global_id(root: contract.SubjectRecord) -> ID:
    """Its global id; `subjectId` is the tenant's own."""
    return ID(encode_global_id("Subject", root.subject_id))


@strawberry.enum(description="Why a Metric does not count.")
class Why(StrEnum):
    """Why a Metric does not count."""

    TARGET_MISSING = "target_missing"
    TERM_UNREADABLE = "term_unreadable"


@object_type
class UncountedMetric:
    """A Metric whose start held at an event that opened no Cycle, nor has one opened since.

    why: TARGET_MISSING: no Target's condition held; TERM_UNREADABLE: that of `target` did, which is due at
        what `attribute` holds, and that is no instant and no date.
    message: the same for people.
    """

    policy_key: str
    policy_version: int
    metric: str
    event_id: str
    occurred_at: datetime
    why: Why
    target: str | None
    attribute: str | None
    message: str


async def uncounted_metrics(root: contract.SubjectRecord, info: Info) -> Sequence[contract.UncountedMetric]:
    """Metrics that do not count though their start held, and why; by what is known as of `knownAt`."""
    session = info.context
    request = contract.ReadUncounted(subject_id=root.subject_id, known_at=root.known_at)
    return (await session.clocks.read_uncounted(session.context, request)).metrics


@node_type(contract.SubjectRecord)
class Subject(Node):
    """A ticket, case, call, outage or order, as its events have left it.

    subject_id: the tenant's own id for it.
    attributes: as they stand after its last event.
    events: how many there are.
    cycles: in order of policy, metric and number.
    known_at: as asked for; nothing that was recorded later is in here.
    """

    id: ID = resolved(subject_global_id)
    subject_id: str
    attributes: JSONObject
    last_event_at: datetime
    events: int
    cycles: list[Cycle]
    uncounted: list[UncountedMetric] = resolved(uncounted_metrics)
    known_at: datetime | None


async def read_subject(
    info: Info, subject_id: str, at: datetime | None = None, known_at: datetime | None = None
) -> contract.SubjectRecord | None:
    """One Subject, its Cycles read at an instant (null: now); null where no event ever told of it.

    `knownAt`: as it was known then, by the events, policies and Calendars that had been recorded; read at
    that instant where `at` is null. Null: as all is known now, earlier mistakes put right.
    """
    request = contract.ReadSubject(subject_id=subject_id, at=at, known_at=known_at)
    return await find(info.context.clocks.read_subject(info.context.context, request))
