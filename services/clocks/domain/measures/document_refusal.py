"""Why a measure document is not read, in its own words: what stands where, and what could."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from clocks.domain.measures.refusals import MeasureInvalidError, listed

__all__ = ["kinds_of", "read_refusal"]

_PLACE = re.compile(r"(?s)(?P<reason>.*) - at `\$\.?(?P<path>[^`]*)`")
_FIELD = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>.*)`")
_TYPES = re.compile(r"Expected `(?P<wanted>.*)`, got `(?P<found>.*)`")
_WORDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "a mapping",
}


def kinds_of(union: Any) -> Mapping[str, type[msgspec.Struct]]:
    """Name the kinds of a union of structs."""
    return {kind.__struct_config__.tag: kind for kind in get_args(union)}


def read_refusal(message: str, document: Mapping[str, Any], union: Any) -> MeasureInvalidError:
    """Say what msgspec says of a document that is to be one of a union."""
    found = _PLACE.fullmatch(message)
    reason, path = (found["reason"], found["path"]) if found else (message, "")
    field = _FIELD.fullmatch(reason)
    if field is not None:
        struct = _struct_at(path, document, union)
        lacks = field["what"] == "missing required"
        known = listed(_names(struct)) if struct is not None else ""
        path = f"{path}.{field['name']}".removeprefix(".")
        return MeasureInvalidError("is missing" if lacks else f"there is no such field: {known}", field=path)
    parent, _, name = path.rpartition(".")
    choices = kinds_of(union) if path == "kind" else _choices(parent, name, document, union)
    types = _TYPES.fullmatch(reason)
    if types is not None:
        reason = f"needs {_worded(types['wanted'])}, not {_worded(types['found'])}"
        if types["wanted"] == "object" and choices:
            reason += f", with a kind: {listed(choices)}"
    elif choices:
        reason = f"{reason[:1].lower()}{reason[1:]}: {listed(choices)}".replace("enum value", "value")
    return MeasureInvalidError(reason, field=path or "document")


def _worded(types: str) -> str:
    return " or ".join(
        _WORDS.get(each, each) for each in types.split(" | ") if each != "null" or each == types
    )


def _names(struct: type[msgspec.Struct]) -> list[str]:
    return ["kind", *struct.__struct_fields__]


def _struct_at(path: str, document: Mapping[str, Any], union: Any) -> type[msgspec.Struct] | None:
    """Find what a mapping in the document is to be, by its kind."""
    struct = kinds_of(union).get(str(document.get("kind")))
    for name in filter(None, path.split(".")):
        inner = document.get(name)
        if struct is None or not isinstance(inner, Mapping):
            return None
        document, struct = inner, _kinds_of_field(struct, name).get(str(inner.get("kind")))
    return struct


def _choices(path: str, name: str, document: Mapping[str, Any], union: Any) -> list[str]:
    """List what a field may say, where that is a closed set: the kinds of a mapping, or words."""
    if name == "kind":
        path, _, name = path.rpartition(".")
    struct = _struct_at(path, document, union)
    if struct is None or name not in struct.__struct_fields__:
        return []
    kinds = list(_kinds_of_field(struct, name))
    told = get_type_hints(struct)[name]
    return kinds or (list(map(str, get_args(told))) if get_origin(told) is Literal else [])


def _kinds_of_field(struct: type[msgspec.Struct], name: str) -> Mapping[str, type[msgspec.Struct]]:
    members = get_args(get_type_hints(struct)[name])
    structs = [each for each in members if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return {str(each.__struct_config__.tag): each for each in structs}
