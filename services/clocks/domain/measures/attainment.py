"""Attainment: the share of promises kept, of those that were due or done."""

from __future__ import annotations

import msgspec

__all__ = ["Attainment"]


class Attainment(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="attainment", forbid_unknown_fields=True
):
    """Cycles met / Cycles met or breached: met counts at its stop, breached at its due time.

    policy, metric, target: which Cycles; None: of all.
    """

    policy: str | None = None
    metric: str | None = None
    target: str | None = None
