"""Agreement documents that tests build on."""

from __future__ import annotations

from typing import Any

__all__ = ["ACME", "level"]


def level(key: str = "resolution", **changes: Any) -> dict[str, Any]:
    """Make a level of 95 % attainment, with 5 % of the fee from 90 %, and 10 % below."""
    document: dict[str, Any] = {
        "key": key,
        "measure": {"kind": "attainment", "policy": "resolution", "metric": "resolution"},
        "comparison": ">=",
        "objective": "95%",
        "no_data": "met",
        "credit": {
            "kind": "tiered",
            "share_of": "fee",
            "tiers": [
                {"at_least": "90%", "below": "95%", "share": "5%"},
                {"below": "90%", "share": "10%"},
            ],
        },
    }
    return document | changes


ACME: dict[str, Any] = {
    "customer": "ACME",
    "zone": "America/Sao_Paulo",
    "currency": "BRL",
    "period": "month",
    "fee": "10000.00",
    "rounding": "half_up",
    "levels": [level()],
    "cap": {"share_of_fee": "15%"},
}
