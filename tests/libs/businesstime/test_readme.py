from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

import businesstime

README = (Path(businesstime.__file__).parent / "README.md").read_text("utf-8")


def test_the_examples_run() -> None:
    """The README's examples, in order, do what they claim."""
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 8
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own page


def test_the_document_is_one() -> None:
    """The README's document is a schedule."""
    [block] = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    schedule = businesstime.schedule_from_document(yaml.safe_load(block))
    assert businesstime.schedule_to_document(schedule)["zone"] == "America/Sao_Paulo"
