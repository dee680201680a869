"""Sum items up: the value of a period, of each of its parts, and the hash of the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from businesstime import from_us
from businesstime.periods import Period
from clocks.contract import MeasuredPart, MeasurementRecord, MeasurePeriods
from clocks.domain.measures.item import Items
from clocks.domain.measures.reduction import Reduction
from clocks.domain.measures.refusals import MeasureTooLargeError
from clocks.domain.measures.value import Value, write_integer
from clocks.operations.gather_ground import Gathered, Ground

__all__ = ["LABELS", "MAX_PARTS", "SUBJECT", "Summing"]

MAX_PARTS: Final = 1_000
LABELS: Final = ("policy", "metric", "target")
"""What tells Cycles apart."""

SUBJECT: Final = "subject."
"""What stands before the name of an attribute, as in conditions."""

_ENCODER = msgspec.json.Encoder(order="deterministic")

Values = Mapping[str, Sequence[str | None]]
"""The values that attributes asked for had at the instants of Items, by name."""


class Summing:
    """The measurement of a period in the making."""

    def __init__(self, request: MeasurePeriods, period: Period, ground: Ground, gathered: Gathered) -> None:
        self._request, self._period, self._now_us = request, period, ground.now_us
        self._begin: Callable[[], Reduction] = gathered.begin
        self._whole = gathered.begin()
        self._parts: dict[str | None, Reduction] = {}
        self._unusable = 0
        contents = sorted((key, timeline.content_key) for key, timeline in ground.timelines.items())
        question = (request.measure, period.start_us, period.end_us, request.by, request.where)
        self._evidence = hashlib.sha256(
            _ENCODER.encode((question, ground.exclusions, contents, gathered.basis))
        )

    def add(self, items: Items, values: Values) -> None:
        """Take a portion, in order. Raises MeasureTooLargeError."""
        self._unusable += items.unusable
        for name, wanted in self._request.where.items():
            chosen = np.array([value == wanted for value in values[name]], dtype=np.bool_)
            items = items.chosen(chosen)
            values = {key: np.array(told, dtype=np.object_)[chosen].tolist() for key, told in values.items()}
        self._whole.add(items.contents)
        evidence = items.evidence
        if values:
            told = map(_ENCODER.encode, zip(*values.values(), strict=True))
            evidence = [said + each for said, each in zip(evidence, told, strict=True)]
        self._evidence.update(b"".join(evidence))
        if self._request.by is not None and len(items.contents[0]):
            self._add_parts(items, self._names(items, values, self._request.by))

    def record(self) -> MeasurementRecord:
        """Answer the measurement; parts in order of name, and what has none last."""
        ordered = sorted(self._parts.items(), key=lambda part: (part[0] is None, part[0] or ""))
        return MeasurementRecord(
            label=self._period.label,
            start=from_us(self._period.start_us),
            end=from_us(self._period.end_us),
            unusable=self._unusable,
            parts=tuple(MeasuredPart(name=name, **_figures(part.value())) for name, part in ordered),
            evidence_hash=self._evidence.hexdigest(),
            measured_at=from_us(self._now_us),
            **_figures(self._whole.value()),
        )

    def _names(self, items: Items, values: Values, by: str) -> Sequence[str | None]:
        return items.labels[by] if by in LABELS else values[by.removeprefix(SUBJECT)]

    def _add_parts(self, items: Items, names: Sequence[str | None]) -> None:
        """Cut the portion apart by name: in order of it, the same ones stand side by side."""
        codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
        if len(self._parts.keys() | codes.keys()) > MAX_PARTS:
            raise MeasureTooLargeError(f"by: tells more than {MAX_PARTS} parts apart", field="by")
        coded = np.array([codes[name] for name in names], dtype=np.int64)
        order = np.argsort(coded, kind="stable")
        cuts = np.cumsum(np.bincount(coded, minlength=len(codes)))[:-1]
        for name, places in zip(codes, np.split(order, cuts), strict=True):
            if name not in self._parts:
                self._parts[name] = self._begin()
            self._parts[name].add(tuple(column[places] for column in items.contents))


def _figures(value: Value) -> dict[str, Any]:
    """Name the fields that a whole and a part have in common."""
    return {
        "status": value.status,
        "numerator": write_integer(value.numerator),
        "denominator": write_integer(value.denominator),
        "decimal": value.decimal,
        "samples": value.samples,
    }
