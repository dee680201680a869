"""Sum items up: the value of a period, of each of its parts, and the hash of the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from businesstime import from_us
from businesstime.periods import Period
from clocks.contract import MeasuredPart, MeasurementRecord, MeasurePeriods
from clocks.domain.measures.item import Item
from clocks.domain.measures.refusals import MeasureTooLargeError
from clocks.domain.measures.value import Value, write_integer
from clocks.operations.gather_ground import Gathered, Ground

__all__ = ["LABELS", "MAX_PARTS", "SUBJECT", "Tagged", "sum_up"]

MAX_PARTS = 1_000
LABELS = frozenset({"policy", "metric", "target"})
"""What tells Cycles apart."""

SUBJECT = "subject."
"""What stands before the name of an attribute, as in conditions."""

Tagged: TypeAlias = Sequence[tuple[Item[Any], Mapping[str, str | None]]]
"""Items, with the values that the attributes asked for had at the instant of each."""

_ENCODER = msgspec.json.Encoder(order="deterministic")


def sum_up(
    request: MeasurePeriods, period: Period, ground: Ground, gathered: Gathered, tagged: Tagged
) -> MeasurementRecord:
    """Evaluate what is wanted of the items. Raises MeasureTooLargeError."""
    wanted = [(item, values) for item, values in tagged if request.where.items() <= values.items()]
    value = gathered.evaluate([item.content for item, _ in wanted])
    return MeasurementRecord(
        label=period.label,
        start=from_us(period.start_us),
        end=from_us(period.end_us),
        unusable=gathered.unusable,
        parts=() if request.by is None else _parts(request.by, wanted, gathered),
        evidence_hash=_hash(request, period, ground, gathered, wanted),
        measured_at=from_us(ground.now_us),
        **_figures(value),
    )


def _parts(by: str, tagged: Tagged, gathered: Gathered) -> tuple[MeasuredPart, ...]:
    """Evaluate the items by what tells them apart, in order of it; those without it come last."""
    groups: dict[str | None, list[Any]] = {}
    for item, values in tagged:
        name = item.labels.get(by) if by in LABELS else values[by.removeprefix(SUBJECT)]
        groups.setdefault(name, []).append(item.content)
    if len(groups) > MAX_PARTS:
        raise MeasureTooLargeError(f"by: tells more than {MAX_PARTS} parts apart", field="by")
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    return tuple(
        MeasuredPart(name=name, **_figures(gathered.evaluate(contents))) for name, contents in ordered
    )


def _figures(value: Value) -> dict[str, Any]:
    """Name the fields that a whole and a part have in common."""
    return {
        "status": value.status,
        "numerator": write_integer(value.numerator),
        "denominator": write_integer(value.denominator),
        "decimal": value.decimal,
        "samples": value.samples,
    }


def _hash(request: MeasurePeriods, period: Period, ground: Ground, gathered: Gathered, tagged: Tagged) -> str:
    """Hash what the value stands on: the question, and a line for each item that counted."""
    contents = sorted((key, timeline.content_key) for key, timeline in ground.timelines.items())
    question = (request.measure, period.start_us, period.end_us, request.by, request.where)
    evidence = hashlib.sha256(_ENCODER.encode((question, ground.exclusions, contents, gathered.basis)))
    for item, values in sorted(tagged, key=lambda pair: (pair[0].at_us, pair[0].subject_id)):
        evidence.update(
            b"\n" + _ENCODER.encode((item.subject_id, item.at_us, item.marks, item.labels, values))
        )
    return evidence.hexdigest()
