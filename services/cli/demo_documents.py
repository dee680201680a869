"""The documents that the demo and its files are made of; they lie in `examples/` beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.manifest import Kind, Manifest, read_manifests

__all__ = ["SERVICENOW_EXAMPLES", "calendar_documents", "demo_manifests"]

_EXAMPLES = Path(__file__).parent / "examples"

SERVICENOW_EXAMPLES = _EXAMPLES / "servicenow"
"""Calendar, policy and agreement for an export of ServiceNow."""


def demo_manifests() -> list[Manifest]:
    """Read what the demo's tenant is given: three Calendars, a Policy, an Agreement."""
    return read_manifests([_EXAMPLES / "demo"])


def calendar_documents() -> Mapping[str, Mapping[str, Any]]:
    """Give the demo's Calendars as schedule documents, by key."""
    return {one.key: one.document for one in demo_manifests() if one.kind is Kind.CALENDAR}
