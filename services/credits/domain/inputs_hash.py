"""The hash of everything that went into an Assessment, by a recipe that anyone can follow offline.

SHA-256, in hex, over the UTF-8 of one JSON object with sorted keys, no spaces, and no escapes beyond those
that JSON demands: {"agreement": {"document", "key", "version"}, "measurements": [{"denominator",
"evidence_hash", "level", "numerator"}, … in the document's order], "period": {"ends_at", "label",
"starts_at"}}, instants as RFC 3339 with microseconds and Z.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from credits.domain.measurement import Measurement
from credits.domain.period import Period

__all__ = ["hash_inputs", "instant_text"]


def hash_inputs(
    *,
    agreement_key: str,
    agreement_version: int,
    document: Mapping[str, Any],
    period: Period,
    measurements: Mapping[str, Measurement],
) -> str:
    """Hash what an Assessment was computed from; `measurements` by level, in the document's order."""
    return hashlib.sha256(
        _canonical(
            {
                "agreement": {"key": agreement_key, "version": agreement_version, "document": document},
                "period": {
                    "label": period.label,
                    "starts_at": instant_text(period.starts_at),
                    "ends_at": instant_text(period.ends_at),
                },
                "measurements": [
                    {
                        "level": level,
                        "numerator": measured.numerator,
                        "denominator": measured.denominator,
                        "evidence_hash": measured.evidence_hash,
                    }
                    for level, measured in measurements.items()
                ],
            }
        )
    ).hexdigest()


def instant_text(instant: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with microseconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
