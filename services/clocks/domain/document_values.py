"""The plain values of which documents are made; each is taken with the path that an error names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from businesstime import BusinessDays, BusinessTimeError, parse_duration
from clocks.domain.condition import Condition, compile_condition
from clocks.domain.errors import PolicyInvalidError

__all__ = [
    "as_list",
    "as_mapping",
    "boolean",
    "choice",
    "condition",
    "duration",
    "integer",
    "known_fields",
    "optional",
    "refuse_repeats",
    "text",
]

MAX_NAME_LENGTH = 200
MAX_MAPPING = 1_000
UNFIT = re.compile(r"[\x00\ud800-\udfff]")

Parsed = TypeVar("Parsed")
Choice = TypeVar("Choice", bound=str)


def duration(value: object, path: str) -> int | BusinessDays:
    """Parse a duration of more than nothing: microseconds of business time, or business days."""
    try:
        parsed = parse_duration(text(value, path))
    except BusinessTimeError as error:
        raise PolicyInvalidError(str(error), field=path) from None
    if (parsed.days if isinstance(parsed, BusinessDays) else parsed) <= 0:
        raise PolicyInvalidError("a duration is more than nothing", field=path)
    return parsed


def integer(value: object, path: str, *, most: int) -> int:
    """Take a whole number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise PolicyInvalidError(f"a whole number from 0 to {most} is needed here", field=path)
    return value


def condition(value: object, path: str) -> Condition:
    """Compile a condition; YAML's bare true and false are expressions too."""
    return compile_condition(str(value).lower() if isinstance(value, bool) else value, field=path)


def text(value: object, path: str) -> str:
    """Take a text of reasonable length."""
    if not isinstance(value, str) or not value.strip():
        raise PolicyInvalidError("a text is needed here", field=path)
    if len(value) > MAX_NAME_LENGTH or UNFIT.search(value):
        raise PolicyInvalidError(
            f"at most {MAX_NAME_LENGTH} characters, none of them NUL or half a one", field=path
        )
    return value


def boolean(value: object, path: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise PolicyInvalidError("true or false", field=path)
    return value


def choice(value: object, path: str, choices: tuple[Choice, ...]) -> Choice:
    """Take one of a closed set."""
    for known in choices:
        if value == known:
            return known
    raise PolicyInvalidError(f"one of {', '.join(choices)}; not {value!r}", field=path)


def optional(
    fields: Mapping[str, Any], name: str, path: str, parse: Callable[[object, str], Parsed]
) -> Parsed | None:
    """Parse a field that may be absent or null."""
    value = fields.get(name)
    return None if value is None else parse(value, f"{path}.{name}")


def as_mapping(value: object, path: str, *, limit: int) -> Mapping[Any, Any]:
    """Take a mapping of bounded size."""
    if not isinstance(value, Mapping):
        raise PolicyInvalidError("a mapping is needed here", field=path)
    if len(value) > limit:
        raise PolicyInvalidError(f"{len(value)} entries; at most {limit}", field=path)
    return value


def as_list(value: object, path: str, *, limit: int) -> Sequence[Any]:
    """Take a list of bounded length."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise PolicyInvalidError("a list is needed here", field=path)
    if len(value) > limit:
        raise PolicyInvalidError(f"{len(value)} entries; at most {limit}", field=path)
    return value


def known_fields(
    value: object, path: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, Any]:
    """Take a mapping that has all of the required fields and none that is unknown."""
    fields = as_mapping(value, path, limit=MAX_MAPPING)
    prefix = f"{path}." if path else ""
    for name in fields:
        if name not in required and name not in optional:
            raise PolicyInvalidError(
                f"unknown; known are {', '.join((*required, *optional))}", field=f"{prefix}{name}"
            )
    for name in required:
        if fields.get(name) is None:
            raise PolicyInvalidError("is missing", field=f"{prefix}{name}")
    return fields


def refuse_repeats(names: Sequence[str], path_of: Callable[[int], str]) -> None:
    """Refuse a name that stands twice in a list."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PolicyInvalidError(f"{name!r} stands here twice", field=path_of(index))
