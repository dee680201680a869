"""Writes libs/businesstime/API.md from the docstrings: run `python -m tests.libs.businesstime.reference`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import businesstime
from businesstime.arrays import Arrays

PAGE = Path(businesstime.__file__).parent / "API.md"
HEADING = """# businesstime: reference

Written from the docstrings by `python -m tests.libs.businesstime.reference`; a test holds it to them.
`README.md` says what the words mean.
"""


def reference() -> str:
    """Answer the page."""
    entries = [HEADING]
    for name in sorted((*businesstime.__all__, "Arrays"), key=str.lower):
        value = Arrays if name == "Arrays" else getattr(businesstime, name)
        if isinstance(value, type):
            entries.append(f"## class `{name}`\n\n{text_of(value)}\n")
            entries.extend(members(name, value))
        elif callable(value):
            entries.append(f"## `{name}{signature(value)}`\n\n{text_of(value)}\n")
    return "\n".join(entries)


def members(name: str, value: type) -> Iterator[str]:
    """Yield the public methods and properties that a class itself defines, in their order."""
    for member, found in vars(value).items():
        if member.startswith("_") or not inspect.getdoc(found) or inspect.isclass(found):
            continue
        plain = inspect.unwrap(getattr(found, "__func__", found))
        if inspect.isfunction(plain):
            yield f"### `{name}.{member}{signature(plain)}`\n\n{text_of(plain)}\n"
        elif isinstance(found, property) or hasattr(found, "attrname"):
            yield f"### `{name}.{member}`\n\n{text_of(found)}\n"


def signature(function: Any) -> str:
    """Answer a function's parameters and result, without `self` and without addresses."""
    shown = str(inspect.signature(function)).replace("self, ", "").replace("(self)", "()").replace("'", "")
    return re.sub(r"<[\w.]+ object at 0x[0-9a-f]+>", "…", shown)


def text_of(value: Any) -> str:
    """Answer the docstring without its indentation."""
    return inspect.getdoc(value) or ""


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
