"""What a plan would do, in lines for people."""

from __future__ import annotations

from typing import Any

import pytest

from cli.plan_lines import plan_lines

NO_MOVES: dict[str, Any] = dict.fromkeys(
    ("running", "ended", "moved", "earlier", "later", "breachesGained", "breachesLost"), 0
) | {"moves": []}


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "money: 0 months of agreements cost another amount"),
        (1, "money: 1 month of agreements costs another amount"),
        (2, "money: 2 months of agreements cost another amount"),
    ],
)
def test_a_plan_reads_as_people_write(count: int, said: str) -> None:
    """One month is no months, and now is not told to the microsecond."""
    move = {"agreementKey": "a", "period": "2026-03", "currency": "BRL", "beforeMinor": 0, "afterMinor": 100}
    plan = {
        "effectiveFrom": "2026-11-24T21:15:33.123456Z",
        "affected": ["desk"],
        "token": "t",
        "cycles": NO_MOVES | {"money": {"moves": [move] * count, "assessed": 2, "leftOut": 0}},
    }
    hours, _, money, *moves, _ = plan_lines(plan)
    assert hours == "hours that may change: desk; from 2026-11-24T21:15:33Z on"
    assert money == said
    assert moves == ["  a 2026-03: 0.00 BRL becomes 1.00 BRL"] * count
