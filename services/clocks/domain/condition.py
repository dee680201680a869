"""Conditions: CEL expressions over an event, the Subject after it, and the Subject before it.

They are compiled when a policy is parsed, so a bad one is refused with its position. At run time a value that
is not `true` is false: an error (a missing attribute, a wrong type, a spent budget) included. That is decided
here alone.

Most expressions read a few attributes of the Subject and nothing else. Such an expression is a pure function
of those values, so its answer is remembered by them. Which attributes it reads is taken from its text,
where no other reading is possible; whatever is in doubt is evaluated every time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Any

from cel_expr_python import cel

from businesstime import from_us
from clocks.domain.errors import ConditionInvalidError, ConditionNotBooleanError, PolicyInvalidError
from clocks.domain.event import Event

__all__ = ["MAX_CONDITION_LENGTH", "Condition", "Facts", "compile_condition"]

MAX_CONDITION_LENGTH = 2_000
MAX_REMEMBERED = 4_096

ROOT = re.compile(r"\b(event|subject|previous)\b(?:\s*\.\s*([A-Za-z_]\w*)(?!\w|\s*[(]))?")
POSITION = re.compile(r"<input>:(-?\d+):(-?\d+): (.*)")
STATUS = re.compile(r"^[A-Z_]+: (?:ERROR: )?| \[[A-Z_]+\]$")
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
BOOLEAN = ("BOOL", "DYN")
# Values whose equality proves the same answer; a dict does not tell 1, 1.0 and True apart, but CEL does.
# None stands for an attribute that the Subject does not have; none that it has is null.
EXACT_TYPES = (str, type(None))

Read = tuple[str, str]


@cache
def environment() -> cel.Env:
    """Build what a condition may name; once a process, for it is costly and never changes.

    `event` has its fields and no others: each is a typed variable, so a misspelt one does not compile.
    """
    attributes = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    return cel.NewEnv(
        variables={
            "event.event_id": cel.Type.STRING,
            "event.type": cel.Type.STRING,
            "event.occurred_at": cel.Type.TIMESTAMP,
            "event.sequence": cel.Type.INT,
            "event.attributes": attributes,
            "subject": attributes,
            "previous": attributes,
        }
    )


class Facts:
    """What a condition sees at one event: the event, the Subject's attributes after it, and those before it.

    The CEL activation is built at most once, by the first condition that is not answered from memory.
    created_us: when the Subject's first event was; no condition sees it.
    """

    def __init__(
        self,
        event: Event,
        subject: Mapping[str, Any],
        previous: Mapping[str, Any],
        created_us: int | None = None,
    ) -> None:
        self.event = event
        self.subject = subject
        self.previous = previous
        self.created_us = created_us

    @cached_property
    def activation(self) -> cel.Activation:
        """The values under the names of `environment`."""
        event = self.event
        return environment().Activation(
            {
                "event.event_id": event.event_id,
                "event.type": event.type,
                "event.occurred_at": from_us(event.occurred_at_us),
                "event.sequence": event.sequence,
                "event.attributes": dict(event.attributes),
                "subject": {**self.subject, "id": event.subject_id},
                "previous": dict(self.previous),
            }
        )

    def values(self, reads: Iterable[Read]) -> tuple[Any, ...] | None:
        """Read the values, as a key of memory; None where equal keys would not prove equal answers."""
        key = tuple(
            [self.subject.get(name) if root == "subject" else self.rare(root, name) for root, name in reads]
        )
        for value in key:
            if type(value) not in EXACT_TYPES:
                return None
        return key

    def rare(self, root: str, name: str) -> Any:
        """Read what few conditions read: the Subject before the event, or the event's type."""
        return self.previous.get(name) if root == "previous" else self.event.type


class Condition:
    """A compiled expression.

    text: as written. reads: the attributes that alone decide it; None where that is not certain.
    """

    def __init__(self, text: str, expression: cel.Expression) -> None:
        self.text = text
        self.reads = certain_reads(text)
        self._expression = expression
        self._remembered: dict[tuple[Any, ...], bool] = {}

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def holds(self, facts: Facts) -> bool:
        """Tell whether the expression is true; never raises."""
        key = None if self.reads is None else facts.values(self.reads)
        if key is None:
            return self.evaluate(facts)
        answer = self._remembered.get(key)
        if answer is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            answer = self._remembered[key] = self.evaluate(facts)
        return answer

    def evaluate(self, facts: Facts) -> bool:
        """Run the expression: anything but the value `true` is false."""
        try:
            return self._expression.eval(facts.activation).value() is True
        except RuntimeError:  # the runtime's budget is spent
            return False


def certain_reads(text: str) -> tuple[Read, ...] | None:
    """List what an expression reads, or None where the text leaves any doubt.

    Sure is only: every mention of a root is `root.name`, not called, and the text has no comment that could
    hide what follows. A root that is bare (passed on, indexed, shadowed by a macro) gives None; a mention in
    a string only adds a name or gives None. Values that differ at nearly every event are not worth it.
    """
    if "//" in text:
        return None
    reads = {(match[1], match[2]) for match in ROOT.finditer(text)}
    if any(not worth_remembering(root, name) for root, name in reads):
        return None
    return tuple(sorted(reads))


def worth_remembering(root: str, name: str | None) -> bool:
    """Tell whether a read is certain, and its values few."""
    return name == "type" if root == "event" else name not in {None, "id"}


def compile_condition(text: object, *, field: str) -> Condition:
    """Compile an expression.

    Raises PolicyInvalidError (no text, or too long) and its kinds; `field` is the path to name.
    """
    if not isinstance(text, str):
        raise PolicyInvalidError("a condition is a CEL expression in quotes", field=field)
    if len(text) > MAX_CONDITION_LENGTH:
        reason = f"a condition has at most {MAX_CONDITION_LENGTH} characters, not {len(text)}"
        raise PolicyInvalidError(reason, field=field)
    if LONE_SURROGATE.search(text):
        raise PolicyInvalidError("a condition is text; this holds half a character", field=field)
    try:
        expression = environment().compile(text)
    except RuntimeError as error:
        raise compile_error(str(error), field) from None
    kind = expression.return_type().name()
    if kind not in BOOLEAN:
        raise ConditionNotBooleanError(f"a condition is true or false; this is {kind.lower()}", field=field)
    return Condition(text, expression)


def compile_error(message: str, field: str) -> ConditionInvalidError:
    """Take the first position and reason out of the message; an error without a position is of the whole."""
    first = STATUS.sub("", message.splitlines()[0])
    found = POSITION.fullmatch(first)
    if found is None:
        return ConditionInvalidError(first, field=field, line=1, column=1)
    line, column = (max(int(place), 1) for place in (found[1], found[2]))
    return ConditionInvalidError(found[3], field=field, line=line, column=column)
